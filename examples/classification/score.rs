//! Scores on classes that were not trained on, beside the published ones.

use metatape::tasks::Images;
use serde::Serialize;

use crate::common::{self, Progress, Session, leads, mean_and_ci95, streams, table, workers};
use crate::dataset::{Dataset, Part};
use crate::learner::Learner;
use crate::origin::Origin;
use crate::pictures;
use crate::plan::Plan;
use crate::published;
use crate::run::Run;

/// What is scored on.
pub struct Scored<'a> {
    pub images: &'a Images,
    pub part: Part,
    /// Whether none of its classes was trained on.
    pub unseen: bool,
    pub origin: &'a Origin,
}

/// One learner on tasks of one size; accuracies in per cent.
#[derive(Serialize)]
struct Row {
    dataset: Dataset,
    split: Part,
    ways: usize,
    shots: usize,
    query: usize,
    learner: Learner,
    order: u32,
    /// Inner steps in scoring.
    steps: usize,
    episodes: usize,
    accuracy: f64,
    ci95: f64,
    published: Option<f64>,
    published_ci95: Option<f64>,
    train_shots: usize,
    train_steps: usize,
    /// How many meta-gradients of the training were skipped because they were not finite.
    skipped: u64,
}

/// Scores every run at every number of shots, all on the same tasks; prints and writes the results, and a picture for each.
///
/// # Errors
/// The tasks do not fit the images, a file cannot be written, or Ctrl-C.
pub fn all(plan: &Plan, runs: &[Run], session: &Session, scored: &Scored) -> common::Result {
    let mut rows = Vec::new();
    let workers = workers(1);
    let total = plan.test_shots.len() * runs.len() * plan.episodes;
    let mut progress = Progress::start("scoring", total, 0);
    for &shots in &plan.test_shots {
        let tasks = plan
            .test_tasks(shots, scored.images.shape()[0])
            .over(scored.images, &scored.origin.normalization)?;
        for run in runs {
            let which = (streams::SCORING, plan.episodes);
            let accuracies = run.accuracies(&workers, &tasks, which, |done| {
                progress.advance(done, || run.name().to_owned());
            });
            let Some(accuracies) = accuracies else {
                progress.finish();
                return Err(session.interrupted().into());
            };
            rows.push(row(plan, run, shots, scored, &accuracies));
        }
    }
    progress.finish();
    if !leads() {
        return Ok(());
    }
    for &shots in &plan.test_shots {
        let tasks = plan
            .test_tasks(shots, scored.images.shape()[0])
            .over(scored.images, &scored.origin.normalization)?;
        runs.iter().try_for_each(|run| pictures::episode(plan, run, &tasks, scored.origin, session))?;
    }
    print(plan, &rows);
    session.finish(&rows)?;
    println!("{:.0} s; results and pictures in {}", session.seconds(), session.file("").display());
    Ok(())
}

fn row(plan: &Plan, run: &Run, shots: usize, scored: &Scored, accuracies: &[f64]) -> Row {
    let (accuracy, ci95) = mean_and_ci95(accuracies.iter().copied());
    let (learner, order) = (run.learner, run.setting.order);
    // Accuracies on classes that were trained on have no published counterpart.
    let published =
        scored.unseen.then(|| published::of(plan.dataset, (learner, order), (plan.ways, shots))).flatten();
    Row {
        dataset: plan.dataset,
        split: scored.part,
        ways: plan.ways,
        shots,
        query: plan.test_query,
        learner,
        order,
        steps: run.setting.test_steps,
        episodes: accuracies.len(),
        accuracy,
        ci95,
        published: published.map(|published| published.accuracy),
        published_ci95: published.and_then(|published| published.ci95),
        train_shots: plan.shots,
        train_steps: run.setting.steps,
        skipped: run.training.skips()[0],
    }
}

fn print(plan: &Plan, rows: &[Row]) {
    let (dataset, ways, query) = (plan.dataset.name(), plan.ways, plan.test_query);
    println!(
        "Accuracy in per cent ± 95 % interval over {} tasks of {dataset}, {ways} ways, {query} query images of each class.",
        plan.episodes
    );
    let heads = ["learner", "order", "shots", "steps", "accuracy", "published"];
    let lines: Vec<Vec<String>> = rows.iter().map(line).collect();
    println!("{}", table(&heads, &lines));
    println!("Meta-gradients skipped as not finite: {}.", {
        let of_one_size = rows.iter().filter(|row| row.shots == plan.test_shots[0]);
        of_one_size.map(|row| row.skipped).sum::<u64>()
    });
}

fn line(row: &Row) -> Vec<String> {
    let published = match (row.published, row.published_ci95) {
        (Some(accuracy), Some(ci95)) => format!("{accuracy} ± {ci95}"),
        (Some(accuracy), None) => accuracy.to_string(),
        _ => String::new(),
    };
    vec![
        row.learner.name().to_owned(),
        row.order.to_string(),
        row.shots.to_string(),
        row.steps.to_string(),
        format!("{:.2} ± {:.2}", row.accuracy, row.ci95),
        published,
    ]
}
