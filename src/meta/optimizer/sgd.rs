//! Stochastic gradient descent, plain, with momentum and with Nesterov's.

use super::{Optimizer, each_part, flat_part, flat_state, prepare};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::Tensors;

/// Gradient descent: `parameter -= rate * velocity` with `velocity = momentum * velocity + gradient`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sgd<T = f32> {
    /// How much of the old velocity is kept; 0 is plain gradient descent.
    pub momentum: f64,
    /// Whether to look ahead (Nesterov): step along `gradient + momentum * velocity`.
    pub nesterov: bool,
    velocity: Vec<T>,
}

impl<T: Float> Sgd<T> {
    /// Plain gradient descent.
    pub fn new() -> Self {
        Sgd::with_momentum(0.0)
    }

    /// Gradient descent with momentum.
    pub fn with_momentum(momentum: f64) -> Self {
        Sgd { momentum, nesterov: false, velocity: Vec::new() }
    }

    /// Gradient descent with Nesterov's momentum.
    pub fn nesterov(momentum: f64) -> Self {
        Sgd { momentum, nesterov: true, velocity: Vec::new() }
    }
}

impl<T: Float> Default for Sgd<T> {
    fn default() -> Self {
        Sgd::new()
    }
}

impl<T: Float> Optimizer<T> for Sgd<T> {
    fn descend(&mut self, parameters: &mut impl AtRest<T>, gradient: &[T], rate: f64) {
        prepare(&mut self.velocity, parameters, gradient);
        let (momentum, rate) = (T::from_f64(self.momentum), T::from_f64(rate));
        each_part(parameters, |values, part| {
            let velocity = &mut self.velocity[part.clone()];
            for ((x, g), v) in values.iter_mut().zip(&gradient[part]).zip(velocity) {
                *v = momentum * *v + *g;
                *x -= rate * if self.nesterov { *g + momentum * *v } else { *v };
            }
        });
    }

    fn state(&self) -> Tensors<T> {
        flat_state(&[("velocity", &self.velocity)])
    }

    fn restore(&mut self, state: &Tensors<T>) {
        self.velocity = flat_part(state, "velocity");
    }
}
