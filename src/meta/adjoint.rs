//! The adjoint road: back from step to step, one Hessian-vector product each, in the memory of a single step.
//!
//! With `theta_{k+1} = step(meta, theta_k, g_k)` and `g_k = grad L_support(theta_k)`, and `lambda_K = grad L_query(theta_K)`:
//! the vjp of `step` splits `lambda_{k+1}` into parts for `theta_k`, `g_k` and `meta`; then
//! `lambda_k = lambda_theta + H_k lambda_g`, where the product is forward over reverse. Only `theta_0 .. theta_K` are kept
//! (compare MixFlow-MG, Kemaev et al. 2025).

use super::fast_weights::FastWeights;
use super::outer::{Worker, copy_out};
use super::{Inner, Loss, Order, Problem};
use crate::calculus::{grad, jvp, vjp};
use crate::ops::{BatchVars, Tape};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Batch, Episode, Tensors};

/// Adds the gradient of the sum of the query losses of `episodes` to `gradient`, and returns that sum.
pub(super) fn gradient<T: Float, L: Inner<T>, F: Loss<T>>(
    problem: &Problem<L, F>,
    worker: &mut Worker<T>,
    (theta, meta): (&Tensors<T>, &L::Meta),
    episodes: &[Episode<T>],
    gradient: &mut [T],
) -> f64 {
    let Worker { tape, memory, .. } = worker;
    let Problem { learner, loss, steps, order, .. } = problem;
    let rest = FastWeights { like: theta, episodes: episodes.len() };
    let size = rest.len();
    memory.resize(size * (steps + 1), T::ZERO);
    let (d_theta, d_meta) = gradient.split_at_mut(theta.count());

    // Upward: memory[k] takes theta_{k+1}; theta_0 is at rest already.
    for k in 0..*steps {
        tape.clear();
        let theta = if k == 0 { theta.put(tape) } else { rest.put(tape, &memory[(k - 1) * size..k * size]) };
        let support = put_support(episodes, tape);
        let next = learner.descend(meta.put(tape), theta, loss.loss(theta, support), (k, Order::First));
        rest.take(next, &mut memory[k * size..(k + 1) * size]);
    }

    tape.clear();
    let adapted =
        if *steps == 0 { theta.put(tape) } else { rest.put(tape, &memory[(steps - 1) * size..steps * size]) };
    let query = Batch::put_group(episodes.iter().map(|episode| &episode.query), tape);
    let losses = loss.loss(adapted, query);
    let total = losses.sum_episodes().item().to_f64();
    let lambda = grad(losses, &adapted);
    if *steps == 0 {
        copy_out(&lambda, d_theta);
        return total;
    }
    let (kept, lambda_at_rest) = memory.split_at_mut(steps * size);
    rest.take(lambda, lambda_at_rest);

    for k in (0..*steps).rev() {
        tape.clear();
        let theta = if k == 0 { theta.put(tape) } else { rest.put(tape, &kept[(k - 1) * size..k * size]) };
        let meta = meta.put(tape);
        let g = grad(loss.loss(theta, put_support(episodes, tape)), &theta);
        let frozen = g.detach();
        let next = learner.step(meta, theta, frozen, k);
        let lambda = rest.put(tape, lambda_at_rest);
        let (lambda_theta, lambda_g, lambda_meta) = vjp(&next, &(theta, frozen, meta), &lambda);
        copy_out(&lambda_meta, d_meta);
        let curvature = match order {
            Order::First => None,
            Order::Second => Some(jvp(&g, &theta, &lambda_g)),
        };
        match curvature {
            // theta_0 is shared: its two parts are summed over episodes each by itself.
            curvature if k == 0 => {
                copy_out(&lambda_theta, d_theta);
                curvature.inspect(|curvature| copy_out(curvature, d_theta));
            }
            None => rest.take(lambda_theta, lambda_at_rest),
            Some(curvature) => rest.take(lambda_theta + curvature, lambda_at_rest),
        }
    }
    total
}

fn put_support<'t, T: Float>(episodes: &[Episode<T>], tape: &'t Tape<T>) -> BatchVars<'t, T> {
    Batch::put_group(episodes.iter().map(|episode| &episode.support), tape)
}
