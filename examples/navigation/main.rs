//! Policies that find a goal they cannot see: MAML and Meta-SGD on 2D navigation, with an exact trust region.
//!
//! Trains each learner on tasks with a fixed and with a varying start, scores it on unseen goals, and prints the published
//! table beside its own.

#[path = "../common/mod.rs"]
mod common;

mod learner;
mod options;
mod plots;
mod published;
mod run;
mod score;
mod tasks;

use std::process::ExitCode;

use common::{Progress, Saved, Session, interrupted, leads, tell};
use options::{Options, Plan};
use run::Run;
use serde::Serialize;

#[derive(Serialize)]
struct LogLine<'a> {
    run: &'a str,
    iteration: usize,
    /// The mean return before adaptation and after each update.
    returns: &'a [f64],
    /// Surrogate before and after the outer step.
    loss: [f64; 2],
    divergence: f64,
    applied: bool,
}

fn main() -> ExitCode {
    common::main(|options: Options| {
        let plan = options.plan();
        let mut session = Session::start("navigation", &options.common, &plan)?;
        let mut runs = Run::all(&plan);
        if let Some(checkpoint) = session.restored() {
            runs.iter_mut().try_for_each(|run| run.restore(checkpoint))?;
        }
        train(&plan, &mut session, &mut runs)?;
        let rows = score::all(&plan, &runs, &session)?;
        if !leads() {
            return Ok(());
        }
        score::print(&plan, &rows);
        plots::returns(&runs, &session)?;
        plots::paths(&plan, &runs, &session)?;
        session.finish(&rows)?;
        println!("{:.0} s; results and plots in {}", session.seconds(), session.file("").display());
        Ok(())
    })
}

/// All runs side by side, iteration after iteration; a run has all cores while it is its turn.
fn train(plan: &Plan, session: &mut Session, runs: &mut [Run]) -> common::Result {
    let mut done = session.restored_number("iteration", 0)?;
    let names = runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>().join(", ");
    tell(format_args!("{} iterations of {} tasks, {names}", plan.iterations, plan.tasks));
    let mut progress = Progress::start("training", plan.iterations, done);
    if done == 0 {
        save(session, runs, done)?;
    }
    while done < plan.iterations {
        for run in runs.iter_mut() {
            let report = match run.iterate(plan, done) {
                Ok(report) => report,
                Err(error) => {
                    progress.finish();
                    return Err(error);
                }
            };
            let returns = &run.returns[run.returns.len() - 1];
            let (loss, divergence, applied) = (report.loss, report.divergence, report.applied);
            session.log(&LogLine {
                run: &run.name,
                iteration: done + 1,
                returns,
                loss,
                divergence,
                applied,
            })?;
        }
        done += 1;
        if interrupted() {
            save(session, runs, done)?;
            progress.finish();
            return Err(session.interrupted().into());
        }
        if session.checkpoint_due() {
            save(session, runs, done)?;
        }
        progress.step(|| run::returns(runs));
    }
    progress.finish();
    save(session, runs, done)
}

fn save(session: &mut Session, runs: &[Run], iteration: usize) -> common::Result {
    let mut saved = Saved::after(iteration);
    runs.iter().for_each(|run| run.save(&mut saved));
    saved.write(session)
}
