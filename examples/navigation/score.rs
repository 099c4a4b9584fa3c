//! Returns on unseen tasks, beside the published ones.

use serde::Serialize;

use crate::common::{self, Progress, Session, interrupted, mean_and_ci95, table};
use crate::learner::Learner;
use crate::options::{Plan, Start};
use crate::published::{self, Published};
use crate::run::Run;

/// One learner at one start after so many updates.
#[derive(Serialize)]
pub struct Row {
    learner: Learner,
    order: u32,
    start: Start,
    updates: usize,
    #[serde(rename = "return")]
    mean: f64,
    ci95: f64,
    published: Option<f64>,
    published_ci95: Option<f64>,
    tasks: usize,
}

/// How many tasks are adapted to between two looks at Ctrl-C.
const SLICE: usize = 50;

/// Scores every run, all on the same tasks.
///
/// # Errors
/// A task cannot be adapted to, or Ctrl-C.
pub fn all(plan: &Plan, runs: &[Run], session: &Session) -> common::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut progress = Progress::start("scoring", runs.len() * plan.test_tasks, 0);
    for run in runs {
        let mut returns = Vec::with_capacity(plan.test_tasks);
        for first in (0..plan.test_tasks).step_by(SLICE) {
            if interrupted() {
                progress.finish();
                return Err(session.interrupted().into());
            }
            let slice = first..(first + SLICE).min(plan.test_tasks);
            progress.advance(slice.len(), || run.name.clone());
            returns.extend(run.returns_of(plan, slice)?);
        }
        rows.extend((0..=plan.updates).map(|updates| row(run, updates, &returns)));
    }
    progress.finish();
    Ok(rows)
}

fn row(run: &Run, updates: usize, returns: &[Vec<f64>]) -> Row {
    let (mean, ci95) = mean_and_ci95(returns.iter().map(|returns| returns[updates]));
    let published: Option<Published> = published::of(run.start, run.learner, updates);
    Row {
        learner: run.learner,
        order: run.learner.order().number(),
        start: run.start,
        updates,
        mean,
        ci95,
        published: published.map(|published| published.mean),
        published_ci95: published.and_then(|published| published.ci95),
        tasks: returns.len(),
    }
}

/// Prints the rows, one line each.
pub fn print(plan: &Plan, rows: &[Row]) {
    println!(
        "Mean return ± 95 % interval over {} unseen tasks, {} trajectories to each update and as many to each score.",
        plan.test_tasks, plan.trajectories
    );
    let heads = ["learner", "start", "updates", "return", "published"];
    let lines: Vec<Vec<String>> = rows.iter().map(line).collect();
    println!("{}", table(&heads, &lines));
}

fn line(row: &Row) -> Vec<String> {
    let published = match (row.published, row.published_ci95) {
        (Some(mean), Some(ci95)) => format!("{mean:.2} ± {ci95:.2}"),
        (Some(mean), None) => format!("{mean:.2}"),
        _ => String::new(),
    };
    vec![
        row.learner.name().to_owned(),
        row.start.name().to_owned(),
        row.updates.to_string(),
        format!("{:.2} ± {:.2}", row.mean, row.ci95),
        published,
    ]
}
