//! Reptile: in place of a meta-gradient the way that adaptation takes.

use super::fast_weights::FastWeights;
use super::inner::start;
use super::outer::Worker;
use super::{Inner, Loss, Order, Problem};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Episode, Tensors};

/// Adds the sum over `episodes` of `theta - theta_K` to `gradient`, and returns the sum of the query losses at `theta_K`. The
/// learner's meta-parameters have no part in it.
pub(super) fn gradient<T: Float, L: Inner<T>, F: Loss<T>>(
    problem: &Problem<L, F>,
    worker: &mut Worker<T>,
    (theta, meta): (&Tensors<T>, &L::Meta),
    episodes: &[Episode<T>],
    gradient: &mut [T],
) -> f64 {
    let Worker { tape, memory, shapes, .. } = worker;
    let (learner, initial) = (&problem.learner, theta);
    tape.clear();
    let rest = FastWeights::like(start(learner, initial, tape), shapes, episodes.len());
    memory.resize(rest.len(), T::ZERO);
    for k in 0..=problem.steps {
        tape.clear();
        let fast = rest.before(k, (learner, initial), memory, tape);
        let (theta, _) = fast;
        let batches = Episode::put_episodes(episodes, tape);
        if k == problem.steps {
            let total = problem.loss.loss(theta, batches.query).sum_episodes().item().to_f64();
            rest.add_displacement(initial, memory, gradient);
            return total;
        }
        let batch = if k % 2 == 0 { batches.support } else { batches.query };
        let loss = problem.loss.loss(theta, batch);
        rest.take(learner.descend(meta.put(tape), fast, loss, (k, Order::First)), memory);
    }
    unreachable!("the last round returns")
}
