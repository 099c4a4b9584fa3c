//! What keeps several inner steps stable: bounds for each task, and adaptation that never makes a task worse.

mod support;

use metatape::prelude::*;
use support::{difference, episodes, meta_gradient, parameters, smooth_loss};

const SIZES: [usize; 4] = [1, 8, 8, 1];

#[test]
fn a_bound_for_each_task_is_the_mean_of_bounded_gradients_at_any_chunk_and_on_either_road() {
    let theta = parameters::<f64>(&SIZES, 1);
    let tasks = episodes(5, 5, 5, 2);
    let plain = Problem::new(Maml { rate: 0.05 }, smooth_loss, 2);
    let bound = {
        let mut norms: Vec<f64> = tasks
            .iter()
            .map(|task| {
                let (_, gradient) = meta_gradient(&plain, (&theta, &()), std::slice::from_ref(task), 1);
                gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
            })
            .collect();
        norms.sort_by(f64::total_cmp);
        // Some tasks above it, some below.
        norms[2] * 1.01
    };
    let mut expected = vec![0.0; theta.count()];
    for task in &tasks {
        let (_, mut gradient) = meta_gradient(&plain, (&theta, &()), std::slice::from_ref(task), 1);
        Clip::Norm(bound).apply(&mut gradient);
        expected.iter_mut().zip(&gradient).for_each(|(sum, g)| *sum += g / 5.0);
    }
    let (_, unbounded) = meta_gradient(&plain, (&theta, &()), &tasks, 5);
    assert!(difference(&unbounded, &expected) > 0.01, "no task was bounded");
    for road in [Road::Tape, Road::Adjoint] {
        let problem = Problem { road, task_clip: Clip::Norm(bound), ..plain };
        for chunk in [1, 2, 5] {
            let (_, found) = meta_gradient(&problem, (&theta, &()), &tasks, chunk);
            let apart = difference(&found, &expected);
            assert!(apart < 1e-12, "{road:?}, chunks of {chunk}: off by {apart:e}");
        }
    }
}

/// A rate far too high for some tasks.
fn reckless() -> Problem<Maml<f64>, fn_loss::Smooth> {
    Problem::new(Maml { rate: 1.5 }, fn_loss::Smooth, 6)
}

mod fn_loss {
    use metatape::prelude::*;

    #[derive(Clone, Copy)]
    pub(crate) struct Smooth;

    impl Loss<f64> for Smooth {
        fn loss<'t>(&self, theta: Params<'t, f64>, batch: BatchVars<'t, f64>) -> Var<'t, f64> {
            crate::support::smooth_loss(theta, batch)
        }
    }
}

#[test]
fn guarded_adaptation_never_raises_the_support_loss_and_leaves_good_steps_alone() {
    let theta = parameters::<f64>(&SIZES, 3);
    // Judged on the support set itself, so that the losses shown are those that the guard looks at.
    let tasks: Vec<Episode<f64>> = episodes(12, 5, 5, 4)
        .into_iter()
        .map(|task| Episode { query: task.support.clone(), support: task.support })
        .collect();
    let scored = |problem: &Problem<Maml<f64>, fn_loss::Smooth>, adaptation, chunk| {
        problem.evaluate(&Workers::new(chunk), (&theta, &()), &tasks, (6, adaptation))
    };
    let falls = |losses: &[f64]| losses.windows(2).all(|pair| pair[1] <= pair[0]);
    let plain = scored(&reckless(), Adaptation::AsTrained, 4);
    assert!(plain.iter().any(|losses| !falls(losses)), "the rate is not reckless enough");
    let guarded = scored(&reckless(), Adaptation::NeverWorse, 4);
    assert!(guarded.iter().all(|losses| falls(losses)), "{guarded:?}");
    assert!(guarded.iter().any(|losses| losses[6] < losses[0]), "nothing was learned");
    assert_eq!(guarded, scored(&reckless(), Adaptation::NeverWorse, 5), "chunks change the result");

    let careful = Problem::new(Maml { rate: 0.01 }, fn_loss::Smooth, 6);
    assert_eq!(scored(&careful, Adaptation::NeverWorse, 4), scored(&careful, Adaptation::AsTrained, 4));
}
