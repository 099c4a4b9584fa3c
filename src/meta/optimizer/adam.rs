//! Adam.

use super::{Optimizer, each_part, flat_part, flat_state, prepare};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Tensor, Tensors};

/// Adam (Kingma and Ba 2015): with `m` and `v` the running means of the gradient and of its square,
/// `parameter -= rate * m^ / (sqrt(v^) + epsilon)`, both means corrected for their start at zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam<T = f32> {
    /// How much of the old mean of the gradient is kept.
    pub beta1: f64,
    /// How much of the old mean of its square is kept.
    pub beta2: f64,
    /// What keeps the quotient finite.
    pub epsilon: f64,
    steps: u32,
    mean: Vec<T>,
    square: Vec<T>,
}

impl<T: Float> Adam<T> {
    /// With the constants of the paper: 0.9, 0.999, 1e-8.
    pub fn new() -> Self {
        Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, steps: 0, mean: Vec::new(), square: Vec::new() }
    }
}

impl<T: Float> Default for Adam<T> {
    fn default() -> Self {
        Adam::new()
    }
}

impl<T: Float> Optimizer<T> for Adam<T> {
    fn descend(&mut self, parameters: &mut impl AtRest<T>, gradient: &[T], rate: f64) {
        prepare(&mut self.mean, parameters, gradient);
        prepare(&mut self.square, parameters, gradient);
        self.steps += 1;
        let power = f64::from(self.steps);
        let (beta1, beta2) = (T::from_f64(self.beta1), T::from_f64(self.beta2));
        let rate = T::from_f64(rate / (1.0 - self.beta1.powf(power)));
        let correction = T::from_f64(1.0 / (1.0 - self.beta2.powf(power)));
        let epsilon = T::from_f64(self.epsilon);
        each_part(parameters, |values, part| {
            let (mean, square) = (&mut self.mean[part.clone()], &mut self.square[part.clone()]);
            for (((x, g), m), v) in values.iter_mut().zip(&gradient[part]).zip(mean).zip(square) {
                *m = beta1 * *m + (T::ONE - beta1) * *g;
                *v = beta2 * *v + (T::ONE - beta2) * *g * *g;
                *x -= rate * *m / ((*v * correction).sqrt() + epsilon);
            }
        });
    }

    fn state(&self) -> Tensors<T> {
        let mut state = flat_state(&[("mean", &self.mean), ("square", &self.square)]);
        state.push("steps", Tensor::scalar(T::from_f64(f64::from(self.steps))));
        state
    }

    fn restore(&mut self, state: &Tensors<T>) {
        self.mean = flat_part(state, "mean");
        self.square = flat_part(state, "square");
        self.steps = flat_part(state, "steps")[0].to_f64() as u32;
    }
}
