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
        let Update { constants, values, gradient, mean, square } = self;
        let whole = values.len() - values.len() % L::N;
        let (x, x_rest) = values.split_at_mut(whole);
        let (g, g_rest) = gradient.split_at(whole);
        let (m, m_rest) = mean.split_at_mut(whole);
        let (v, v_rest) = square.split_at_mut(whole);
        let state = m.chunks_exact_mut(L::N).zip(v.chunks_exact_mut(L::N));
        for ((x, g), (m, v)) in x.chunks_exact_mut(L::N).zip(g.chunks_exact(L::N)).zip(state) {
            let moved = constants.moved([L::load(x), L::load(g), L::load(m), L::load(v)]);
            moved[0].store(x);
            moved[1].store(m);
            moved[2].store(v);
        }
        let (x, g) = (L::load_partial(x_rest), L::load_partial(g_rest));
        let moved = constants.moved([x, g, L::load_partial(m_rest), L::load_partial(v_rest)]);
        moved[0].store_partial(x_rest);
        moved[1].store_partial(m_rest);
        moved[2].store_partial(v_rest);
    }
}

impl<T: Float> Constants<T> {
    /// The parameters and the two means after a step, from the parameters, the gradient and the means before it.
    #[inline(always)]
    fn moved<L: Lanes<T>>(self, [x, gradient, mean, square]: [L; 4]) -> [L; 3] {
        let Constants { beta1, beta2, rate, correction, epsilon } = self;
        let (keep1, take1) = (L::splat(beta1), L::splat(T::ONE - beta1));
        let (keep2, take2) = (L::splat(beta2), L::splat(T::ONE - beta2));
        let mean = keep1.mul_add(mean, take1.mul(gradient));
        let square = keep2.mul_add(square, take2.mul(gradient).mul(gradient));
        let root = square.mul(L::splat(correction)).sqrt();
        let step = L::splat(rate).mul(mean).div(root.add(L::splat(epsilon)));
        [x.sub(step), mean, square]
    }
}
