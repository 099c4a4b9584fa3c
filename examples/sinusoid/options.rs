//! The command line, and the plan that it makes.

use clap::{Parser, ValueEnum};
use metatape::meta::Adaptation;
use metatape::tasks::Sinusoid;
use serde::{Deserialize, Serialize};

use crate::common::Common;
use crate::common::choices::{Orders, Roads, count, few, once};
use crate::learner::Learner;

/// Meta-learns sinusoids with MAML and Meta-SGD, exact to second order, and prints the published table beside its own.
#[derive(Parser)]
#[command(name = "sinusoid")]
pub struct Options {
    #[command(flatten)]
    pub common: Common,
    /// A learner to train; may be repeated [default: maml and meta-sgd]
    #[arg(long = "learner", value_name = "NAME")]
    learners: Vec<Learner>,
    /// How many points a task shows in training; may be repeated [default: 5, 10 and 20]. In MAML's protocol training
    /// shows 10 as published, and this is the number at test [default: 5]
    #[arg(long, value_parser = few())]
    shots: Vec<usize>,
    /// Whose benchmark: Meta-SGD's varies the frequency, MAML's does not
    #[arg(long, default_value = "meta-sgd")]
    protocol: Protocol,
    /// How many meta-iterations [default: 60000; 70000 in MAML's protocol]
    #[arg(long, value_parser = count())]
    iterations: Option<usize>,
    /// How many tasks a meta-iteration sees [default: 4; 25 in MAML's protocol]
    #[arg(long, value_parser = few())]
    meta_batch: Option<usize>,
    /// How many inner steps a learner adapts by
    #[arg(long, default_value_t = 1, value_parser = few())]
    steps: usize,
    /// Trains the first-order or the exact form of every learner, whatever its name says
    #[arg(long)]
    order: Option<Orders>,
    /// How the meta-gradient goes through the inner steps: on one tape, or step by step in the memory of one
    #[arg(long, default_value = "tape")]
    road: Roads,
    /// Several steps as published, without what keeps them stable
    #[arg(long)]
    plain: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    MetaSgd,
    Maml,
}

/// What is to be done: the options with every default filled in.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub learners: Vec<Learner>,
    /// How many points a task shows in training.
    pub shots: Vec<usize>,
    /// How many points a task shows in scoring.
    pub test_shots: Vec<usize>,
    pub protocol: Protocol,
    pub iterations: usize,
    pub meta_batch: usize,
    pub steps: usize,
    pub road: Roads,
    pub plain: bool,
    /// How many times a hundred unseen tasks are scored.
    pub repeats: usize,
    #[serde(skip)]
    pub seed: u64,
}

impl Options {
    /// The plan that these options make.
    pub fn plan(&self) -> Plan {
        let maml = self.protocol == Protocol::Maml;
        let learners = if self.learners.is_empty() {
            vec![Learner::Maml, Learner::MetaSgd]
        } else {
            self.learners.clone()
        };
        let ordered = |learner: Learner| match self.order {
            None => learner,
            Some(order) => learner.with_order(order.into()),
        };
        let learners = once(learners.into_iter().map(ordered).collect());
        let given = |usual: &[usize]| if self.shots.is_empty() { usual.to_vec() } else { self.shots.clone() };
        let (shots, test_shots) =
            if maml { (vec![10], given(&[5])) } else { (given(&[5, 10, 20]), vec![5, 10, 20]) };
        let quick = self.common.quick;
        let usual = match (quick, maml) {
            (true, _) => 1000,
            (false, false) => 60_000,
            (false, true) => 70_000,
        };
        Plan {
            learners,
            shots: once(shots),
            test_shots: once(test_shots),
            protocol: self.protocol,
            iterations: self.iterations.unwrap_or(usual),
            meta_batch: self.meta_batch.unwrap_or(if maml { 25 } else { 4 }),
            steps: self.steps,
            road: self.road,
            plain: self.plain,
            repeats: match (quick, maml) {
                (true, _) => 2,
                (false, false) => 100,
                (false, true) => 6,
            },
            seed: self.common.seed,
        }
    }
}

impl Plan {
    /// The family of tasks.
    pub fn world(&self) -> Sinusoid {
        match self.protocol {
            Protocol::MetaSgd => Sinusoid::meta_sgd(),
            Protocol::Maml => Sinusoid::maml(),
        }
    }

    /// How a learner adapts when it is scored: guarded where it makes more steps than in training.
    pub fn adaptation(&self) -> Adaptation {
        let more = self.scored_steps().iter().any(|steps| *steps > self.steps);
        if more && !self.plain { Adaptation::NeverWorse } else { Adaptation::AsTrained }
    }

    /// After which numbers of steps a learner is scored.
    pub fn scored_steps(&self) -> Vec<usize> {
        match self.protocol {
            Protocol::MetaSgd => vec![self.steps],
            Protocol::Maml => vec![1, 5, 10],
        }
    }
}
