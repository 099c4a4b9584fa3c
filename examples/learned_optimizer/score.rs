//! Losses on unseen problems, and the table of them.

use metatape::prelude::*;
use serde::Serialize;

use crate::common::{Progress, mean_and_ci95, streams, table, workers};
use crate::hand_made::Searched;
use crate::optimizee::{Kind, Objective, Problems};
use crate::options::Plan;
use crate::run::Run;

/// The steps that the table shows, besides the last.
const SHOWN: [usize; 3] = [0, 20, 50];

/// Losses after 100 steps in a public reproduction with the same problems, read off a figure to 5 %.
const REFERENCE: [(&str, f64); 5] =
    [("lstm-dropped", 0.24), ("adam", 0.34), ("nesterov", 0.45), ("rmsprop", 1.05), ("sgd", 1.3)];

/// One optimiser on its way down.
pub struct Path {
    pub name: &'static str,
    /// The mean loss after each step, and half the width of its 95 % interval.
    pub losses: Vec<[f64; 2]>,
    rate: Option<f64>,
    order: Option<u32>,
    milliseconds: Option<f64>,
}

#[derive(Serialize)]
pub struct Row {
    optimizer: &'static str,
    step: usize,
    loss: f64,
    ci95: f64,
    /// Of a hand-made optimiser, the rate that the search found.
    rate: Option<f64>,
    /// Of a learned one: 1 where the derivative of the problem's gradient was dropped, 2 where it was kept.
    order: Option<u32>,
    /// Of a learned one, how long an iteration of training took.
    milliseconds: Option<f64>,
    reference: Option<f64>,
}

/// All optimisers on the same unseen problems.
pub fn all(plan: &Plan, problems: &Problems, runs: &[Run], searched: &[Searched]) -> Vec<Path> {
    let unseen = problems.batch(plan.problems, (plan.seed, streams::SCORING));
    let workers = workers(plan.chunk());
    let mut progress = Progress::start("scoring", runs.len() + searched.len(), 0);
    let mut paths = Vec::new();
    for run in runs {
        let training = &run.training;
        let losses = mean(&training.unroll.losses(&workers, &training.phi, &unseen, plan.steps));
        let (order, milliseconds) = (Some(training.unroll.order.number()), run.milliseconds());
        paths.push(Path { name: run.name(), losses, rate: None, order, milliseconds });
        progress.step(String::new);
    }
    for Searched { name, learner } in searched {
        let unroll = Unroll { learner: *learner, loss: Objective(plan.optimizee), order: Order::First };
        let losses = mean(&unroll.losses(&workers, &(), &unseen, plan.steps));
        let rate = Some(f64::from(learner.rate));
        paths.push(Path { name, losses, rate, order: None, milliseconds: None });
        progress.step(String::new);
    }
    progress.finish();
    paths
}

/// Mean and interval of each step, over all problems.
fn mean(losses: &[Vec<f64>]) -> Vec<[f64; 2]> {
    let steps = 0..losses[0].len();
    steps.map(|step| mean_and_ci95(losses.iter().map(|path| path[step])).into()).collect()
}

/// The steps that the table shows.
fn shown(plan: &Plan) -> impl Iterator<Item = usize> + Clone {
    SHOWN.into_iter().filter(|step| *step < plan.steps).chain([plan.steps])
}

fn reference(plan: &Plan, name: &str) -> Option<f64> {
    let known = REFERENCE.iter().find(|(optimizer, _)| *optimizer == name);
    known.filter(|_| plan.optimizee == Kind::Quadratic && plan.steps == 100).map(|(_, loss)| *loss)
}

pub fn rows(plan: &Plan, paths: &[Path]) -> Vec<Row> {
    let row = |path: &Path, step: usize| {
        let [loss, ci95] = path.losses[step];
        let Path { name, rate, order, milliseconds, .. } = *path;
        let reference = reference(plan, name).filter(|_| step == plan.steps);
        Row { optimizer: name, step, loss, ci95, rate, order, milliseconds, reference }
    };
    paths.iter().flat_map(|path| shown(plan).map(move |step| row(path, step))).collect()
}

pub fn print(plan: &Plan, paths: &[Path]) {
    println!("Mean loss ± 95 % interval over {} unseen problems after so many steps.", plan.problems);
    let steps: Vec<String> = shown(plan).map(|step| step.to_string()).collect();
    let mut heads = vec!["optimizer", "rate", "ms/iteration"];
    heads.extend(steps.iter().map(String::as_str));
    heads.push("reference");
    let lines: Vec<Vec<String>> = paths.iter().map(|path| line(plan, path)).collect();
    println!("{}", table(&heads, &lines));
}

fn line(plan: &Plan, path: &Path) -> Vec<String> {
    let or_none = |number: Option<String>| number.unwrap_or_default();
    let mut line = vec![
        path.name.to_owned(),
        or_none(path.rate.map(|rate| format!("{rate:.2e}"))),
        or_none(path.milliseconds.map(|time| format!("{time:.0}"))),
    ];
    line.extend(shown(plan).map(|step| {
        let [loss, ci95] = path.losses[step];
        format!("{loss:.3} ± {ci95:.3}")
    }));
    line.push(or_none(reference(plan, path.name).map(|loss| loss.to_string())));
    line
}
