//! Normal distributions with diagonal covariance, and stochastic policies that say one for each observation.

use std::f64::consts::PI;

use rand::Rng;

use super::{Activation, Initializer, Params, mlp, mlp_parameters};
use crate::ops::Var;
use crate::simd::Float;
use crate::tensor::{Tensor, Tensors};

/// A normal distribution for each of n rows, with independent entries.
#[derive(Clone, Copy, Debug)]
pub struct Gaussian<'t, T: Float> {
    /// The means, `[n, d]`.
    pub mean: Var<'t, T>,
    /// The logarithms of the deviations, `[n, d]`, or `[d]` where all rows share them.
    pub log_deviation: Var<'t, T>,
}

impl<'t, T: Float> Gaussian<'t, T> {
    /// The logarithm of the density at each row of `x`, `[n, d]`:
    /// `sum_j -(x_j - mean_j)^2 / (2 e^{2 s_j}) - s_j - ln(2 pi) / 2` with `s` the logarithm of the deviation; `[n]`.
    ///
    /// # Panics
    /// The shapes do not fit.
    #[track_caller]
    pub fn log_density(self, x: Var<'t, T>) -> Var<'t, T> {
        let Gaussian { mean, log_deviation } = self;
        let z = (x - mean) * (-log_deviation).exp();
        let half_log_two_pi = T::from_f64(0.5 * (2.0 * PI).ln());
        let each = z.square().scale(T::from_f64(-0.5)) - log_deviation - half_log_two_pi;
        each.sum_axis(1)
    }

    /// The Kullback-Leibler divergence of this distribution from `other`, KL(self || other), of each row:
    /// `sum_j s'_j - s_j + (e^{2 s_j} + (mean_j - mean'_j)^2) / (2 e^{2 s'_j}) - 1/2`, where `'` marks the other; `[n]`.
    ///
    /// # Panics
    /// The shapes do not fit.
    #[track_caller]
    pub fn divergence(self, other: Self) -> Var<'t, T> {
        let half = T::from_f64(0.5);
        let precision = other.log_deviation.scale(T::from_f64(-2.0)).exp();
        let variance = self.log_deviation.scale(T::from_f64(2.0)).exp();
        let apart = (self.mean - other.mean).square() + variance;
        let each = (apart * precision).scale(half) + (other.log_deviation - self.log_deviation) - half;
        each.sum_axis(1)
    }
}

/// A policy: means by an [`mlp`] of all parameters but the last, which is the logarithm of the deviations, the same for every
/// observation. Observations are `[n, in]`.
///
/// # Panics
/// The shapes do not fit, or there are no parameters.
#[track_caller]
pub fn gaussian_mlp<'t, T: Float>(
    theta: Params<'t, T>,
    observations: Var<'t, T>,
    activation: Activation,
) -> Gaussian<'t, T> {
    assert!(!theta.is_empty(), "gaussian_mlp: no parameters");
    let layers = theta.len() - 1;
    let mean = mlp(theta.part(0, layers), observations, activation);
    Gaussian { mean, log_deviation: theta.get(layers) }
}

/// Parameters for [`gaussian_mlp`]: those of [`mlp_parameters`], then `log_deviation`, each entry that number.
///
/// # Panics
/// There are no sizes.
#[track_caller]
pub fn gaussian_mlp_parameters<T: Float>(
    sizes: &[usize],
    initializer: Initializer,
    log_deviation: T,
    rng: &mut impl Rng,
) -> Tensors<T> {
    let mut theta = mlp_parameters(sizes, initializer, rng);
    theta.push("log_deviation", Tensor::full([sizes[sizes.len() - 1]], log_deviation));
    theta
}
