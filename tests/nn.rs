//! Layers, initial values and losses against plain loops and formulas.

mod support;

use metatape::nn::{Gaussian, accuracy};
use metatape::prelude::*;
use metatape::tasks::stream;
use rand::RngExt;
use support::{naive, parameters, smooth_loss};

fn random(shape: impl Into<Shape>, seed: u64) -> Tensor<f64> {
    let mut rng = stream(seed, 0, 0);
    Tensor::from_fn(shape, |_| rng.random_range(-2.0..2.0))
}

/// Compares `gradient` with the slope of `value` along each coordinate of `x`.
fn assert_slopes(x: &Tensor<f64>, gradient: &Tensor<f64>, value: impl Fn(&Tensor<f64>) -> f64) {
    assert_eq!(x.shape(), gradient.shape());
    for (i, g) in gradient.values().iter().enumerate() {
        let slope = naive::derivative(|h| {
            let mut moved = x.clone();
            moved.values_mut()[i] += h;
            value(&moved)
        });
        assert!((g - slope).abs() < 1e-9 * slope.abs().max(1.0), "place {i}: {g}, by differences {slope}");
    }
}

#[test]
fn initial_parameters_have_the_shapes_of_the_layers() {
    for initializer in [Initializer::Xavier, Initializer::He, Initializer::TruncatedNormal(0.01)] {
        let theta = mlp_parameters::<f32>(&[3, 40, 7, 2], initializer, &mut stream(0, 0, 0));
        let shapes: Vec<_> =
            theta.iter().map(|(name, tensor)| (name, tensor.shape().dims().to_vec())).collect();
        let expected = [
            ("w0", vec![3, 40]),
            ("b0", vec![40]),
            ("w1", vec![40, 7]),
            ("b1", vec![7]),
            ("w2", vec![7, 2]),
            ("b2", vec![2]),
        ];
        assert_eq!(shapes, expected);
        for (name, tensor) in theta.iter() {
            assert_eq!(tensor.values().iter().any(|&x| x != 0.0), name.starts_with('w'), "{name}");
        }
        let again = mlp_parameters::<f32>(&[3, 40, 7, 2], initializer, &mut stream(0, 0, 0));
        assert_eq!(theta, again);
    }
}

#[test]
fn a_network_and_its_gradient_are_those_of_plain_loops() {
    let sizes = [3, 7, 4, 2];
    let theta = parameters::<f64>(&sizes, 1);
    let batch = Batch { x: random([5, 3], 2), y: random([5, 2], 3) };
    let flat: Vec<f64> = theta.values().collect();
    let (expected_loss, expected) = naive::loss_and_gradient(&sizes, &flat, &batch);
    let tape = Tape::new();
    let vars = theta.put(&tape);
    let loss = smooth_loss(vars, batch.put(&tape));
    assert!((loss.item() / expected_loss - 1.0).abs() < 1e-14);
    let mut gradient = theta.zeros_like();
    gradient.copy_from_tape(&grad(loss, &vars));
    let apart = support::difference(&gradient.values().collect::<Vec<_>>(), &expected);
    assert!(apart < 1e-13, "off by {apart:e}");
}

#[test]
fn episodes_side_by_side_are_episodes_by_themselves() {
    let sizes = [1, 5, 1];
    let theta = parameters::<f64>(&sizes, 4);
    let episodes = support::episodes(3, 4, 4, 5);
    let tape = Tape::new();
    let losses = smooth_loss(theta.put(&tape), Episode::put_episodes(&episodes, &tape).support).to_tensor();
    for (loss, episode) in losses.values().iter().zip(&episodes) {
        let flat: Vec<f64> = theta.values().collect();
        let alone = naive::loss_and_gradient(&sizes, &flat, &episode.support).0;
        assert!((loss / alone - 1.0).abs() < 1e-14);
    }
}

#[test]
fn the_squared_error_is_a_mean_over_all_elements() {
    let (x, y) = (random([4, 3], 6), random([4, 3], 7));
    let naive =
        |x: &Tensor<f64>| x.values().iter().zip(y.values()).map(|(x, y)| (x - y).powi(2)).sum::<f64>() / 12.0;
    let tape = Tape::new();
    let var = tape.tensor(&x);
    let loss = mse(var, tape.tensor(&y));
    assert!((loss.item() - naive(&x)).abs() < 1e-15);
    assert_slopes(&x, &grad(loss, &var).to_tensor(), naive);
}

/// The mean over rows of `ln sum_j e^{x_j} - x_label`, without any care for overflow.
fn naive_cross_entropy(logits: &Tensor<f64>, labels: &[usize]) -> f64 {
    let classes = logits.shape().dim(1);
    let rows = logits.values().chunks_exact(classes).zip(labels);
    rows.map(|(row, &label)| row.iter().map(|x| x.exp()).sum::<f64>().ln() - row[label]).sum::<f64>()
        / labels.len() as f64
}

#[test]
fn cross_entropy_is_a_mean_over_rows() {
    let (logits, labels) = (random([4, 3], 8), [2, 0, 1, 2]);
    let tape = Tape::new();
    let var = tape.tensor(&logits);
    let numbers = tape.tensor(&Tensor::from_vec([4], labels.map(|label| label as f64).to_vec()));
    let loss = cross_entropy(var, numbers);
    assert!((loss.item() - naive_cross_entropy(&logits, &labels)).abs() < 1e-15);
    assert_slopes(&logits, &grad(loss, &var).to_tensor(), |x| naive_cross_entropy(x, &labels));
}

#[test]
fn cross_entropy_of_extreme_logits_is_finite() {
    let tape = Tape::<f64>::new();
    let logits = tape.tensor(&Tensor::from_vec([2, 2], vec![1000.0, 0.0, -1000.0, 1000.0]));
    let loss = cross_entropy(logits, tape.tensor(&Tensor::from_vec([2], vec![1.0, 1.0])));
    assert_eq!(loss.item(), 500.0);
    assert_eq!(grad(loss, &logits).to_tensor().values(), [0.5, -0.5, 0.0, 0.0]);
}

#[test]
fn the_gaussian_density_is_the_formula() {
    let (x, mean, log_deviation) = (random([3, 2], 9), random([3, 2], 10), random([2], 11));
    let naive = |x: &Tensor<f64>, mean: &Tensor<f64>, s: &Tensor<f64>, row: usize| {
        let places = (0..2).map(|j| (row * 2 + j, j));
        let term = |(at, j): (usize, usize)| {
            let (z, deviation) = (x.values()[at] - mean.values()[at], s.values()[j].exp());
            let density = (-z * z / (2.0 * deviation * deviation)).exp()
                / (2.0 * std::f64::consts::PI * deviation * deviation).sqrt();
            density.ln()
        };
        places.map(term).sum::<f64>()
    };
    let tape = Tape::new();
    let vars = [&x, &mean, &log_deviation].map(|tensor| tape.tensor(tensor));
    let density = Gaussian { mean: vars[1], log_deviation: vars[2] }.log_density(vars[0]);
    assert_eq!(density.shape().dims(), [3]);
    for (row, density) in density.to_tensor().values().iter().enumerate() {
        let expected = naive(&x, &mean, &log_deviation, row);
        assert!((density - expected).abs() < 1e-11 * expected.abs(), "{density}, by the formula {expected}");
    }
    let total = |x: &Tensor<f64>, mean: &Tensor<f64>, s: &Tensor<f64>| {
        let tape = Tape::new();
        let [x, mean, log_deviation] = [x, mean, s].map(|tensor| tape.tensor(tensor));
        Gaussian { mean, log_deviation }.log_density(x).sum().item()
    };
    let gradients = grad(density.sum(), &vars).map(|gradient| gradient.to_tensor());
    assert_slopes(&x, &gradients[0], |x| total(x, &mean, &log_deviation));
    assert_slopes(&mean, &gradients[1], |mean| total(&x, mean, &log_deviation));
    assert_slopes(&log_deviation, &gradients[2], |s| total(&x, &mean, s));
}

#[test]
fn the_divergence_of_gaussians_is_the_mean_of_the_logarithm_of_their_ratio() {
    let tape = Tape::<f64>::new();
    let gaussian = |mean: f64, log_deviation: f64| Gaussian {
        mean: tape.fill(Extent::shared([1, 1]), mean),
        log_deviation: tape.fill(Extent::shared([1]), log_deviation),
    };
    for (one, other) in [([0.3, -0.2], [-0.4, 0.5]), ([1.0, 0.4], [0.8, -0.3]), ([0.5, 0.1], [0.5, 0.1])] {
        let [p, q] = [one, other].map(|[mean, log_deviation]| gaussian(mean, log_deviation));
        // An integral by a fine sum over ten deviations to either side.
        let deviation = one[1].exp();
        let step = deviation * 1e-3;
        let points = Tensor::from_fn([20_001, 1], |i| one[0] + (i as f64 - 10_000.0) * step);
        let x = tape.tensor(&points);
        let (of_p, of_q) = (p.log_density(x), q.log_density(x));
        let integral = (of_p.exp() * (of_p - of_q)).sum().item() * step;
        let divergence = p.divergence(q).sum().item();
        assert!((divergence - integral).abs() < 1e-9, "{divergence}, by the integral {integral}");
    }
}

#[test]
fn accuracy_counts_the_rows_whose_largest_logit_is_the_labels() {
    let tape = Tape::<f32>::new();
    let logits = tape.tensor(&Tensor::from_vec([3, 2], vec![1.0, 0.0, -1.0, 2.0, 0.5, 0.25]));
    let labels = tape.tensor(&Tensor::from_vec([3], vec![0.0, 1.0, 1.0]));
    assert_eq!(accuracy(logits, labels), [2.0 / 3.0]);

    // Two episodes with labels of their own, and labels that both share.
    let two = tape.leaf(Extent::new(2, [2, 2]), |out| {
        out.copy_from_slice(&[1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    });
    let own = tape.leaf(Extent::new(2, [2]), |out| out.copy_from_slice(&[0.0, 1.0, 0.0, 0.0]));
    assert_eq!(accuracy(two, own), [1.0, 0.0]);
    let shared = tape.tensor(&Tensor::from_vec([2], vec![0.0, 1.0]));
    assert_eq!(accuracy(two, shared), [1.0, 0.5]);
    // One set of logits judged by the labels of two episodes.
    assert_eq!(accuracy(tape.tensor(&Tensor::from_vec([2, 2], vec![1.0, 0.0, 1.0, 0.0])), own), [0.5, 1.0]);
}

#[test]
fn parameters_add_subtract_and_multiply_tensor_by_tensor() {
    let (theta, other) = (parameters::<f64>(&[2, 3, 1], 12), parameters::<f64>(&[2, 3, 1], 13));
    let tape = Tape::new();
    let (x, y, factor) = (theta.put(&tape), other.put(&tape), tape.scalar(0.5));
    let values =
        |vars: Params<'_, f64>| vars.iter().flat_map(|var| var.to_tensor().values().to_vec()).collect();
    let pairs: Vec<(f64, f64)> = theta.values().zip(other.values()).collect();
    let of = |f: fn((f64, f64)) -> f64| pairs.iter().map(|&pair| f(pair)).collect::<Vec<f64>>();
    let cases: [(Vec<f64>, Vec<f64>); 6] = [
        (values(x + y), of(|(x, y)| x + y)),
        (values(x - y), of(|(x, y)| x - y)),
        (values(x * y), of(|(x, y)| x * y)),
        (values(x * 3.0), of(|(x, _)| x * 3.0)),
        (values(x * factor), of(|(x, _)| x * 0.5)),
        (values(-x), of(|(x, _)| -x)),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
    let dot: f64 = of(|(x, y)| x * y).iter().sum();
    assert!((x.dot(y).item() - dot).abs() < 1e-14);
    assert!((x.squared_norm().item() - of(|(x, _)| x * x).iter().sum::<f64>()).abs() < 1e-14);
}
