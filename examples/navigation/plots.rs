//! Pictures of a run: how returns rose, and where policies go before and after adaptation.

use metatape::tensor::Trajectories;

use crate::common::{Chart, Result, Session};
use crate::options::Plan;
use crate::run::Run;

/// The mean return after adaptation, over the iterations of training.
///
/// # Errors
/// The file cannot be written.
pub fn returns(runs: &[Run], session: &Session) -> Result {
    let mut chart =
        Chart::new("Return after adaptation, in training", "iteration", "mean return of a trajectory");
    for run in runs {
        let points =
            run.returns.iter().enumerate().map(|(at, returns)| [at as f64 + 1.0, returns[returns.len() - 1]]);
        chart = chart.line(run.name.clone(), points);
    }
    chart.save(session.file("returns.png"))
}

/// How many unseen tasks are drawn for a run, and how many trajectories of each.
const TASKS: usize = 2;
const TRAJECTORIES: usize = 3;

/// For each run, unseen tasks with trajectories before adaptation and after one update.
///
/// # Errors
/// A file cannot be written, or a task cannot be adapted to.
pub fn paths(plan: &Plan, runs: &[Run], session: &Session) -> Result {
    for run in runs {
        for task in 0..TASKS {
            let (world, adapted) = run.shown(plan, task)?;
            let title = format!("{}: {TRAJECTORIES} trajectories in an unseen task", run.name);
            let mut chart = Chart::new(title, "x", "y");
            for (name, trajectories) in ["before", "after 1 update"].into_iter().zip(&adapted.trajectories) {
                chart = chart.path(name, lines(trajectories));
            }
            let point = |[x, y]: [f64; 2]| [[x, y, 0.0]];
            let chart = chart.points("start", point(world.place)).points("goal", point(world.goal));
            chart.save(session.file(&format!("paths-{}-{task}.png", run.name)))?;
        }
    }
    Ok(())
}

/// The first trajectories, with a gap behind each.
fn lines(trajectories: &Trajectories) -> Vec<[f64; 2]> {
    let mut points = Vec::new();
    for span in trajectories.spans().take(TRAJECTORIES) {
        let places = trajectories.observations.values()[2 * span.start..2 * span.end].chunks_exact(2);
        points.extend(places.map(|place| [f64::from(place[0]), f64::from(place[1])]));
        points.push([f64::NAN; 2]);
    }
    points
}
