//! Meta-SGD: gradient descent with learned rates.

use super::{Fast, Inner, MetaVars, Slope};
use crate::nn::Params;
use crate::simd::Float;
use crate::tensor::{Tensor, Tensors};

/// How finely the learned rates are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rates {
    /// One for each parameter: Meta-SGD as published.
    PerParameter,
    /// One for each tensor.
    PerTensor,
    /// One for all.
    Single,
}

/// Meta-SGD (Li, Zhou, Chen, Li 2017): `theta' = theta - alpha o gradient`, where the rates `alpha`, of either sign, are
/// learned together with the initial parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetaSgd<T = f32> {
    /// How finely the rates are divided.
    pub rates: Rates,
    /// How many inner steps have rates of their own; a later step uses those of the last. 1 is Meta-SGD as published.
    pub steps_with_own_rates: usize,
    /// The norm at which a task's inner gradient saturates: `g / sqrt(1 + |g|^2 / bound^2)`, smooth and part of what is
    /// differentiated. `None` is Meta-SGD as published; several steps of it diverge.
    pub gradient_bound: Option<T>,
}

impl<T: Float> MetaSgd<T> {
    /// Meta-SGD as published: one rate for each parameter, the same in every step, gradients as they are.
    pub fn published() -> Self {
        MetaSgd { rates: Rates::PerParameter, steps_with_own_rates: 1, gradient_bound: None }
    }

    /// Rates for a model with parameters like `theta`, all of them `rate`.
    pub fn rates_like(&self, theta: &Tensors<T>, rate: T) -> Tensors<T> {
        let mut alpha = Tensors::new();
        for step in 0..self.steps_with_own_rates {
            let prefix = if self.steps_with_own_rates == 1 { String::new() } else { format!("step{step}.") };
            match self.rates {
                Rates::Single => alpha.push(format!("{prefix}all"), Tensor::scalar(rate)),
                Rates::PerTensor => theta
                    .iter()
                    .for_each(|(name, _)| alpha.push(format!("{prefix}{name}"), Tensor::scalar(rate))),
                Rates::PerParameter => theta.iter().for_each(|(name, tensor)| {
                    alpha.push(format!("{prefix}{name}"), Tensor::full(tensor.shape(), rate));
                }),
            }
        }
        alpha
    }

    /// The gradient, saturating at the bound.
    fn bounded<'t>(&self, gradient: Params<'t, T>) -> Params<'t, T> {
        let Some(bound) = self.gradient_bound else { return gradient };
        let over = gradient.squared_norm().affine(T::ONE / (bound * bound), T::ONE);
        gradient * over.sqrt().recip()
    }
}

impl<T: Float> Inner<T> for MetaSgd<T> {
    type Meta = Tensors<T>;

    fn step<'t>(
        &self,
        alpha: MetaVars<'t, T, Tensors<T>>,
        (theta, memory): Fast<'t, T>,
        slope: Slope<'t, T>,
        step: usize,
    ) -> Fast<'t, T> {
        let per_step = alpha.len() / self.steps_with_own_rates;
        let own = step.min(self.steps_with_own_rates - 1);
        let alpha = alpha.part(own * per_step, per_step);
        let gradient = self.bounded(slope.gradient);
        let theta = match self.rates {
            Rates::Single => theta - gradient * alpha.get(0),
            Rates::PerTensor | Rates::PerParameter => theta.add_product(-T::ONE, alpha, gradient),
        };
        (theta, memory)
    }
}
