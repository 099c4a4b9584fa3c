//! The learners by name, and the settings that each is trained with.

use clap::ValueEnum;
use metatape::meta::{Fast, Inner, MetaVars, Order, Slope};
use metatape::nn::Params;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
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
/// leads past it. MAML's authors halve theirs.
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
