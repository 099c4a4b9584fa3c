//! The inner loop once more, in plain loops over plain numbers: what the library is held against.

use metatape::prelude::*;

/// One step of a learner: from the step's number, the parameters and the gradient to the new parameters.
pub(crate) type Step<'a> = &'a dyn Fn(usize, &[f64], &[f64]) -> Vec<f64>;

/// A [`Step`] to keep.
pub(crate) type BoxedStep = Box<dyn Fn(usize, &[f64], &[f64]) -> Vec<f64>>;

/// The mean squared error of a tanh network with layers of these sizes, and its gradient by back-propagation.
pub(crate) fn loss_and_gradient(sizes: &[usize], theta: &[f64], batch: &Batch<f64>) -> (f64, Vec<f64>) {
    let rows = batch.x.shape().dim(0);
    let count = (rows * sizes[sizes.len() - 1]) as f64;
    let (mut loss, mut gradient) = (0.0, vec![0.0; theta.len()]);
    for row in 0..rows {
        let mut layers = vec![batch.x.values()[row * sizes[0]..(row + 1) * sizes[0]].to_vec()];
        let mut at = 0;
        for (layer, pair) in sizes.windows(2).enumerate() {
            let (weights, biases) = theta[at..].split_at(pair[0] * pair[1]);
            at += pair[0] * pair[1] + pair[1];
            let input = &layers[layer];
            let sum =
                |j: usize| biases[j] + (0..pair[0]).map(|i| input[i] * weights[i * pair[1] + j]).sum::<f64>();
            let last = layer + 2 == sizes.len();
            layers.push((0..pair[1]).map(|j| if last { sum(j) } else { sum(j).tanh() }).collect());
        }
        let output = layers.last().expect("a network has layers");
        let target = &batch.y.values()[row * output.len()..(row + 1) * output.len()];
        let mut back: Vec<f64> = output.iter().zip(target).map(|(y, t)| 2.0 * (y - t) / count).collect();
        loss += output.iter().zip(target).map(|(y, t)| (y - t).powi(2)).sum::<f64>() / count;
        for (layer, pair) in sizes.windows(2).enumerate().rev() {
            at -= pair[0] * pair[1] + pair[1];
            let input = &layers[layer];
            let mut below = vec![0.0; pair[0]];
            for j in 0..pair[1] {
                gradient[at + pair[0] * pair[1] + j] += back[j];
                for i in 0..pair[0] {
                    gradient[at + i * pair[1] + j] += input[i] * back[j];
                    below[i] += theta[at + i * pair[1] + j] * back[j] * (1.0 - input[i] * input[i]);
                }
            }
            back = below;
        }
    }
    (loss, gradient)
}

/// The parameters after each of `steps` steps, those before the first among them.
pub(crate) fn adapt(
    sizes: &[usize],
    theta: &[f64],
    support: &Batch<f64>,
    steps: usize,
    step: Step<'_>,
) -> Vec<Vec<f64>> {
    let mut path = vec![theta.to_vec()];
    for k in 0..steps {
        let gradient = loss_and_gradient(sizes, &path[k], support).1;
        path.push(step(k, &path[k], &gradient));
    }
    path
}

/// The mean query loss after adaptation.
pub(crate) fn mean_loss(
    sizes: &[usize],
    theta: &[f64],
    episodes: &[Episode<f64>],
    steps: usize,
    step: Step<'_>,
) -> f64 {
    let one = |episode: &Episode<f64>| {
        let adapted = adapt(sizes, theta, &episode.support, steps, step).pop().expect("the last parameters");
        loss_and_gradient(sizes, &adapted, &episode.query).0
    };
    episodes.iter().map(one).sum::<f64>() / episodes.len() as f64
}

/// The gradient by the query loss at the adapted parameters: what is left of the meta-gradient by the initial
/// parameters when all derivatives of MAML's inner gradients are forgotten.
pub(crate) fn mean_first_order(
    sizes: &[usize],
    theta: &[f64],
    episodes: &[Episode<f64>],
    steps: usize,
    step: Step<'_>,
) -> Vec<f64> {
    let mut mean = vec![0.0; theta.len()];
    for episode in episodes {
        let adapted = adapt(sizes, theta, &episode.support, steps, step).pop().expect("the last parameters");
        let gradient = loss_and_gradient(sizes, &adapted, &episode.query).1;
        mean.iter_mut().zip(gradient).for_each(|(mean, g)| *mean += g / episodes.len() as f64);
    }
    mean
}

/// The step of `learner`, with its rates `alpha` as one flat list, for parameters with tensors of these lengths.
pub(crate) fn meta_sgd_step(
    learner: MetaSgd<f64>,
    lengths: Vec<usize>,
    alpha: Vec<f64>,
) -> impl Fn(usize, &[f64], &[f64]) -> Vec<f64> {
    move |k, theta, gradient| {
        let per_step = alpha.len() / learner.steps_with_own_rates;
        let own = &alpha[k.min(learner.steps_with_own_rates - 1) * per_step..][..per_step];
        let tensor_of = |mut place: usize| {
            let mut tensor = 0;
            while place >= lengths[tensor] {
                place -= lengths[tensor];
                tensor += 1;
            }
            tensor
        };
        let shrink = learner.gradient_bound.map_or(1.0, |bound| {
            1.0 / (1.0 + gradient.iter().map(|g| g * g).sum::<f64>() / (bound * bound)).sqrt()
        });
        let rate = |i: usize| match learner.rates {
            Rates::PerParameter => own[i],
            Rates::PerTensor => own[tensor_of(i)],
            Rates::Single => own[0],
        };
        (0..theta.len()).map(|i| theta[i] - rate(i) * shrink * gradient[i]).collect()
    }
}

/// The derivative of `f` at 0 by central differences over five points, improved once by Richardson's rule.
///
/// The error is of the sixth order in the step. The step is small because twenty inner steps are a steep function of
/// their rates; rounding, some 1e-14 over the step, is still far below what any test asks for.
pub(crate) fn derivative(f: impl Fn(f64) -> f64) -> f64 {
    let five_points = |h: f64| (8.0 * (f(h) - f(-h)) - (f(2.0 * h) - f(-2.0 * h))) / (12.0 * h);
    let step = 2e-4;
    (16.0 * five_points(step / 2.0) - five_points(step)) / 15.0
}
