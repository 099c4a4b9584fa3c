//! Learners that adapt a part of the parameters, and the objective that needs no derivative.

mod support;

use metatape::meta::{Adapting, Objective};
use metatape::prelude::*;
use support::{episodes, meta_gradient, parameters, smooth_loss};

const RATE: f64 = 0.05;

#[test]
fn what_is_not_adapted_stays_and_is_learned_all_the_same() {
    let theta = parameters(&[1, 6, 6, 1], 1);
    let learner = Adapting::range(Maml { rate: RATE }, 4..6);
    let episodes = episodes(3, 5, 5, 0);
    let problem = Problem::new(learner, smooth_loss, 2);
    let adapted = problem.adapted((&theta, &()), &episodes[0].support, 2);
    for (i, (before, after)) in theta.tensors().iter().zip(adapted.tensors()).enumerate() {
        assert_eq!(before == after, i < 4, "tensor {i}");
    }
    let (loss, gradient) = meta_gradient(&problem, (&theta, &()), &episodes, 2);
    let adjoint = Problem { road: Road::Adjoint, ..problem.clone() };
    let (adjoint_loss, adjoint_gradient) = meta_gradient(&adjoint, (&theta, &()), &episodes, 2);
    assert!((loss - adjoint_loss).abs() < 1e-14);
    for (i, (tape, adjoint)) in gradient.iter().zip(&adjoint_gradient).enumerate() {
        assert!((tape - adjoint).abs() < 1e-13 && *tape != 0.0, "parameter {i}: {tape}, {adjoint}");
    }
    // The derivative by the first weight of the body, by differences of the whole.
    let moved = |by: f64| {
        let mut theta = theta.clone();
        theta.tensors_mut()[0].values_mut()[0] += by;
        meta_gradient(&problem, (&theta, &()), &episodes, 2).0
    };
    let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
    assert!((difference - gradient[0]).abs() < 1e-8, "{difference}, {}", gradient[0]);
}

#[test]
fn what_is_held_is_not_learned_and_all_else_as_ever() {
    let theta = parameters(&[1, 6, 1], 1);
    let episodes = episodes(3, 5, 5, 0);
    let trained = |held: Vec<usize>| {
        let problem = Problem::new(Maml { rate: RATE }, smooth_loss, 2);
        let (schedule, workers) = (Schedule::constant(1e-2), Workers::new(2));
        let mut training = Training::new(problem, (theta.clone(), ()), Adam::new(), schedule, workers);
        training.held = held;
        training.step(&episodes).unwrap();
        training.learned.0
    };
    let (free, held) = (trained(vec![]), trained(vec![0, 3]));
    for (i, before) in theta.tensors().iter().enumerate() {
        let expected = if [0, 3].contains(&i) { before } else { &free.tensors()[i] };
        assert_eq!(&held.tensors()[i], expected, "tensor {i}");
        assert_ne!(&free.tensors()[i], before, "tensor {i}");
    }
}

#[test]
fn meta_sgd_has_rates_for_what_is_adapted() {
    let theta = parameters(&[1, 6, 1], 1);
    let mut head = Tensors::new();
    theta.iter().skip(2).for_each(|(name, tensor)| head.push(name, tensor.clone()));
    let alpha = MetaSgd::published().rates_like(&head, RATE);
    let learner = Adapting { learner: MetaSgd::published(), adapted: vec![2, 3] };
    let problem = Problem::new(learner, smooth_loss, 1);
    let (_, gradient) = meta_gradient(&problem, (&theta, &alpha), &episodes(3, 5, 5, 0), 2);
    assert_eq!(gradient.len(), theta.count() + head.count());
    assert!(gradient.iter().all(|x| *x != 0.0));
}

#[test]
fn displacement_is_the_mean_way_from_the_start() {
    let theta = parameters(&[1, 6, 1], 1);
    let episodes = episodes(3, 5, 5, 0);
    let problem = Problem::new(Maml { rate: RATE }, smooth_loss, 3);
    // By hand: a step on the support set, one on the query set, one on the support set again.
    let mut expected = vec![0.0; theta.count()];
    for episode in &episodes {
        let mut now = theta.clone();
        for batch in [&episode.support, &episode.query, &episode.support] {
            now = problem.adapted((&now, &()), batch, 1);
        }
        for (sum, (before, after)) in expected.iter_mut().zip(theta.values().zip(now.values())) {
            *sum += (before - after) / 3.0;
        }
    }
    let reptile = Problem { objective: Objective::Displacement, ..problem };
    let (loss, displacement) = meta_gradient(&reptile, (&theta, &()), &episodes, 2);
    assert!(loss.is_finite());
    for (found, expected) in displacement.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-15, "{found}, by hand {expected}");
    }
}
