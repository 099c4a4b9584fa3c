//! The learners by name, and the settings that each is trained with.

use clap::ValueEnum;
use metatape::meta::{Fast, Inner, MetaVars, Order, Slope};
use metatape::nn::Params;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learner {
    /// A fixed inner rate
    Maml,
    /// MAML with the inner gradient taken as a constant
    Fomaml,
    /// A learned inner rate for each parameter
    MetaSgd,
}

impl Learner {
    pub fn name(self) -> &'static str {
        match self {
            Learner::Maml => "maml",
            Learner::Fomaml => "fomaml",
            Learner::MetaSgd => "meta-sgd",
        }
    }

    pub fn order(self) -> Order {
        match self {
            Learner::Maml | Learner::MetaSgd => Order::Second,
            Learner::Fomaml => Order::First,
        }
    }
}

/// A learner that takes a share of each step beyond those that it was trained with: near the goal a step as long as the first
/// leads past it.
#[derive(Clone, Copy, Debug)]
pub struct Careful<L> {
    pub learner: L,
    pub trained: usize,
    pub share: f32,
}

impl<L: Inner<f32>> Inner<f32> for Careful<L> {
    type Meta = L::Meta;

    const READS_LOSS: bool = L::READS_LOSS;

    fn memory<'t>(&self, theta: Params<'t>) -> Params<'t> {
        self.learner.memory(theta)
    }

    fn step<'t>(
        &self,
        meta: MetaVars<'t, f32, L::Meta>,
        (theta, memory): Fast<'t, f32>,
        slope: Slope<'t, f32>,
        step: usize,
    ) -> Fast<'t, f32> {
        let (moved, memory) = self.learner.step(meta, (theta, memory), slope, step);
        if step < self.trained {
            (moved, memory)
        } else {
            (theta.add_scaled(self.share, moved - theta), memory)
        }
    }
}

#[cfg(test)]
mod tests {
    use metatape::prelude::*;

    use super::*;

    #[test]
    fn a_careful_learner_takes_a_share_of_steps_that_it_was_not_trained_with() {
        let tape = Tape::new();
        let mut at = Tensors::new();
        at.push("w", Tensor::scalar(1.0));
        let theta = at.put(&tape);
        let rule = Careful { learner: Maml { rate: 0.5 }, trained: 2, share: 0.25 };
        let after = |step: usize| {
            let slope = Slope { loss: tape.scalar(0.0), gradient: theta };
            let (moved, _) = rule.step((), (theta, rule.memory(theta)), slope, step);
            moved.get(0).item()
        };
        assert_eq!([0, 1, 2, 3].map(after), [0.5, 0.5, 0.875, 0.875]);
    }
}
