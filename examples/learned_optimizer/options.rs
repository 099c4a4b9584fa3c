//! The command line, and the plan that it makes.

use clap::Parser;
use metatape::meta::Order;
use serde::{Deserialize, Serialize};

use crate::common::Common;
use crate::common::choices::{Orders, count, few};
use crate::optimizee::Kind;

/// Trains an LSTM to optimise, and prints its losses on unseen problems beside those of hand-made optimisers with the best
/// rates that a search finds for them.
#[derive(Parser)]
#[command(name = "learned_optimizer")]
pub struct Options {
    #[command(flatten)]
    pub common: Common,
    /// What is optimised
    #[arg(long, default_value = "quadratic")]
    optimizee: Kind,
    /// Whether the derivative of the problem's gradient is dropped, as published, or kept, which is exact [default: one of
    /// each]
    #[arg(long)]
    order: Option<Orders>,
    /// How many batches of problems it is trained on [default: 2500 for quadratic, 300 for mlp]
    #[arg(long, value_parser = count())]
    iterations: Option<usize>,
    /// How many problems a batch has [default: 128 for quadratic, 8 for mlp]
    #[arg(long, value_parser = few())]
    batch: Option<usize>,
    /// How many steps an optimisation takes
    #[arg(long, default_value_t = 100, value_parser = few())]
    steps: usize,
    /// After how many steps the gradient is cut and the optimiser updated
    #[arg(long, default_value_t = 20, value_parser = few())]
    truncation: usize,
    /// How many unseen problems are scored [default: 1000 for quadratic, 100 for mlp]
    #[arg(long, value_parser = few())]
    problems: Option<usize>,
}

/// What is to be done: the options with every default filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub optimizee: Kind,
    /// Of each learned optimiser, 1 or 2.
    pub orders: Vec<u32>,
    pub iterations: usize,
    pub batch: usize,
    pub steps: usize,
    pub truncation: usize,
    pub problems: usize,
    /// How many problems a searched rate is judged by.
    pub searched: usize,
    #[serde(skip)]
    pub seed: u64,
}

impl Options {
    pub fn plan(&self) -> Plan {
        let quick = self.common.quick;
        let (iterations, batch, problems) = match (self.optimizee, quick) {
            (Kind::Quadratic, false) => (2500, 128, 1000),
            (Kind::Quadratic, true) => (20, 32, 100),
            (Kind::Mlp, false) => (300, 8, 100),
            (Kind::Mlp, true) => (3, 2, 10),
        };
        let problems = self.problems.unwrap_or(problems).max(2);
        Plan {
            optimizee: self.optimizee,
            orders: self.order.map_or(vec![1, 2], |order| vec![Order::from(order).number()]),
            iterations: self.iterations.unwrap_or(iterations),
            batch: self.batch.unwrap_or(batch),
            steps: self.steps,
            truncation: self.truncation.min(self.steps),
            problems,
            searched: (problems / 4).max(2),
            seed: self.common.seed,
        }
    }
}

impl Plan {
    /// How many problems lie side by side on a tape.
    pub fn chunk(&self) -> usize {
        match self.optimizee {
            Kind::Quadratic => 32,
            Kind::Mlp => 1,
        }
    }

    /// The lengths of the segments that the steps are cut into.
    pub fn segments(&self) -> impl Iterator<Item = usize> {
        let (steps, truncation) = (self.steps, self.truncation);
        (0..steps).step_by(truncation).map(move |start| truncation.min(steps - start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(words: &str) -> Plan {
        let words = ["learned_optimizer"].into_iter().chain(words.split_whitespace());
        Options::try_parse_from(words).unwrap().plan()
    }

    #[test]
    fn without_options_it_is_the_published_experiment_both_ways() {
        let plan = plan("");
        assert_eq!((plan.optimizee, plan.steps, plan.truncation), (Kind::Quadratic, 100, 20));
        assert_eq!((plan.batch, plan.problems, plan.orders.as_slice()), (128, 1000, &[1, 2][..]));
    }

    #[test]
    fn segments_are_the_whole_way() {
        let lengths = |words: &str| plan(words).segments().collect::<Vec<_>>();
        assert_eq!(lengths(""), [20; 5]);
        assert_eq!(lengths("--steps 50"), [20, 20, 10]);
        assert_eq!(lengths("--steps 7 --truncation 20"), [7]);
    }
}
