//! From rewards to what a policy gradient learns from.

use super::Baseline;
use crate::simd::Float;
use crate::tensor::{Tensor, Trajectories};

/// How advantages are estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimator {
    /// What a reward one step later counts (gamma).
    pub discount: f64,
    /// What an error of the baseline one step later counts (lambda of Schulman et al. 2016); at 1 advantages are returns less
    /// the baseline.
    pub lambda: f64,
    /// The ridge of the [`Baseline`].
    pub ridge: f64,
}

/// What a policy did, and by how much that was better than expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Experience<T = f32> {
    /// What was seen, `[steps, numbers of an observation]`.
    pub observations: Tensor<T>,
    /// What was done, `[steps, numbers of an action]`.
    pub actions: Tensor<T>,
    /// The advantage of each action, `[steps]`: of mean 0 and deviation 1 over all steps.
    pub advantages: Tensor<T>,
}

/// What keeps advantages that are all alike from a division by zero.
const LEAST_DEVIATION: f64 = 1e-8;

impl Estimator {
    /// As in MAML's released code: discount 0.99, lambda 1, ridge 1e-5.
    pub const fn published() -> Self {
        Estimator { discount: 0.99, lambda: 1.0, ridge: 1e-5 }
    }

    /// The experience of trajectories: a baseline is fitted to their discounted returns and takes from them what was to be
    /// expected.
    pub fn experience<T: Float>(&self, trajectories: &Trajectories<T>) -> Experience<T> {
        let per_trajectory = |work: &dyn Fn(std::ops::Range<usize>) -> Vec<f64>| -> Vec<f64> {
            trajectories.spans().flat_map(work).collect()
        };
        let returns = per_trajectory(&|span| discounted_sums(&trajectories.rewards[span], self.discount));
        let values = Baseline::fit(trajectories, &returns, self.ridge).values(trajectories);
        let advantages = per_trajectory(&|span| {
            let (rewards, values) = (&trajectories.rewards[span.clone()], &values[span]);
            generalized_advantages(rewards, values, self.discount, self.lambda)
        });
        let count = advantages.len() as f64;
        let mean = advantages.iter().sum::<f64>() / count;
        let variance = advantages.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / count;
        let scale = 1.0 / (variance.sqrt() + LEAST_DEVIATION);
        let standard = advantages.iter().map(|a| T::from_f64((a - mean) * scale)).collect();
        Experience {
            observations: trajectories.observations.clone(),
            actions: trajectories.actions.clone(),
            advantages: Tensor::from_vec([advantages.len()], standard),
        }
    }
}

/// `y_t = x_t + discount y_{t+1}` with nothing behind the last.
pub fn discounted_sums(x: &[f64], discount: f64) -> Vec<f64> {
    let mut sums = x.to_vec();
    for t in (1..sums.len()).rev() {
        sums[t - 1] += discount * sums[t];
    }
    sums
}

/// The generalised advantages of one trajectory (Schulman et al. 2016): the sums, discounted by `discount lambda`, of the
/// errors `r_t + discount V_{t+1} - V_t`, with a value of 0 behind the last step.
///
/// # Panics
/// There are not as many values as rewards.
#[track_caller]
pub fn generalized_advantages(rewards: &[f64], values: &[f64], discount: f64, lambda: f64) -> Vec<f64> {
    let (steps, found) = (rewards.len(), values.len());
    assert!(steps == found, "generalized_advantages: {found} values for {steps} rewards");
    let after = values.iter().skip(1).chain([&0.0]);
    let errors: Vec<f64> =
        rewards.iter().zip(values).zip(after).map(|((r, v), next)| r + discount * next - v).collect();
    discounted_sums(&errors, discount * lambda)
}
