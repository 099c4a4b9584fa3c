//! The tape road: all inner steps on one tape, one gradient through all of them.

use super::outer::Worker;
use super::recording::Recording;
use super::{Inner, Loss, MetaVars, Order, Problem};
use crate::calculus::grad;
use crate::nn::Params;
use crate::ops::Var;
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Episode, Tensors};

/// The parameters after `steps` steps of `learner` down the loss `support`, on the tape.
///
/// Of second order, the result's derivative with respect to `theta` and `meta` is exact. Of first order, the inner
/// gradients are constants.
pub fn adapt<'t, T: Float, L: Inner<T>>(
    learner: &L,
    meta: MetaVars<'t, T, L::Meta>,
    theta: Params<'t, T>,
    (steps, order): (usize, Order),
    support: impl Fn(Params<'t, T>) -> Var<'t, T>,
) -> Params<'t, T> {
    let mut fast = (theta, learner.memory(theta));
    for step in 0..steps {
        fast = learner.descend(meta, fast, support(fast.0), (step, order));
    }
    fast.0
}

/// Adds the gradient of the sum of the query losses of `episodes` to `gradient`, and returns that sum.
pub(super) fn gradient<T: Float, L: Inner<T>, F: Loss<T>>(
    problem: &Problem<L, F>,
    worker: &mut Worker<T>,
    (theta, meta): (&Tensors<T>, &L::Meta),
    episodes: &[Episode<T>],
    gradient: &mut [T],
) -> f64 {
    if !worker.recording.replay((theta, meta), episodes) {
        let Recording { tape, places } = &mut worker.recording;
        tape.clear();
        let inputs = (theta.put(tape), meta.put(tape), Episode::put_episodes(episodes, tape));
        let (theta, meta, batches) = inputs;
        let fast = adapt(&problem.learner, meta, theta, (problem.steps, problem.order), |theta| {
            problem.loss.loss(theta, batches.support)
        });
        let loss = problem.loss.loss(fast, batches.query).sum_episodes();
        places.note(episodes.len(), &inputs, loss, &grad(loss, &(theta, meta)));
    }
    worker.recording.add_results(gradient)
}
