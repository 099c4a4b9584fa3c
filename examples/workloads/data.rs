//! The inputs that all engines compute with, bit by bit the same in f32.
//!
//! Uniform numbers come from SplitMix64 (Steele, Lea and Flood 2014), normal ones from them by Box and Muller's transform, both in f64,
//! rounded to f32 once: where `f64` computes, it computes with the same numbers.

use std::f64::consts::PI;

use metatape::meta::Optimizee;
use metatape::simd::Float;
use metatape::tensor::{Batch, Episode, Shape, Tensor, Tensors};

/// `n` numbers in [0, 1): the upper 53 bits of each word of SplitMix64.
pub fn uniform(seed: u64, n: usize) -> impl Iterator<Item = f64> {
    (1..=n as u64).map(move |i| {
        let z = seed.wrapping_add(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 * 2.0_f64.powi(-53)
    })
}

/// `n` standard normal numbers, each made of two neighbours among uniform ones.
pub fn normal(seed: u64, n: usize) -> impl Iterator<Item = f64> {
    let mut pairs = uniform(seed, 2 * n);
    (0..n).map(move |_| {
        let mut next = || pairs.next().expect("two numbers for each");
        let radius = (-2.0 * (1.0 - next()).ln()).sqrt();
        radius * (2.0 * PI * next()).cos()
    })
}

/// A tensor of the first numbers.
pub fn tensor<T: Float>(shape: impl Into<Shape>, mut numbers: impl Iterator<Item = f64>) -> Tensor<T> {
    let mut next = || numbers.next().expect("as many numbers as the shape holds");
    Tensor::from_fn(shape, |_| T::from_f64(f64::from(next() as f32)))
}

/// `iterations` meta-batches of sine tasks `y = A sin(x + b)`, with A in [0.1, 5), b in [0, pi) and x in [-5, 5).
pub fn sine_pool(iterations: usize, meta_batch: usize) -> Vec<Vec<Episode>> {
    const POINTS: usize = 10;
    const SEED: u64 = 1000;
    let tasks = iterations * meta_batch;
    let mut amplitudes = uniform(SEED, tasks).map(|u| 0.1 + 4.9 * u);
    let mut phases = uniform(SEED + 1, tasks).map(|u| PI * u);
    let mut support = uniform(SEED + 2, tasks * POINTS).map(|u| -5.0 + 10.0 * u);
    let mut query = uniform(SEED + 3, tasks * POINTS).map(|u| -5.0 + 10.0 * u);
    let mut task = || {
        let (amplitude, phase) = (amplitudes.next().expect("one a task"), phases.next().expect("one a task"));
        let batch = |inputs: &mut dyn Iterator<Item = f64>| {
            let x: Vec<f64> = inputs.take(POINTS).collect();
            let y: Vec<f64> = x.iter().map(|x| amplitude * (x + phase).sin()).collect();
            Batch { x: tensor([POINTS, 1], x.into_iter()), y: tensor([POINTS, 1], y.into_iter()) }
        };
        Episode { support: batch(&mut support), query: batch(&mut query) }
    };
    (0..iterations).map(|_| (0..meta_batch).map(|_| task()).collect()).collect()
}

/// `w0, b0, w1, b1, ...` of a network with layers of these sizes: weights normal with deviation `gain / sqrt(inputs)`,
/// biases zero.
pub fn mlp_init(sizes: &[usize], gain: f64) -> Tensors {
    const SEED: u64 = 1;
    let mut theta = Tensors::new();
    for (layer, pair) in sizes.windows(2).enumerate() {
        let [inputs, outputs] = [pair[0], pair[1]];
        let deviation = (1.0 / inputs as f64).sqrt();
        let weights = normal(SEED + layer as u64, inputs * outputs).map(|z| z * gain * deviation);
        theta.push(format!("w{layer}"), tensor([inputs, outputs], weights));
        theta.push(format!("b{layer}"), Tensor::zeros([outputs]));
    }
    theta
}

/// Parameters of Conv-4 with 64 filters for 28x28 images and 5 ways, by the names that [`ConvNet`](metatape::nn::ConvNet)
/// gives them: weights normal with deviation `sqrt(2 / inputs)`, the head's `sqrt(1 / inputs)`.
pub fn conv4_init<T: Float>() -> Tensors<T> {
    const SEED: u64 = 50;
    const FILTERS: usize = 64;
    const WAYS: usize = 5;
    let mut theta = Tensors::new();
    for block in 0..4 {
        let channels = if block == 0 { 1 } else { FILTERS };
        let deviation = (2.0 / (9 * channels) as f64).sqrt();
        let weights = normal(SEED + block, 9 * channels * FILTERS).map(|z| z * deviation);
        theta.push(format!("conv{block}.w"), tensor([3, 3, channels, FILTERS], weights));
        theta.push(format!("conv{block}.gamma"), Tensor::full([FILTERS], T::ONE));
        theta.push(format!("conv{block}.beta"), Tensor::zeros([FILTERS]));
    }
    let weights = normal(SEED + 9, FILTERS * WAYS).map(|z| z * (1.0 / FILTERS as f64).sqrt());
    theta.push("head.w", tensor([FILTERS, WAYS], weights));
    theta.push("head.b", Tensor::zeros([WAYS]));
    theta
}

/// `iterations` meta-batches of 5-way 1-shot tasks with 15 query images a class; images even in [0, 1).
pub fn conv4_pool<T: Float>(iterations: usize, meta_batch: usize) -> Vec<Vec<Episode<T>>> {
    const SEED: u64 = 3000;
    const WAYS: usize = 5;
    const PIXELS: usize = 28 * 28;
    let images = |seed, shots| uniform(seed, iterations * meta_batch * WAYS * shots * PIXELS);
    let (mut support, mut query) = (images(SEED, 1), images(SEED + 1, 15));
    let batch = |images: &mut dyn Iterator<Item = f64>, shots: usize| Batch {
        x: tensor([WAYS * shots, 28, 28, 1], images),
        y: Tensor::from_fn([WAYS * shots], |i| T::from_usize(i / shots)),
    };
    let mut task = || Episode { support: batch(&mut support, 1), query: batch(&mut query, 15) };
    (0..iterations).map(|_| (0..meta_batch).map(|_| task()).collect()).collect()
}

/// `wx, wh, b` of two layers of LSTM with 20 hidden units over one input, and `w, b` of a layer on top with one output:
/// weights even in +-1/sqrt(20), biases zero.
pub fn lstm_init() -> Tensors {
    const SEED: u64 = 70;
    const HIDDEN: usize = 20;
    let mut theta = Tensors::new();
    let mut seeds = SEED..;
    let mut weights = |inputs: usize, outputs: usize| {
        let numbers = uniform(seeds.next().expect("endless"), inputs * outputs);
        tensor([inputs, outputs], numbers.map(|u| (2.0 * u - 1.0) * (HIDDEN as f64).powf(-0.5)))
    };
    for (layer, inputs) in [1, HIDDEN].into_iter().enumerate() {
        theta.push(format!("lstm{layer}.wx"), weights(inputs, 4 * HIDDEN));
        theta.push(format!("lstm{layer}.wh"), weights(HIDDEN, 4 * HIDDEN));
        theta.push(format!("lstm{layer}.b"), Tensor::zeros([4 * HIDDEN]));
    }
    theta.push("head.w", weights(HIDDEN, 1));
    theta.push("head.b", Tensor::zeros([1]));
    theta
}

/// Batches of least-squares problems with first points, all of it normal: `x` `[size, size]`, `y` and the first point
/// `[size, 1]`.
pub fn least_squares_pool(iterations: usize, problems: usize, size: usize) -> Vec<Vec<Optimizee>> {
    const SEED: u64 = 5000;
    let count = iterations * problems * size;
    let (mut x, mut y, mut first) =
        (normal(SEED, count * size), normal(SEED + 1, count), normal(SEED + 2, count));
    let mut problem = || {
        let mut theta = Tensors::new();
        theta.push("theta", tensor([size, 1], &mut first));
        Optimizee::new(theta, Batch { x: tensor([size, size], &mut x), y: tensor([size, 1], &mut y) })
    };
    (0..iterations).map(|_| (0..problems).map(|_| problem()).collect()).collect()
}
