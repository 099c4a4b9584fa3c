//! The main job: MAML and Meta-SGD, exact to second order, on the published sinusoid benchmark.
//!
//! Trains each learner at each number of shots, scores it on unseen sinusoids at each number of test shots, and prints
//! the published table beside its own.

#[path = "../common/mod.rs"]
mod common;

mod learner;
mod options;
mod plots;
mod published;
mod run;
mod score;
mod state;

use std::process::ExitCode;

use common::{Progress, Session, interrupted, leads, side_by_side, tell};
use options::{Options, Plan};
use run::Run;
use serde::Serialize;

/// How many iterations every run does between two looks at the clock, the log and Ctrl-C.
const ROUND: usize = 500;

#[derive(Serialize)]
struct LogLine<'a> {
    run: &'a str,
    iteration: usize,
    loss: f64,
    skipped: u64,
}

fn main() -> ExitCode {
    common::main(|options: Options| {
        let plan = options.plan();
        let mut session = Session::start("sinusoid", &options.common, &plan)?;
        let mut runs = Run::all(&plan, options.common.seed);
        if let Some(checkpoint) = session.restored() {
            runs.iter_mut().try_for_each(|run| run.restore(checkpoint))?;
        }
        train(&plan, &mut session, &mut runs)?;
        let cells = score::all(&plan, &runs);
        if !leads() {
            return Ok(());
        }
        score::print(&plan, &cells);
        plots::learning_curves(&runs, &session)?;
        plots::adapted_curves(&plan, &runs, &session)?;
        session.finish(&cells)?;
        println!("{:.0} s; results and plots in {}", session.seconds(), session.file("").display());
        Ok(())
    })
}

/// All runs side by side, round after round, until each has done all iterations.
fn train(plan: &Plan, session: &mut Session, runs: &mut [Run]) -> common::Result {
    let mut done = session.restored_number("iteration", 0)?;
    let names = runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>().join(", ");
    tell(format_args!("{} iterations of {names}", plan.iterations));
    let mut progress = Progress::start("training", plan.iterations, done);
    if done == 0 {
        state::save(session, runs, done)?;
    }
    while done < plan.iterations {
        let round = ROUND.min(plan.iterations - done);
        side_by_side(runs, |run| run.advance(plan, round))?;
        done += round;
        for run in runs.iter() {
            let loss = run.history.last().copied().unwrap_or(f64::NAN);
            session.log(&LogLine { run: &run.name, iteration: done, loss, skipped: run.skipped() })?;
        }
        if interrupted() {
            state::save(session, runs, done)?;
            progress.finish();
            return Err(session.interrupted().into());
        }
        if session.checkpoint_due() {
            state::save(session, runs, done)?;
        }
        progress.advance(round, || run::losses(runs));
    }
    progress.finish();
    state::save(session, runs, done)
}
