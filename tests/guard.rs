//! A meta-gradient that is not finite is never applied, and training says so.

mod support;

use metatape::meta::{Guard, GuardError};
use metatape::prelude::*;
use support::{episodes, parameters, rates, smooth_loss};

type Trained<O> = Training<f64, MetaSgd<f64>, fn_loss::Smooth, O>;

/// The tanh network's loss under a name that a signature can hold.
mod fn_loss {
    use super::*;

    #[derive(Debug)]
    pub(crate) struct Smooth;

    impl Loss<f64> for Smooth {
        fn loss<'t>(&self, theta: Params<'t, f64>, batch: BatchVars<'t, f64>) -> Var<'t, f64> {
            smooth_loss(theta, batch)
        }
    }
}

fn training<O: Optimizer<f64> + Clone>(optimizer: O, road: Road) -> Trained<O> {
    let learner = MetaSgd::published();
    let theta = parameters(&[1, 6, 1], 1);
    let alpha = rates(&learner, &theta, 0.02, 2);
    let problem = Problem { road, ..Problem::new(learner, fn_loss::Smooth, 2) };
    Training::new(problem, (theta, alpha), optimizer, Schedule::constant(1e-2), Workers::new(2))
}

fn good(iteration: u64) -> Vec<Episode<f64>> {
    episodes(4, 5, 5, iteration)
}

/// One point of one task is `value`.
fn bad(iteration: u64, value: f64) -> Vec<Episode<f64>> {
    let mut episodes = good(iteration);
    episodes[2].support.y.values_mut()[3] = value;
    episodes
}

fn bits<O: Optimizer<f64>>(training: &Trained<O>) -> Vec<u64> {
    let mut bits = Vec::new();
    training.learned.each(&mut |tensor| bits.extend(tensor.values().iter().map(|x| x.to_bits())));
    bits.extend(
        training
            .optimizers
            .iter()
            .flat_map(|part| part.state().values().map(f64::to_bits).collect::<Vec<_>>()),
    );
    bits
}

fn skips<O: Optimizer<f64> + Clone>(optimizer: impl Fn() -> O, road: Road) {
    let (mut training, mut untouched) = (training(optimizer(), road), training(optimizer(), road));
    for iteration in 0..3 {
        assert!(training.step(&good(iteration)).unwrap().applied);
        assert!(untouched.step(&good(iteration)).unwrap().applied);
    }
    for (skipped, value) in (1..).zip([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e200]) {
        let before = bits(&training);
        let report = training.step(&bad(3, value)).unwrap();
        assert!(!report.applied, "{value}: {report:?}");
        assert!(!report.loss.is_finite() || !report.gradient_norm.is_finite(), "{value}: {report:?}");
        assert_eq!(bits(&training), before, "{value}");
        assert_eq!((training.guard.skipped, training.guard.in_a_row), (skipped, skipped));
    }
    assert_eq!(training.iteration, 7);
    // What was skipped has left no trace in a tape or a running mean.
    for iteration in 4..6 {
        assert!(training.step(&good(iteration)).unwrap().applied);
        assert!(untouched.step(&good(iteration)).unwrap().applied);
    }
    assert_eq!(bits(&training), bits(&untouched));
    assert_eq!((training.guard.skipped, training.guard.in_a_row), (4, 0));
}

#[test]
fn a_bad_meta_gradient_is_skipped_counted_and_leaves_no_trace() {
    for road in [Road::Tape, Road::Adjoint] {
        skips(Adam::new, road);
        skips(RmsProp::new, road);
        skips(|| Sgd::nesterov(0.9), road);
    }
}

/// The root of `theta x`, whose slope at 0 is infinite, plus `y`.
fn root<'t>(theta: Params<'t, f64>, batch: BatchVars<'t, f64>) -> Var<'t, f64> {
    (theta.get(0) * batch.x).sqrt() + batch.y
}

#[test]
fn a_finite_loss_with_an_infinite_gradient_is_skipped_too() {
    let mut theta = Tensors::new();
    theta.push("x", Tensor::scalar(0.0));
    let problem = Problem::new(Maml { rate: 0.0 }, root, 0);
    let mut training =
        Training::new(problem, (theta, ()), Sgd::new(), Schedule::constant(0.1), Workers::new(1));
    let batch = Batch { x: Tensor::scalar(1.0), y: Tensor::scalar(2.0) };
    let report = training.step(&[Episode { support: batch.clone(), query: batch }]).unwrap();
    assert_eq!((report.loss, report.applied), (2.0, false));
    assert_eq!(training.learned.0.get("x").unwrap().item(), 0.0);
}

#[test]
fn what_persists_is_an_error_and_changes_nothing() {
    let mut training = training(Adam::new(), Road::Adjoint);
    training.guard = Guard::new(3);
    training.step(&good(0)).unwrap();
    let before = bits(&training);
    assert!(!training.step(&bad(1, f64::NAN)).unwrap().applied);
    assert!(!training.step(&bad(2, f64::NAN)).unwrap().applied);
    let error = training.step(&bad(3, f64::NAN)).unwrap_err();
    let GuardError { iteration, in_a_row, ref anomaly } = error;
    assert_eq!((iteration, in_a_row), (3, 3));
    // The point that is no number came from outside.
    assert_eq!(anomaly.as_ref().map(|anomaly| anomaly.op), Some(None));
    let text = error.to_string();
    let start = "iteration 3: the last 3 meta-gradients were infinite or not a number; first, ";
    assert!(text.starts_with(start), "{text}");
    assert_eq!(bits(&training), before);
    assert_eq!((training.guard.skipped, training.iteration), (3, 3));
}
