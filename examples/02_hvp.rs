//! Exact Hessian-vector products of a small network, in two modes: `cargo run --release --example 02_hvp`.

use metatape::prelude::*;
use metatape::tasks::stream;
use rand::RngExt;

fn main() {
    let mut rng = stream(0, 0, 0);
    let theta = mlp_parameters::<f64>(&[3, 16, 16, 1], Initializer::Xavier, &mut rng);
    let direction = theta.map(|_| rng.random_range(-1.0..1.0));
    let mut random = |rows, columns| Tensor::from_fn([rows, columns], |_| rng.random_range(-1.0..1.0));
    let batch = Batch { x: random(20, 3), y: random(20, 1) };

    let tape = Tape::new();
    let (at, v) = (theta.put(&tape), direction.put(&tape));
    let loss = loss(at, batch.put(&tape));
    let forward_over_reverse = at_rest(hvp_forward(loss, &at, &v), &theta);
    let reverse_over_reverse = at_rest(hvp_reverse(loss, &at, &v), &theta);

    // What H v is the limit of: how the gradient changes for a small step along v.
    let step = 1e-5;
    let mut differences = gradient(&moved(&theta, &direction, step), &batch);
    differences.zip_mut(&gradient(&moved(&theta, &direction, -step), &batch), |g, h| {
        *g = (*g - h) / (2.0 * step);
    });

    let norm = forward_over_reverse.values().map(|x| x * x).sum::<f64>().sqrt();
    println!("{} parameters, loss {:.6}, |H v| = {norm:.6}", theta.count(), loss.item());
    println!("largest difference from H v by forward over reverse:");
    println!("  reverse over reverse   {:.1e}", distance(&forward_over_reverse, &reverse_over_reverse));
    println!("  differences of grad    {:.1e}", distance(&forward_over_reverse, &differences));
}

fn loss<'t>(theta: Params<'t, f64>, batch: BatchVars<'t, f64>) -> Var<'t, f64> {
    mse(mlp(theta, batch.x, Activation::Tanh), batch.y)
}

fn gradient(theta: &Tensors<f64>, batch: &Batch<f64>) -> Tensors<f64> {
    let tape = Tape::new();
    let at = theta.put(&tape);
    at_rest(grad(loss(at, batch.put(&tape)), &at), theta)
}

/// `theta + step direction`.
fn moved(theta: &Tensors<f64>, direction: &Tensors<f64>, step: f64) -> Tensors<f64> {
    let mut moved = theta.clone();
    moved.zip_mut(direction, |x, v| *x += step * v);
    moved
}

/// What lies on the tape, shaped like `theta`, as values of its own.
fn at_rest(vars: Params<'_, f64>, theta: &Tensors<f64>) -> Tensors<f64> {
    let mut values = theta.zeros_like();
    values.copy_from_tape(&vars);
    values
}

fn distance(left: &Tensors<f64>, right: &Tensors<f64>) -> f64 {
    left.values().zip(right.values()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}
