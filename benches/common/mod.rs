//! What several benchmarks differentiate.
#![allow(dead_code, reason = "each benchmark uses some of this")]

use metatape::prelude::*;
use metatape::tasks::{Sinusoid, stream};
use rand::RngExt;

/// A network, a batch to judge it on, and a direction in the space of its parameters.
pub struct Network {
    pub name: &'static str,
    pub theta: Tensors,
    pub direction: Tensors,
    pub batch: Batch,
    pub loss: for<'t> fn(Params<'t>, BatchVars<'t>) -> Var<'t>,
}

impl Network {
    /// The sinusoid benchmark's network on ten points, and a classifier with 784 inputs on 80 examples.
    pub fn both() -> [Network; 2] {
        let mut rng = stream(0, 0, 0);
        let sine = Sinusoid::meta_sgd().episode(10, 10, &mut rng).support;
        let images = Batch {
            x: Tensor::from_fn([80, 784], |_| rng.random::<f32>()),
            y: Tensor::from_fn([80], |i| (i % 5) as f32),
        };
        let mut network = |name, sizes: &[usize], batch, loss| {
            let theta = mlp_parameters(sizes, Initializer::He, &mut rng);
            let direction = theta.map(|_| rng.random_range(-1.0..1.0));
            Network { name, theta, direction, batch, loss }
        };
        [
            network("sinusoid", &[1, 40, 40, 1], sine, regression),
            network("classifier", &[784, 256, 128, 64, 64, 5], images, classification),
        ]
    }
}

pub fn regression<'t>(theta: Params<'t>, batch: BatchVars<'t>) -> Var<'t> {
    mse(mlp(theta, batch.x, Activation::Relu), batch.y)
}

fn classification<'t>(theta: Params<'t>, batch: BatchVars<'t>) -> Var<'t> {
    cross_entropy(mlp(theta, batch.x, Activation::Relu), batch.y)
}
