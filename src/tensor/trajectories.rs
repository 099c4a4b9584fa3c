//! What a policy did in a world.

use std::ops::Range;

use super::Tensor;

/// Several trajectories, one behind the other; a row is a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectories<T = f32> {
    /// What was seen before each step, `[steps, numbers of an observation]`.
    pub observations: Tensor<T>,
    /// What was done, `[steps, numbers of an action]`.
    pub actions: Tensor<T>,
    /// What each step earned.
    pub rewards: Vec<f64>,
    /// How many steps each trajectory has.
    pub lengths: Vec<usize>,
}

impl<T> Trajectories<T> {
    /// The steps of each trajectory.
    pub fn spans(&self) -> impl Iterator<Item = Range<usize>> {
        self.lengths.iter().scan(0, |end, length| {
            *end += length;
            Some(*end - length..*end)
        })
    }

    /// The sum of the rewards of each trajectory.
    pub fn returns(&self) -> impl Iterator<Item = f64> {
        self.spans().map(|span| self.rewards[span].iter().sum())
    }

    /// The mean over trajectories of the sum of their rewards.
    pub fn mean_return(&self) -> f64 {
        self.rewards.iter().sum::<f64>() / self.lengths.len() as f64
    }
}
