//! The adjoint road: back from step to step, one Hessian-vector product each, in the memory of a single step.
//!
//! With `theta_{k+1} = step(meta, theta_k, g_k)` and `g_k = grad L_support(theta_k)`, and `lambda_K = grad L_query(theta_K)`:
//! the vjp of `step` splits `lambda_{k+1}` into parts for `theta_k`, `g_k` and `meta`; then
//! `lambda_k = lambda_theta + H_k lambda_g`, where the product is forward over reverse. Only `theta_0 .. theta_K` are kept
//! (compare MixFlow-MG, Kemaev et al. 2025). What a learner remembers passes like `theta`; one that reads the loss itself has
//! `lambda_loss g_k` as a third part.

use super::fast_weights::FastWeights;
use super::inner::start;
use super::outer::{Worker, copy_out};
use super::{Inner, Loss, Order, Problem, Slope};
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
    let Worker { tape, memory, shapes, .. } = worker;
    let Problem { learner, loss, steps, order, .. } = problem;
    let start_at = (learner, theta);
    tape.clear();
    let rest = FastWeights::like(start(learner, theta, tape), shapes, episodes.len());
    let size = rest.len();
    memory.resize(size * (steps + 1), T::ZERO);
    let (d_theta, d_meta) = gradient.split_at_mut(theta.count());

    // Upward: memory[k] takes what is there after step k; theta_0 is at rest already.
    for k in 0..*steps {
        tape.clear();
        let fast = rest.before(k, start_at, after(k, memory, size), tape);
        let support = loss.loss(fast.0, put_support(episodes, tape));
        let next = learner.descend(meta.put(tape), fast, support, (k, Order::First));
        rest.take(next, &mut memory[k * size..(k + 1) * size]);
    }

    tape.clear();
    let (adapted, _) = rest.before(*steps, start_at, after(*steps, memory, size), tape);
    let query = Batch::put_group(episodes.iter().map(|episode| &episode.query), tape);
    let losses = loss.loss(adapted, query);
    let total = losses.sum_episodes().item().to_f64();
    let lambda = grad(losses, &adapted);
    if *steps == 0 {
        copy_out(&lambda, d_theta);
        return total;
    }
    let (kept, lambda_at_rest) = memory.split_at_mut(steps * size);
    // Nothing looks at what is remembered after the last step.
    lambda_at_rest.fill(T::ZERO);
    rest.take(lambda, lambda_at_rest);

    for k in (0..*steps).rev() {
        tape.clear();
        let fast = rest.before(k, start_at, after(k, kept, size), tape);
        let (theta, meta) = (fast.0, meta.put(tape));
        let support = loss.loss(theta, put_support(episodes, tape));
        let g = grad(support, &theta);
        let frozen = Slope { loss: support, gradient: g }.detach();
        let next = learner.step(meta, fast, frozen, k);
        let lambda = rest.put(tape, lambda_at_rest);
        let inputs = (fast, frozen.gradient, frozen.loss, meta);
        let ((lambda_theta, lambda_memory), lambda_g, lambda_loss, lambda_meta) =
            vjp(&next, &inputs, &lambda);
        copy_out(&lambda_meta, d_meta);
        let curvature = match order {
            Order::First => None,
            Order::Second if L::READS_LOSS => Some(jvp(&g, &theta, &lambda_g) + g * lambda_loss),
            Order::Second => Some(jvp(&g, &theta, &lambda_g)),
        };
        match curvature {
            // theta_0 is shared: its two parts are summed over episodes each by itself.
            curvature if k == 0 => {
                copy_out(&lambda_theta, d_theta);
                curvature.inspect(|curvature| copy_out(curvature, d_theta));
            }
            None => rest.take((lambda_theta, lambda_memory), lambda_at_rest),
            Some(curvature) => rest.take((lambda_theta + curvature, lambda_memory), lambda_at_rest),
        }
    }
    total
}

/// What lies at rest after step `k - 1`; before the first step it is not looked at.
fn after<T>(k: usize, memory: &[T], size: usize) -> &[T] {
    &memory[k.saturating_sub(1) * size..][..size]
}

fn put_support<'t, T: Float>(episodes: &[Episode<T>], tape: &'t Tape<T>) -> BatchVars<'t, T> {
    Batch::put_group(episodes.iter().map(|episode| &episode.support), tape)
}
