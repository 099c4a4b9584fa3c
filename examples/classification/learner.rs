//! The learners by name, and the settings that each is trained with.

use clap::ValueEnum;
use metatape::meta::Order;
use serde::{Deserialize, Serialize};

use crate::common::choices::Roads;
use crate::dataset::Dataset;
use crate::net::{NetForm, Statistics};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learner {
    /// A learned inner rate for each parameter
    MetaSgd,
    /// A fixed inner rate
    Maml,
    /// MAML with the inner gradient taken as a constant
    Fomaml,
    /// MAML that adapts the head alone
    Anil,
    /// The way that adaptation takes in place of a gradient
    Reptile,
    /// An LSTM whose cell is the weights; as published losses and inner gradients are taken as constants
    MetaLstm,
}

/// What differs from learner to learner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// 1 or 2.
    pub order: u32,
    /// Inner steps in training and in scoring.
    pub steps: usize,
    pub test_steps: usize,
    /// The inner rate, for Meta-SGD the one that all rates begin at.
    pub alpha: f64,
    /// The outer rate.
    pub rate: f64,
    /// The norm that the meta-gradient is cut to, of Meta-LSTM as its authors do.
    #[serde(default)]
    pub norm: Option<f64>,
    pub road: Roads,
    /// How query images are normalised in scoring.
    #[serde(default = "of_query")]
    pub statistics: Statistics,
}

/// As all checkpoints were scored that do not say.
fn of_query() -> Statistics {
    Statistics::Query
}

/// What the command line says of settings.
#[derive(Clone, Copy, Default)]
pub struct Wishes {
    pub order: Option<Order>,
    pub steps: Option<usize>,
    pub test_steps: Option<usize>,
    pub alpha: Option<f64>,
    pub rate: Option<f64>,
    pub road: Option<Roads>,
    pub statistics: Option<Statistics>,
}

impl Learner {
    pub fn name(self) -> &'static str {
        match self {
            Learner::MetaSgd => "meta-sgd",
            Learner::Maml => "maml",
            Learner::Fomaml => "fomaml",
            Learner::Anil => "anil",
            Learner::Reptile => "reptile",
            Learner::MetaLstm => "meta-lstm",
        }
    }

    /// The same learner of another order, where that has a name of its own.
    pub fn with_order(self, order: Order) -> Self {
        match (self, order) {
            (Learner::Maml | Learner::Fomaml, Order::Second) => Learner::Maml,
            (Learner::Maml | Learner::Fomaml, Order::First) => Learner::Fomaml,
            _ => self,
        }
    }

    /// The published settings, as far as they are known, changed as wished.
    pub fn setting(
        self,
        (dataset, net): (Dataset, NetForm),
        (ways, shots): (usize, usize),
        wishes: Wishes,
    ) -> Setting {
        let order = match self {
            Learner::Fomaml | Learner::Reptile => Order::First,
            Learner::Maml => Order::Second,
            Learner::MetaSgd | Learner::Anil => wishes.order.unwrap_or(Order::Second),
            Learner::MetaLstm => wishes.order.unwrap_or(Order::First),
        };
        let (usual_steps, usual_test_steps) = match self {
            Learner::MetaSgd => (1, 1),
            Learner::Reptile => (5, 10),
            Learner::MetaLstm if shots == 1 => (12, 12),
            Learner::MetaLstm => (5, 5),
            _ if dataset.is_coloured() => (5, 10),
            _ if ways > 5 => (5, 5),
            _ => (1, 3),
        };
        let steps = wishes.steps.unwrap_or(usual_steps);
        let usual_test_steps = if wishes.steps.is_some() { steps } else { usual_test_steps };
        Setting {
            order: order.number(),
            steps,
            test_steps: wishes.test_steps.unwrap_or(usual_test_steps),
            alpha: wishes.alpha.unwrap_or(self.usual_alpha((dataset, net), ways)),
            rate: wishes.rate.unwrap_or(if self == Learner::Reptile { 1.0 } else { 1e-3 }),
            norm: (self == Learner::MetaLstm).then_some(0.25),
            // What is left alone in the inner steps costs the tape road nothing.
            road: wishes.road.unwrap_or(if self == Learner::Anil { Roads::Tape } else { Roads::Adjoint }),
            statistics: wishes.statistics.unwrap_or(if self == Learner::MetaLstm {
                Statistics::Support
            } else {
                Statistics::Query
            }),
        }
    }

    /// MAML's code divides the sum of the cross-entropies by the shots alone; here it is their mean, so that its rates are
    /// multiplied by the ways: 5 * 0.4 and 20 * 0.1 on Omniglot, ways * 0.01 on miniImagenet. They belong to its own
    /// classifiers. Meta-SGD's for characters learns with smaller ones only.
    fn usual_alpha(self, (dataset, net): (Dataset, NetForm), ways: usize) -> f64 {
        match self {
            Learner::MetaSgd | Learner::Reptile | Learner::MetaLstm => 0.1,
            _ if dataset.is_coloured() => ways as f64 / 100.0,
            _ if net != NetForm::MetaSgd => 2.0,
            Learner::Anil => 0.4,
            _ => 0.1,
        }
    }
}

impl Setting {
    pub fn order(&self) -> Order {
        if self.order == 1 { Order::First } else { Order::Second }
    }
}
