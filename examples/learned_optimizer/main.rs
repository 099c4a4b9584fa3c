//! Learning to learn by gradient descent by gradient descent: an LSTM learns to optimise, and is held against hand-made
//! optimisers whose rates were searched for.

#[path = "../common/mod.rs"]
mod common;

mod hand_made;
mod optimizee;
mod options;
mod plots;
mod run;
mod score;

use std::process::ExitCode;

use common::{Progress, Saved, Session, interrupted, leads, side_by_side, tell};
use optimizee::Problems;
use options::{Options, Plan};
use run::Run;
use serde::Serialize;

/// After how many iterations each a line of the log tells of the loss.
const LOG_EVERY: usize = 20;

#[derive(Serialize)]
struct LogLine<'a> {
    optimizer: &'a str,
    iteration: usize,
    /// The mean loss over all steps on the way.
    loss: f64,
    skipped: u64,
}

fn main() -> ExitCode {
    common::main(|options: Options| {
        let plan = options.plan();
        let mut session = Session::start("learned_optimizer", &options.common, &plan)?;
        let problems = Problems::new(plan.optimizee, options.common.seed);
        let mut runs = Run::all(&plan, options.common.seed);
        if let Some(checkpoint) = session.restored() {
            runs.iter_mut().try_for_each(|run| run.restore(checkpoint))?;
        }
        train(&plan, &problems, &mut session, &mut runs)?;
        let searched = hand_made::search(&plan, &problems, &session)?;
        let paths = score::all(&plan, &problems, &runs, &searched);
        if !leads() {
            return Ok(());
        }
        score::print(&plan, &paths);
        plots::learning_curves(&plan, &paths, &session)?;
        session.finish(&score::rows(&plan, &paths))?;
        println!("{:.0} s; results and plots in {}", session.seconds(), session.file("").display());
        Ok(())
    })
}

/// All runs side by side, iteration after iteration.
fn train(plan: &Plan, problems: &Problems, session: &mut Session, runs: &mut [Run]) -> common::Result {
    let mut done = session.restored_number("iteration", 0)?;
    let names = runs.iter().map(Run::name).collect::<Vec<_>>().join(", ");
    tell(format_args!("{} iterations of {} problems, {names}", plan.iterations, plan.batch));
    let mut progress = Progress::start("training", plan.iterations, done);
    if done == 0 {
        save(session, runs, done)?;
    }
    while done < plan.iterations {
        side_by_side(runs, |run| run.advance(plan, problems))?;
        done += 1;
        if done.is_multiple_of(LOG_EVERY) || done == plan.iterations {
            for run in runs.iter() {
                let (optimizer, skipped) = (run.name(), run.training.guard.skipped);
                session.log(&LogLine { optimizer, iteration: done, loss: run.loss, skipped })?;
            }
        }
        if interrupted() {
            save(session, runs, done)?;
            progress.finish();
            return Err(session.interrupted().into());
        }
        if session.checkpoint_due() {
            save(session, runs, done)?;
        }
        progress.advance(1, || {
            let losses: Vec<String> =
                runs.iter().map(|run| format!("{} {:.3}", run.name(), run.loss)).collect();
            format!("loss on the way {}", losses.join(", "))
        });
    }
    progress.finish();
    save(session, runs, done)
}

fn save(session: &mut Session, runs: &[Run], iteration: usize) -> common::Result {
    let mut saved = Saved::after(iteration);
    runs.iter().for_each(|run| run.save(&mut saved));
    saved.write(session)
}
