//! The learners by name, and the settings that each is trained with.

use clap::ValueEnum;
use metatape::meta::Order;
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
