//! The command line, and the plan that it makes.

use clap::builder::RangedU64ValueParser;
use clap::{Parser, ValueEnum};
use metatape::meta::policy::Estimator;
use metatape::tasks::{self, Navigation};
use serde::{Deserialize, Serialize};

use crate::common::Common;
use crate::common::choices::{count, few, once};
use crate::learner::Learner;

/// Meta-learns policies for 2D navigation with MAML and Meta-SGD, and prints the published table beside its own.
///
/// A point has to go to a goal that it cannot see; it learns where the goal is from what its first trajectories earn.
#[derive(Parser)]
#[command(name = "navigation")]
pub struct Options {
    #[command(flatten)]
    pub common: Common,
    /// A learner to train; may be repeated [default: maml and meta-sgd]
    #[arg(long = "learner", value_name = "NAME")]
    learners: Vec<Learner>,
    /// Where tasks start; may be repeated [default: fixed and varying]
    #[arg(long = "start", value_name = "WHERE")]
    starts: Vec<Start>,
    /// How many outer iterations [default: 100]
    #[arg(long, value_parser = count())]
    iterations: Option<usize>,
    /// How many tasks an iteration sees [default: 20]
    #[arg(long, value_parser = few())]
    tasks: Option<usize>,
    /// How many trajectories an update learns from, and as many again judge it [default: 20]
    #[arg(long, value_parser = RangedU64ValueParser::<usize>::new().range(1..=10_000))]
    trajectories: Option<usize>,
    /// How many updates a policy is trained to adapt by
    #[arg(long, default_value_t = 1, value_parser = few())]
    steps: usize,
    /// After how many updates a policy is scored, at most
    #[arg(long, default_value_t = 1, value_parser = few())]
    updates: usize,
    /// The inner rate; for meta-sgd the one that all rates begin at
    #[arg(long, default_value_t = 0.5, value_parser = rate)]
    alpha: f64,
    /// The share of a step beyond --steps that is taken in scoring
    #[arg(long, default_value_t = 0.5, value_parser = share)]
    later: f64,
    /// The deviation of actions that a policy begins with
    #[arg(long, default_value_t = 1.0, value_parser = rate)]
    deviation: f64,
    /// What a reward one step later counts where advantages are estimated
    #[arg(long, default_value_t = 0.99, value_parser = share)]
    discount: f64,
    /// What an error of the baseline one step later counts where advantages are estimated
    #[arg(long, default_value_t = 0.9, value_parser = share)]
    lambda: f64,
    /// The outer step: inside a trust region as published, or by Adam
    #[arg(long, default_value = "trpo")]
    outer: Outer,
    /// The radius of the trust region: the largest mean divergence of the adapted policies from those before
    #[arg(long, default_value_t = 0.01, value_parser = rate)]
    radius: f64,
    /// The rate of Adam
    #[arg(long, default_value_t = 0.01, value_parser = rate)]
    rate: f64,
    /// What an action is: a share of the fastest move, as in MAML's code, or the move itself
    #[arg(long, default_value = "normalised")]
    actions: Actions,
    /// How many unseen tasks are scored in the end [default: 600]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(2..=1_000_000))]
    test_tasks: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// At the origin
    Fixed,
    /// Anywhere
    Varying,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outer {
    Trpo,
    Adam,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actions {
    Normalised,
    Plain,
}

/// What is to be done: the options with every default filled in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub learners: Vec<Learner>,
    pub starts: Vec<Start>,
    pub iterations: usize,
    pub tasks: usize,
    pub trajectories: usize,
    pub steps: usize,
    pub updates: usize,
    pub alpha: f64,
    pub later: f64,
    pub deviation: f64,
    pub discount: f64,
    pub lambda: f64,
    pub outer: Outer,
    pub radius: f64,
    pub rate: f64,
    pub actions: Actions,
    pub test_tasks: usize,
    #[serde(skip)]
    pub seed: u64,
}

impl Options {
    /// The plan that these options make.
    pub fn plan(&self) -> Plan {
        let quick = self.common.quick;
        let all = |given: &[Learner]| {
            if given.is_empty() { vec![Learner::Maml, Learner::MetaSgd] } else { given.to_vec() }
        };
        let starts =
            if self.starts.is_empty() { vec![Start::Fixed, Start::Varying] } else { self.starts.clone() };
        Plan {
            learners: once(all(&self.learners)),
            starts: once(starts),
            iterations: self.iterations.unwrap_or(if quick { 3 } else { 100 }),
            tasks: self.tasks.unwrap_or(if quick { 4 } else { 20 }),
            trajectories: self.trajectories.unwrap_or(if quick { 10 } else { 20 }),
            steps: self.steps,
            updates: self.updates,
            alpha: self.alpha,
            later: self.later,
            deviation: self.deviation,
            discount: self.discount,
            lambda: self.lambda,
            outer: self.outer,
            radius: self.radius,
            rate: self.rate,
            actions: self.actions,
            test_tasks: self.test_tasks.unwrap_or(if quick { 20 } else { 600 }),
            seed: self.common.seed,
        }
    }
}

impl Plan {
    /// How advantages are estimated.
    pub fn estimator(&self) -> Estimator {
        Estimator { discount: self.discount, lambda: self.lambda, ..Estimator::published() }
    }

    /// The distribution of tasks.
    pub fn navigation(&self, start: Start) -> Navigation {
        let tasks = Navigation::new(match start {
            Start::Fixed => tasks::Start::Fixed,
            Start::Varying => tasks::Start::Varying,
        });
        match self.actions {
            Actions::Normalised => tasks,
            Actions::Plain => Navigation { unit: 1.0, ..tasks },
        }
    }
}

impl Start {
    pub fn name(self) -> &'static str {
        match self {
            Start::Fixed => "fixed",
            Start::Varying => "varying",
        }
    }
}

/// A number from 0 to 1.
fn share(word: &str) -> Result<f64, String> {
    match word.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a number from 0 to 1 is needed".into()),
    }
}

/// A number above zero.
fn rate(word: &str) -> Result<f64, String> {
    match word.parse() {
        Ok(rate) if rate > 0.0 && rate <= 1e3 => Ok(rate),
        _ => Err("a number above 0 and up to 1000 is needed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(["navigation"].into_iter().chain(words.split_whitespace()))
    }

    #[test]
    fn without_options_the_published_table_is_made() {
        let plan = options("").unwrap().plan();
        assert_eq!(plan.learners, [Learner::Maml, Learner::MetaSgd]);
        assert_eq!(plan.starts, [Start::Fixed, Start::Varying]);
        assert_eq!((plan.iterations, plan.tasks, plan.trajectories, plan.test_tasks), (100, 20, 20, 600));
        assert_eq!(plan.navigation(Start::Varying), Navigation::new(tasks::Start::Varying));
    }

    #[test]
    fn a_quick_run_is_small_and_what_is_asked_for_stands() {
        let plan = options("--quick --iterations 7 --start varying --learner meta-sgd --learner meta-sgd")
            .unwrap()
            .plan();
        assert_eq!((plan.iterations, plan.tasks, plan.test_tasks), (7, 4, 20));
        assert_eq!(
            (plan.learners.as_slice(), plan.starts.as_slice()),
            (&[Learner::MetaSgd][..], &[Start::Varying][..])
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            "--tasks 0",
            "--alpha -1",
            "--lambda 1.5",
            "--discount nan",
            "--start here",
            "--test-tasks 1",
            "--radius 0",
        ] {
            assert!(options(words).is_err(), "{words} was taken");
        }
    }
}
