//! What several tests of the meta-layer share: a smooth model, tasks, and meta-gradients by either road.
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]

pub(crate) mod naive;

use metatape::prelude::*;
use metatape::tasks::{Sinusoid, stream};
use rand::RngExt;

/// A multilayer perceptron with tanh between the layers, and its mean squared error.
pub(crate) fn smooth_loss<'t, T: Float>(theta: Params<'t, T>, batch: BatchVars<'t, T>) -> Var<'t, T> {
    mse(mlp(theta, batch.x, Activation::Tanh), batch.y)
}

/// The network of the sinusoid benchmark: relu.
pub(crate) fn relu_loss<'t, T: Float>(theta: Params<'t, T>, batch: BatchVars<'t, T>) -> Var<'t, T> {
    mse(mlp(theta, batch.x, Activation::Relu), batch.y)
}

/// Xavier weights, and small biases in place of zeros, so that no symmetry hides a mistake.
pub(crate) fn parameters<T: Float>(sizes: &[usize], seed: u64) -> Tensors<T> {
    let mut rng = stream(seed, 0, 0);
    let mut theta = mlp_parameters(sizes, Initializer::Xavier, &mut rng);
    for tensor in theta.tensors_mut().iter_mut().filter(|tensor| tensor.shape().rank() == 1) {
        tensor.values_mut().iter_mut().for_each(|b| *b = T::from_f64(rng.random_range(-0.3..0.3)));
    }
    theta
}

/// `count` sine waves.
pub(crate) fn episodes<T: Float>(count: u64, shots: usize, queries: usize, seed: u64) -> Vec<Episode<T>> {
    (0..count).map(|task| Sinusoid::meta_sgd().episode(shots, queries, &mut stream(seed, 1, task))).collect()
}

/// Rates around `rate`, each another one.
pub(crate) fn rates<T: Float>(learner: &MetaSgd<T>, theta: &Tensors<T>, rate: f64, seed: u64) -> Tensors<T> {
    let mut rng = stream(seed, 2, 0);
    learner.rates_like(theta, T::ZERO).map(|_| T::from_f64(rate * rng.random_range(0.4..1.6)))
}

/// The mean loss and meta-gradient of `problem`, with chunks of `chunk` episodes.
pub(crate) fn meta_gradient<T: Float, L: Inner<T>, F: Loss<T>>(
    problem: &Problem<L, F>,
    at: (&Tensors<T>, &L::Meta),
    episodes: &[Episode<T>],
    chunk: usize,
) -> (f64, Vec<T>) {
    let mut gradient = vec![T::ZERO; at.0.count() + at.1.count()];
    let loss = problem.mean_gradient(&mut Workers::new(chunk), at, episodes, &mut gradient);
    (loss, gradient)
}

/// `|x - y| / |y|` in the Euclidean norm; 0 where both are zero.
pub(crate) fn difference(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let apart = norm(&mut x.iter().zip(y).map(|(x, y)| x - y));
    if apart == 0.0 { 0.0 } else { apart / norm(&mut y.iter().copied()) }
}
