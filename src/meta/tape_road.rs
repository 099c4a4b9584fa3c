//! The tape road: all inner steps on one tape, one gradient through all of them.

use super::outer::{Worker, copy_out};
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
    let mut fast = theta;
    for step in 0..steps {
        let gradient = grad(support(fast), &fast);
        let gradient = match order {
            Order::First => gradient.detach(),
            Order::Second => gradient,
        };
        fast = learner.step(meta, fast, gradient, step);
    }
    fast
}

/// Adds the gradient of the sum of the query losses of `episodes` to `gradient`, and returns that sum.
pub(super) fn gradient<T: Float, L: Inner<T>, F: Loss<T>>(
    problem: &Problem<L, F>,
    worker: &mut Worker<T>,
    (theta, meta): (&Tensors<T>, &L::Meta),
    episodes: &[Episode<T>],
    gradient: &mut [T],
) -> f64 {
    worker.tape.clear();
    let tape = &worker.tape;
    let (theta, meta) = (theta.put(tape), meta.put(tape));
    let episodes = Episode::put_episodes(episodes, tape);
    let fast = adapt(&problem.learner, meta, theta, (problem.steps, problem.order), |theta| {
        problem.loss.loss(theta, episodes.support)
    });
    let loss = problem.loss.loss(fast, episodes.query).sum_episodes();
    copy_out(&grad(loss, &(theta, meta)), gradient);
    loss.item().to_f64()
}
