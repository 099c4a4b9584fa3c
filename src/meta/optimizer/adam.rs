//! Adam.

use super::{Optimizer, each_part, flat_part, flat_state, prepare};
use crate::simd::{self, Float, Kernel, Lanes};
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
        let constants = Constants {
            beta1: T::from_f64(self.beta1),
            beta2: T::from_f64(self.beta2),
            rate: T::from_f64(rate / (1.0 - self.beta1.powf(power))),
            correction: T::from_f64(1.0 / (1.0 - self.beta2.powf(power))),
            epsilon: T::from_f64(self.epsilon),
        };
        each_part(parameters, |values, part| {
            let (mean, square) = (&mut self.mean[part.clone()], &mut self.square[part.clone()]);
            simd::run(Update { constants, values, gradient: &gradient[part], mean, square });
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

#[derive(Clone, Copy)]
struct Constants<T> {
    beta1: T,
    beta2: T,
    /// With the correction of the first mean.
    rate: T,
    /// Of the second mean.
    correction: T,
    epsilon: T,
}

struct Update<'a, T> {
    constants: Constants<T>,
    values: &'a mut [T],
    gradient: &'a [T],
    mean: &'a mut [T],
    square: &'a mut [T],
}

impl<T: Float> Kernel<T> for Update<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Constants { beta1, beta2, rate, correction, epsilon } = self.constants;
        let (keep1, take1) = (L::splat(beta1), L::splat(T::ONE - beta1));
        let (keep2, take2) = (L::splat(beta2), L::splat(T::ONE - beta2));
        let (rate, correction, epsilon) = (L::splat(rate), L::splat(correction), L::splat(epsilon));
        let state = self.mean.chunks_mut(L::N).zip(self.square.chunks_mut(L::N));
        let moved = self.values.chunks_mut(L::N).zip(self.gradient.chunks(L::N));
        for ((x, g), (m, v)) in moved.zip(state) {
            let gradient = L::load_partial(g);
            let mean = keep1.mul_add(L::load_partial(m), take1.mul(gradient));
            let square = keep2.mul_add(L::load_partial(v), take2.mul(gradient).mul(gradient));
            let step = rate.mul(mean).div(square.mul(correction).sqrt().add(epsilon));
            mean.store_partial(m);
            square.store_partial(v);
            L::load_partial(x).sub(step).store_partial(x);
        }
    }
}
