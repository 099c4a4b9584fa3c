//! RMSprop.

use super::{Optimizer, each_part, flat_part, flat_state, prepare};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::Tensors;

/// RMSprop (Tieleman and Hinton 2012): with `v` the running mean of the squared gradient,
/// `parameter -= rate * gradient / (sqrt(v) + epsilon)`.
#[derive(Clone, Debug, PartialEq)]
pub struct RmsProp<T = f32> {
    /// How much of the old mean is kept.
    pub decay: f64,
    /// What keeps the quotient finite.
    pub epsilon: f64,
    square: Vec<T>,
}

impl<T: Float> RmsProp<T> {
    /// With decay 0.9 and epsilon 1e-8.
    pub fn new() -> Self {
        RmsProp { decay: 0.9, epsilon: 1e-8, square: Vec::new() }
    }
}

impl<T: Float> Default for RmsProp<T> {
    fn default() -> Self {
        RmsProp::new()
    }
}

impl<T: Float> Optimizer<T> for RmsProp<T> {
    fn descend(&mut self, parameters: &mut impl AtRest<T>, gradient: &[T], rate: f64) {
        prepare(&mut self.square, parameters, gradient);
        let (decay, rate, epsilon) = (T::from_f64(self.decay), T::from_f64(rate), T::from_f64(self.epsilon));
        each_part(parameters, |values, part| {
            let square = &mut self.square[part.clone()];
            for ((x, g), v) in values.iter_mut().zip(&gradient[part]).zip(square) {
                *v = decay * *v + (T::ONE - decay) * *g * *g;
                *x -= rate * *g / (v.sqrt() + epsilon);
            }
        });
    }

    fn state(&self) -> Tensors<T> {
        flat_state(&[("square", &self.square)])
    }

    fn restore(&mut self, state: &Tensors<T>) {
        self.square = flat_part(state, "square");
    }
}
