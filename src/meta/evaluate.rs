//! Adaptation without a meta-gradient: how well a learner does on tasks.

use super::fast_weights::FastWeights;
use super::outer::{Worker, Workers};
use super::{Inner, Loss, Problem};
use crate::calculus::grad;
use crate::ops::Var;
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Batch, Episode, Tensors};

impl<L, F> Problem<L, F> {
    /// For each episode the query loss before adaptation and after each of `steps` steps, in parallel on rayon's current
    /// pool: `steps + 1` numbers an episode.
    pub fn evaluate<T: Float>(
        &self,
        workers: &Workers<T>,
        at: (&Tensors<T>, &L::Meta),
        episodes: &[Episode<T>],
        steps: usize,
    ) -> Vec<Vec<f64>>
    where
        L: Inner<T>,
        F: Loss<T>,
    {
        let mut losses = vec![Vec::with_capacity(steps + 1); episodes.len()];
        workers.each(episodes, &mut losses, |worker, episodes, losses| {
            self.score(worker, at, episodes, steps, |query| {
                let share = |loss: Var<'_, T>| loss.read(<[T]>::to_vec);
                let each = share(query);
                for (losses, loss) in losses.iter_mut().zip(each.iter().cycle()) {
                    losses.push(loss.to_f64());
                }
            });
        });
        losses
    }

    /// Adapts the episodes of one chunk step by step, and shows the query losses before the first step and after each.
    fn score<T: Float>(
        &self,
        worker: &mut Worker<T>,
        (theta, meta): (&Tensors<T>, &L::Meta),
        episodes: &[Episode<T>],
        steps: usize,
        mut show: impl FnMut(Var<'_, T>),
    ) where
        L: Inner<T>,
        F: Loss<T>,
    {
        let Worker { tape, memory, .. } = worker;
        let rest = FastWeights { like: theta, episodes: episodes.len() };
        memory.resize(rest.len(), T::ZERO);
        for k in 0..=steps {
            tape.clear();
            let theta = if k == 0 { theta.put(tape) } else { rest.put(tape, memory) };
            let episodes = Episode::put_episodes(episodes, tape);
            show(self.loss.loss(theta, episodes.query));
            if k < steps {
                let g = grad(self.loss.loss(theta, episodes.support), &theta);
                rest.take(self.learner.step(meta.put(tape), theta, g, k), memory);
            }
        }
    }

    /// The parameters of one task after `steps` steps on its support set.
    pub fn adapted<T: Float>(
        &self,
        (theta, meta): (&Tensors<T>, &L::Meta),
        support: &Batch<T>,
        steps: usize,
    ) -> Tensors<T>
    where
        L: Inner<T>,
        F: Loss<T>,
    {
        let mut tape = crate::ops::Tape::new();
        let mut adapted = theta.clone();
        for k in 0..steps {
            tape.clear();
            let theta = adapted.put(&tape);
            let g = grad(self.loss.loss(theta, support.put(&tape)), &theta);
            let next = self.learner.step(meta.put(&tape), theta, g, k);
            adapted.copy_from_tape(&next);
        }
        adapted
    }
}
