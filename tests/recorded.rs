//! Training that records its program once ends with the bits of training that records it in every iteration.

mod support;

use metatape::meta::{Inner, Loss};
use metatape::prelude::*;
use metatape::tasks::{Sinusoid, stream};
use support::{relu_loss, smooth_loss};

fn episodes(iteration: u64, count: u64, shots: usize) -> Vec<Episode> {
    let task = |task| Sinusoid::maml().episode(shots, shots, &mut stream(3, iteration, task));
    (0..count).map(task).collect()
}

fn training<L: Inner<f32>, F: Loss<f32>>(
    problem: Problem<L, F>,
    meta: L::Meta,
    theta: &Tensors,
) -> Training<f32, L, F, Adam> {
    // Chunks of 3 and 1: two programs.
    let (schedule, workers) = (Schedule::constant(1e-2), Workers::new(3));
    Training::new(problem, (theta.clone(), meta), Adam::new(), schedule, workers)
}

fn theta() -> Tensors {
    mlp_parameters(&[1, 8, 8, 1], Initializer::Xavier, &mut stream(0, 0, 0))
}

/// The floats of theta after ten iterations, with 5 points a task and then with 7.
fn trained<L, F>(problem: &Problem<L, F>, meta: L::Meta, recorded: bool) -> Vec<u32>
where
    L: Inner<f32> + Clone,
    F: Loss<f32> + Clone,
{
    let mut training = training(problem.clone(), meta, &theta());
    for (start, shots) in [(0, 5), (5, 7)] {
        let batches = (start..start + 5).map(|iteration| episodes(iteration, 4, shots));
        if recorded {
            let mut recorded = training.recorded();
            batches.for_each(|batch| assert!(recorded.step(&batch).expect("a finite gradient").applied));
        } else {
            batches.for_each(|batch| assert!(training.step(&batch).expect("a finite gradient").applied));
        }
    }
    training.learned.0.iter().flat_map(|(_, tensor)| tensor.values().iter().map(|x| x.to_bits())).collect()
}

#[test]
fn the_same_bits() {
    for order in [Order::First, Order::Second] {
        for steps in [0, 1, 3] {
            for task_clip in [Clip::None, Clip::Norm(0.5)] {
                let maml = Problem {
                    order,
                    task_clip,
                    ..Problem::new(Maml { rate: 0.02 }, relu_loss::<f32>, steps)
                };
                assert_eq!(
                    trained(&maml, (), true),
                    trained(&maml, (), false),
                    "MAML, {order:?}, {steps} steps"
                );
                let learner = MetaSgd { gradient_bound: Some(2.0), ..MetaSgd::published() };
                let alpha = learner.rates_like(&theta(), 0.02);
                let sgd = Problem { order, task_clip, ..Problem::new(learner, smooth_loss::<f32>, steps) };
                assert_eq!(
                    trained(&sgd, alpha.clone(), true),
                    trained(&sgd, alpha, false),
                    "Meta-SGD, {order:?}, {steps} steps"
                );
            }
        }
    }
}

/// Takes another loss where the first target is negative.
fn branching<'t>(theta: Params<'t>, batch: BatchVars<'t>) -> Var<'t> {
    let loss = smooth_loss(theta, batch);
    if batch.y.read(|y| y[0] < 0.0) { loss.sqrt() } else { loss }
}

#[test]
fn a_loss_that_looks_at_numbers_is_recorded_anew() {
    let problem = Problem::new(Maml { rate: 0.02 }, branching, 1);
    let signs: Vec<bool> =
        (0..10).map(|iteration| episodes(iteration, 1, 5)[0].support.y.values()[0] < 0.0).collect();
    assert!(signs.contains(&true) && signs.contains(&false), "both ways are taken");
    assert_eq!(trained(&problem, (), true), trained(&problem, (), false));
}

#[test]
fn what_changes_between_stretches_is_seen() {
    let at = |rate| Problem::new(Maml { rate }, smooth_loss::<f32>, 1);
    let batch = episodes(0, 4, 5);
    let mut changed = training(at(0.02), (), &theta());
    let loss = changed.recorded().step(&batch).expect("a finite gradient").loss;
    changed.problem.learner.rate = 0.3;
    changed.learned.0 = theta();
    let after = changed.recorded().step(&batch).expect("a finite gradient").loss;
    let alone = training(at(0.3), (), &theta()).step(&batch).expect("a finite gradient").loss;
    assert_eq!(after.to_bits(), alone.to_bits());
    assert_ne!(after.to_bits(), loss.to_bits());
}
