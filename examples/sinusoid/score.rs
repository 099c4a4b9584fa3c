//! Scores on unseen tasks, beside the published ones.

use metatape::prelude::*;
use metatape::tasks::stream;
use rayon::prelude::*;
use serde::Serialize;

use crate::common::{mean_and_ci95, streams, table, workers};
use crate::learner::Learner;
use crate::options::{Plan, Protocol};
use crate::published::{self, Published};
use crate::run::Run;

/// How many points an adapted curve is judged on, and how many curves a repeat has.
const POINTS: usize = 100;
const CURVES: usize = 100;

/// Above this mean squared error the adaptation to a task has failed rather than fallen short: targets lie within ±5.
const EXPLODED: f64 = 100.0;

/// One learner, trained at one number of shots, scored at another.
#[derive(Serialize)]
pub struct Cell {
    pub learner: Learner,
    pub order: u32,
    pub train_shots: usize,
    pub test_shots: usize,
    pub steps: usize,
    /// The mean over all tasks.
    pub mse: f64,
    pub ci95: f64,
    /// The worst task.
    pub worst: f64,
    /// How many tasks ended above 100, or nowhere.
    pub exploded: usize,
    pub tasks: usize,
    /// How many meta-gradients of the training were skipped because they were not finite.
    pub skipped: u64,
    pub published_mse: Option<f64>,
    pub published_ci95: Option<f64>,
    pub published_method: Option<&'static str>,
}

/// Every run at every number of test shots, all on the same tasks.
pub fn all(plan: &Plan, runs: &[Run]) -> Vec<Cell> {
    let most = plan.scored_steps().into_iter().max().unwrap_or(1);
    let workers = workers(10);
    let mut cells = Vec::new();
    for &test_shots in &plan.test_shots {
        let tasks = tasks(plan, test_shots);
        for run in runs {
            let losses = run.training.evaluate(&workers, &tasks, (most, plan.adaptation()));
            cells.extend(
                plan.scored_steps().into_iter().map(|steps| cell(plan, run, test_shots, steps, &losses)),
            );
        }
    }
    cells.sort_by_key(|cell| (cell.learner.name(), cell.train_shots, cell.test_shots, cell.steps));
    cells
}

fn tasks(plan: &Plan, shots: usize) -> Vec<Episode> {
    let world = plan.world();
    let task =
        |task: usize| world.episode(shots, POINTS, &mut stream(plan.seed, streams::SCORING, task as u64));
    (0..CURVES * plan.repeats).into_par_iter().map(task).collect()
}

fn cell(plan: &Plan, run: &Run, test_shots: usize, steps: usize, losses: &[Vec<f64>]) -> Cell {
    let each = || losses.iter().map(|losses| losses[steps]);
    let (mse, ci95) = mean_and_ci95(each());
    let published: Option<Published> = published::of(plan, run.learner, run.shots, test_shots, steps);
    Cell {
        learner: run.learner,
        order: run.learner.order().number(),
        train_shots: run.shots,
        test_shots,
        steps,
        mse,
        ci95,
        worst: each().max_by(f64::total_cmp).unwrap_or(f64::NAN),
        exploded: each().filter(|loss| *loss > EXPLODED || loss.is_nan()).count(),
        tasks: losses.len(),
        skipped: run.skipped(),
        published_mse: published.map(|published| published.mse),
        published_ci95: published.and_then(|published| published.ci95),
        published_method: published.map(|published| published.method),
    }
}

/// Prints the cells, one line each.
pub fn print(plan: &Plan, cells: &[Cell]) {
    let whose = match plan.protocol {
        Protocol::MetaSgd => "Meta-SGD's protocol: the frequency varies",
        Protocol::Maml => "MAML's protocol: the frequency is fixed",
    };
    println!("Mean squared error ± 95 % interval over {} unseen tasks. {whose}.", CURVES * plan.repeats);
    let heads =
        ["learner", "order", "train shots", "test shots", "steps", "mse", "published", "ratio", "worst task"];
    let rows: Vec<Vec<String>> = cells.iter().map(row).collect();
    println!("{}", table(&heads, &rows));
    let skipped: u64 = {
        let mut by_run: Vec<_> =
            cells.iter().map(|cell| (cell.learner.name(), cell.train_shots, cell.skipped)).collect();
        by_run.dedup();
        by_run.iter().map(|(_, _, skipped)| skipped).sum()
    };
    let exploded: usize = cells.iter().map(|cell| cell.exploded).sum();
    println!(
        "Meta-gradients skipped as not finite: {skipped}. Tasks that ended above {EXPLODED}: {exploded}."
    );
}

fn row(cell: &Cell) -> Vec<String> {
    let published = match (cell.published_mse, cell.published_ci95, cell.published_method) {
        (Some(mse), Some(ci95), _) => format!("{mse:.2} ± {ci95:.2}"),
        (Some(mse), None, Some(method)) => format!("{mse:.2} ({method})"),
        _ => String::new(),
    };
    vec![
        cell.learner.name().to_owned(),
        cell.order.to_string(),
        cell.train_shots.to_string(),
        cell.test_shots.to_string(),
        cell.steps.to_string(),
        format!("{:.3} ± {:.3}", cell.mse, cell.ci95),
        published,
        cell.published_mse.map_or_else(String::new, |published| format!("{:.2}", cell.mse / published)),
        format!("{:.1}", cell.worst),
    ]
}
