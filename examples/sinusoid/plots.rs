//! Pictures of a run: how the losses fell, and what adaptation does to a curve.

use metatape::prelude::*;
use metatape::tasks::stream;

use crate::ROUND;
use crate::common::{Chart, Result, Session, streams};
use crate::options::Plan;
use crate::run::{Run, network};

/// How many unseen sinusoids are drawn for a learner.
const DRAWN: u64 = 2;

/// The query loss after adaptation, over the iterations of training.
pub fn learning_curves(runs: &[Run], session: &Session) -> Result {
    let mut chart = Chart::new(
        "Query loss after adaptation, in training",
        "meta-iteration",
        format!("mean squared error (mean of {ROUND} iterations)"),
    )
    .logarithmic();
    for run in runs {
        let points =
            run.history.iter().enumerate().map(|(round, loss)| [((round + 1) * ROUND) as f64, *loss]);
        chart = chart.line(run.name.clone(), points);
    }
    chart.save(session.file("learning-curves.png"))
}

/// For each learner, unseen sinusoids with the network before adaptation and after 1 and 10 steps.
pub fn adapted_curves(plan: &Plan, runs: &[Run], session: &Session) -> Result {
    for learner in &plan.learners {
        let own = || runs.iter().filter(|run| run.learner == *learner);
        let Some(run) = own().find(|run| run.shots == 10).or_else(|| own().next()) else { continue };
        for number in 0..DRAWN {
            let name = format!("adapted-{}-{number}.png", run.name);
            curves(plan, run, number).save(session.file(&name))?;
        }
    }
    Ok(())
}

fn curves(plan: &Plan, run: &Run, number: u64) -> Chart {
    let world = plan.world();
    let mut rng = stream(plan.seed, streams::PLOTS, number);
    let wave = world.wave(&mut rng);
    let mut support = Batch { x: Tensor::zeros([run.shots, 1]), y: Tensor::zeros([run.shots, 1]) };
    wave.sample_into(&mut support, &mut rng);
    let grid: Vec<f64> = (0..=200).map(|i| -5.0 + 0.05 * f64::from(i)).collect();
    let shown = support.x.values().iter().zip(support.y.values());
    let title = format!("{} on an unseen sinusoid, {} points shown", run.learner.name(), run.shots);
    let mut chart = Chart::new(title, "x", "y")
        .dashes("the sinusoid", grid.iter().map(|x| [*x, wave.value(*x)]))
        .points("shown", shown.map(|(x, y)| [f64::from(*x), f64::from(*y), 0.0]).collect::<Vec<_>>());
    for (steps, name) in [(0, "before"), (1, "after 1 step"), (10, "after 10 steps")] {
        let theta = run.training.adapted(&support, steps);
        let y = predict(&theta, &grid);
        chart = chart.line(name, grid.iter().zip(y).map(|(x, y)| [*x, y]).collect::<Vec<_>>());
    }
    chart
}

fn predict(theta: &Tensors, grid: &[f64]) -> Vec<f64> {
    let tape = Tape::new();
    let x = tape.tensor(&Tensor::from_fn([grid.len(), 1], |i| grid[i] as f32));
    network(theta.put(&tape), x).read(|y| y.iter().map(|y| f64::from(*y)).collect())
}
