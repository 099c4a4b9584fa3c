//! Hand-made optimisers, each with the best rate that a search finds for it.

use metatape::prelude::*;

use crate::common::{self, Progress, Session, interrupted, streams, workers};
use crate::optimizee::{Objective, Problems};
use crate::options::Plan;

const RULES: [(&str, Rule); 5] = [
    ("sgd", Rule::Plain),
    ("momentum", Rule::Momentum { keep: 0.9, nesterov: false }),
    ("nesterov", Rule::Momentum { keep: 0.9, nesterov: true }),
    ("rmsprop", Rule::RmsProp { keep: 0.9, epsilon: 1e-8 }),
    ("adam", Rule::ADAM),
];

/// The rates that are tried: from 1e-4 to 10, four a decade.
const EXPONENTS: std::ops::RangeInclusive<i32> = -16..=4;
const A_DECADE: f64 = 4.0;

/// A hand-made optimiser with its best rate.
pub struct Searched {
    pub name: &'static str,
    pub learner: Descent,
}

/// For each optimiser the rate whose mean loss after the last step is the smallest, on problems that are not scored.
///
/// # Errors
/// Ctrl-C.
pub fn search(plan: &Plan, problems: &Problems, session: &Session) -> common::Result<Vec<Searched>> {
    let unsolved = problems.batch(plan.searched, (plan.seed, streams::WATCHING));
    let workers = workers(plan.chunk());
    let mut progress = Progress::start("searching rates", RULES.len() * EXPONENTS.count(), 0);
    let mut found = Vec::new();
    for (name, rule) in RULES {
        let mut best = (f64::INFINITY, f32::NAN);
        for exponent in EXPONENTS {
            if interrupted() {
                progress.finish();
                return Err(session.interrupted().into());
            }
            let rate = 10f64.powf(f64::from(exponent) / A_DECADE) as f32;
            let unroll = Unroll {
                learner: Descent { rule, rate },
                loss: Objective(plan.optimizee),
                order: Order::First,
            };
            let losses = unroll.losses(&workers, &(), &unsolved, plan.steps);
            let last = losses.iter().map(|path| path[plan.steps]).sum::<f64>() / losses.len() as f64;
            if last < best.0 {
                best = (last, rate);
            }
            progress.advance(1, || format!("{name} at {rate:.2e}: {last:.3}"));
        }
        found.push(Searched { name, learner: Descent { rule, rate: best.1 } });
    }
    progress.finish();
    Ok(found)
}
