//! The learners by name, and the settings that each is trained with.

use clap::ValueEnum;
use metatape::meta::{Clip, Maml, MetaSgd, Order, Rates, Schedule};
use metatape::tensor::Tensors;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::options::{Plan, Protocol};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learner {
    /// A fixed inner rate, exact to second order
    Maml,
    /// MAML with the inner gradient taken as a constant
    Fomaml,
    /// A learned inner rate for each parameter, exact to second order
    MetaSgd,
    /// Meta-SGD with the inner gradient taken as a constant
    MetaSgdFirstOrder,
    /// An LSTM whose cell is the weights, exact to second order
    MetaLstm,
    /// Meta-LSTM with losses and inner gradients taken as constants, as published
    MetaLstmFirstOrder,
}

/// A learner of either order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Maml,
    MetaSgd,
    MetaLstm,
}

impl Learner {
    pub fn name(self) -> &'static str {
        match self {
            Learner::Maml => "maml",
            Learner::Fomaml => "fomaml",
            Learner::MetaSgd => "meta-sgd",
            Learner::MetaSgdFirstOrder => "meta-sgd-first-order",
            Learner::MetaLstm => "meta-lstm",
            Learner::MetaLstmFirstOrder => "meta-lstm-first-order",
        }
    }

    pub fn family(self) -> Family {
        match self {
            Learner::Maml | Learner::Fomaml => Family::Maml,
            Learner::MetaSgd | Learner::MetaSgdFirstOrder => Family::MetaSgd,
            Learner::MetaLstm | Learner::MetaLstmFirstOrder => Family::MetaLstm,
        }
    }

    pub fn order(self) -> Order {
        match self {
            Learner::Maml | Learner::MetaSgd | Learner::MetaLstm => Order::Second,
            Learner::Fomaml | Learner::MetaSgdFirstOrder | Learner::MetaLstmFirstOrder => Order::First,
        }
    }

    /// The same learner of another order.
    pub fn with_order(self, order: Order) -> Self {
        match (self.family(), order) {
            (Family::Maml, Order::Second) => Learner::Maml,
            (Family::Maml, Order::First) => Learner::Fomaml,
            (Family::MetaSgd, Order::Second) => Learner::MetaSgd,
            (Family::MetaSgd, Order::First) => Learner::MetaSgdFirstOrder,
            (Family::MetaLstm, Order::Second) => Learner::MetaLstm,
            (Family::MetaLstm, Order::First) => Learner::MetaLstmFirstOrder,
        }
    }

    pub fn is_meta_sgd(self) -> bool {
        self.family() == Family::MetaSgd
    }
}

/// MAML's fixed inner rate, in both published protocols.
pub const MAML: Maml = Maml { rate: 0.01 };

/// Meta-SGD as it is trained: as published for one step; with safeguards for several, unless they are switched off.
pub fn meta_sgd(plan: &Plan) -> MetaSgd {
    if safeguarded(plan) {
        MetaSgd { rates: Rates::PerParameter, steps_with_own_rates: plan.steps, gradient_bound: Some(10.0) }
    } else {
        MetaSgd::published()
    }
}

/// The rate that all of Meta-SGD's rates begin at: as published a draw from 0.005 to 0.1; smaller for several steps.
pub fn first_rate(plan: &Plan, rng: &mut impl Rng) -> f32 {
    if plan.steps == 1 { rng.random_range(0.005..0.1) } else { 0.01 }
}

/// Moves the kinks of the first layer's relus, which all lie at zero at first, to places spread evenly over the inputs.
pub fn spread_kinks(theta: &mut Tensors, rng: &mut impl Rng) {
    let [weights, biases, ..] = theta.tensors_mut() else { return };
    for (bias, weight) in biases.values_mut().iter_mut().zip(weights.values()) {
        *bias = -weight * rng.random_range(-5.0..5.0);
    }
}

/// What the outer loop does beside the published Adam at 1e-3.
pub struct Outer {
    pub schedule: Schedule,
    /// The rate of the inner rates, as a share of that of the weights.
    pub meta_share: f64,
    /// What bounds each task's meta-gradient.
    pub task_clip: Clip,
    /// What bounds their mean.
    pub clip: Clip,
}

pub fn outer(learner: Learner, plan: &Plan) -> Outer {
    // Meta-LSTM's authors cut the norm of its meta-gradient to 0.25.
    let clip = if learner.family() == Family::MetaLstm { Clip::Norm(0.25) } else { Clip::None };
    let plain = Outer { schedule: Schedule::constant(1e-3), meta_share: 1.0, task_clip: Clip::None, clip };
    if learner.is_meta_sgd() && safeguarded(plan) {
        let schedule = Schedule { warm_up: 500, ..Schedule::cosine(3e-3, plan.iterations) };
        Outer { schedule, meta_share: 0.3, task_clip: Clip::Norm(10.0), clip }
    } else if plan.protocol == Protocol::MetaSgd && !plan.plain {
        Outer { schedule: Schedule::cosine(1e-3, plan.iterations), ..plain }
    } else {
        plain
    }
}

/// Whether several steps of Meta-SGD are kept stable.
pub fn safeguarded(plan: &Plan) -> bool {
    plan.steps > 1 && !plan.plain
}
