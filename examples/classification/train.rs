//! Training of all learners of a plan, and their scores.

use metatape::tasks::FewShotTasks;
use serde::Serialize;

use crate::common::{self, Progress, Saved, Session, crew, interrupted, side_by_side, tell};
use crate::dataset::Data;
use crate::options::Options;
use crate::origin::Origin;
use crate::pictures;
use crate::plan::Plan;
use crate::run::Run;
use crate::score::{self, Scored};

/// How many lines of the log tell of the loss of a learner.
const LOSS_LINES: usize = 500;

#[derive(Serialize)]
struct LossLine {
    learner: &'static str,
    iteration: usize,
    /// The mean since the line before.
    loss: f64,
    skipped: u64,
}

#[derive(Serialize)]
struct WatchLine {
    learner: &'static str,
    iteration: usize,
    accuracy: f64,
    ci95: f64,
}

/// Trains and scores as the options say.
///
/// # Errors
/// Anything that goes wrong, and Ctrl-C.
pub fn run(options: &Options) -> common::Result {
    let plan = options.plan()?;
    let seed = options.common.seed;
    let load = || {
        let data = crew::agree(plan.dataset.load(options.data.as_deref(), plan.images_of_class, seed))?;
        data.same_everywhere()?;
        common::Result::Ok(data)
    };
    // A fresh run replaces an earlier one only when its data are sound; a resumed one looks first whether it can go on.
    let (data, mut session) = if options.common.resume {
        let session = Session::start("classification", &options.common, &plan)?;
        (load()?, session)
    } else {
        let data = load()?;
        check_sizes(&plan, &data)?;
        (data, Session::start("classification", &options.common, &plan)?)
    };
    let origin = Origin::of(&data.train);
    let mut runs: Vec<Run> =
        plan.learners.iter().map(|learner| Run::new(&plan, *learner, origin.image, seed)).collect();
    if let Some(checkpoint) = session.restored() {
        origin.agree(checkpoint)?;
        runs.iter_mut().try_for_each(|run| run.restore(checkpoint))?;
    }
    let tasks = plan.tasks(data.train.shape()[0]).over(&data.train, &origin.normalization)?;
    let watched = data.val.as_ref().unwrap_or(&data.test);
    let watched = plan.test_tasks(plan.shots, watched.shape()[0]).over(watched, &origin.normalization)?;
    train(&plan, &origin, &mut session, &mut runs, [&tasks, &watched])?;
    pictures::curves(&plan, &runs, &session)?;
    let scored = Scored { images: &data.test, part: data.test_part, unseen: true, origin: &origin };
    score::all(&plan, &runs, &session, &scored)
}

/// Refuses tasks that the data are too few for before anything is written.
fn check_sizes(plan: &Plan, data: &Data) -> common::Result {
    let origin = Origin::of(&data.train);
    plan.tasks(data.train.shape()[0]).over(&data.train, &origin.normalization)?;
    let watched = data.val.as_ref().unwrap_or(&data.test);
    plan.test_tasks(plan.shots, watched.shape()[0]).over(watched, &origin.normalization)?;
    for shots in &plan.test_shots {
        plan.test_tasks(*shots, data.test.shape()[0]).over(&data.test, &origin.normalization)?;
    }
    Ok(())
}

/// All runs side by side, iteration after iteration.
fn train(
    plan: &Plan,
    origin: &Origin,
    session: &mut Session,
    runs: &mut [Run],
    [tasks, watched]: [&FewShotTasks; 2],
) -> common::Result {
    let (every, watch_every) =
        ((plan.iterations / LOSS_LINES).max(1), (plan.iterations / plan.watches).max(1));
    let mut done = session.restored_number("iteration", 0)?;
    let names = runs.iter().map(Run::name).collect::<Vec<_>>().join(", ");
    tell(format_args!("{} iterations of {} tasks, {names}", plan.iterations, plan.meta_batch));
    let mut progress = Progress::start("training", plan.iterations, done);
    if done == 0 {
        save(session, origin, runs, done)?;
    }
    loop {
        if done.is_multiple_of(watch_every) || done == plan.iterations {
            for run in
                runs.iter_mut().filter(|run| run.watches.last().is_none_or(|last| last.iteration < done))
            {
                if run.watch(plan, watched) {
                    session.log(&watch_line(run))?;
                }
            }
        }
        if interrupted() {
            save(session, origin, runs, done)?;
            progress.finish();
            return Err(session.interrupted().into());
        }
        if done == plan.iterations {
            break;
        }
        side_by_side(runs, |run| run.advance(plan, tasks))?;
        done += 1;
        if done.is_multiple_of(every) || done == plan.iterations {
            for run in runs.iter() {
                session.log(&loss_line(run, every))?;
            }
        }
        if session.checkpoint_due() {
            save(session, origin, runs, done)?;
        }
        progress.advance(1, || runs.iter().map(|run| note(run, every)).collect::<Vec<_>>().join("; "));
    }
    progress.finish();
    save(session, origin, runs, done)
}

fn save(session: &mut Session, origin: &Origin, runs: &[Run], iteration: usize) -> common::Result {
    let mut saved = Saved::after(iteration);
    origin.save(&mut saved);
    runs.iter().for_each(|run| run.save(&mut saved));
    saved.write(session)
}

fn loss_line(run: &Run, every: usize) -> LossLine {
    let [skipped, _] = run.training.skips();
    LossLine { learner: run.name(), iteration: run.iteration, loss: recent_loss(run, every), skipped }
}

fn watch_line(run: &Run) -> WatchLine {
    let last = run.watches[run.watches.len() - 1];
    let (iteration, accuracy, ci95) = (last.iteration, last.accuracy, last.ci95);
    WatchLine { learner: run.name(), iteration, accuracy, ci95 }
}

/// The mean of the finite losses of the last iterations.
fn recent_loss(run: &Run, iterations: usize) -> f64 {
    let finite = run.losses.iter().rev().take(iterations).filter(|loss| loss.is_finite());
    finite.clone().sum::<f64>() / finite.count() as f64
}

fn note(run: &Run, every: usize) -> String {
    let accuracy = run.watches.last().map_or(f64::NAN, |watch| watch.accuracy);
    format!("{}: loss {:.3}, {accuracy:.1} % on unseen classes", run.name(), recent_loss(run, every))
}
