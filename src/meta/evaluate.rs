//! Adaptation without a meta-gradient: how well a learner does on tasks.

use super::fast_weights::FastWeights;
use super::inner::start;
use super::outer::{Worker, Workers};
use super::{Inner, Loss, Order, Problem};
use crate::nn::Params;
use crate::ops::{EpisodeVars, Tape, Var};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Batch, Episode, Tensors};

/// How a learner adapts when it is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adaptation {
    /// By its steps, whatever comes of them, as in training.
    AsTrained,
    /// A step that leaves a task's support loss higher than before, or not finite, is halved up to five times, and then
    /// left out. It looks at nothing but the support set. Rare tasks on which more steps than in training diverge are
    /// kept from it.
    NeverWorse,
}

/// How often a step is halved before it is left out.
const HALVINGS: usize = 5;

impl<L, F> Problem<L, F> {
    /// For each episode the query loss before adaptation and after each of `steps` steps, in parallel on rayon's current
    /// pool: `steps + 1` numbers an episode.
    pub fn evaluate<T: Float>(
        &self,
        workers: &Workers<T>,
        at: (&Tensors<T>, &L::Meta),
        episodes: &[Episode<T>],
        (steps, adaptation): (usize, Adaptation),
    ) -> Vec<Vec<f64>>
    where
        L: Inner<T>,
        F: Loss<T>,
    {
        let loss = |theta: Params<'_, T>, episode: EpisodeVars<'_, T>| {
            self.loss
                .loss(theta, episode.query)
                .read(|losses| losses.iter().map(|loss| loss.to_f64()).collect())
        };
        self.evaluate_by(workers, at, episodes, (steps, adaptation), loss)
    }

    /// As [`Problem::evaluate`], but by a score of one's own, for instance [`accuracy`](crate::nn::accuracy) on the query
    /// set: one number for each of the episodes that lie side by side.
    pub fn evaluate_by<T: Float>(
        &self,
        workers: &Workers<T>,
        at: (&Tensors<T>, &L::Meta),
        episodes: &[Episode<T>],
        (steps, adaptation): (usize, Adaptation),
        score: impl for<'t> Fn(Params<'t, T>, EpisodeVars<'t, T>) -> Vec<f64> + Sync,
    ) -> Vec<Vec<f64>>
    where
        L: Inner<T>,
        F: Loss<T>,
    {
        let width = steps + 1;
        let scores = workers.each(episodes, width, |worker, episodes, scores| {
            let mut step = 0;
            self.score(worker, at, episodes, (steps, adaptation), |theta, episodes| {
                let now = score(theta, episodes);
                for (e, scores) in scores.chunks_exact_mut(width).enumerate() {
                    scores[step] = now[e % now.len()];
                }
                step += 1;
            });
        });
        scores.chunks_exact(width).map(<[f64]>::to_vec).collect()
    }

    /// Adapts the episodes of one chunk step by step, and shows parameters and episodes before the first step and after
    /// each.
    fn score<T: Float>(
        &self,
        worker: &mut Worker<T>,
        (theta, meta): (&Tensors<T>, &L::Meta),
        episodes: &[Episode<T>],
        (steps, adaptation): (usize, Adaptation),
        mut show: impl for<'t> FnMut(Params<'t, T>, EpisodeVars<'t, T>),
    ) where
        L: Inner<T>,
        F: Loss<T>,
    {
        let Worker { tape, memory, shapes, .. } = worker;
        let (learner, initial) = (&self.learner, theta);
        tape.clear();
        let rest = FastWeights::like(start(learner, initial, tape), shapes, episodes.len());
        memory.resize(2 * rest.len(), T::ZERO);
        let (now, before) = memory.split_at_mut(rest.len());
        for k in 0..=steps {
            tape.clear();
            let fast = rest.before(k, (learner, initial), now, tape);
            let theta = fast.0;
            let on_tape = Episode::put_episodes(episodes, tape);
            show(theta, on_tape);
            if k == steps {
                break;
            }
            let support = self.loss.loss(theta, on_tape.support);
            let next = learner.descend(meta.put(tape), fast, support, (k, Order::First));
            rest.take(fast, before);
            rest.take(next, now);
            if adaptation == Adaptation::NeverWorse {
                let limits = each_episode(support, episodes.len());
                self.keep_below(tape, rest, episodes, &limits, before, now);
            }
        }
    }

    /// Moves `now` back towards `before` in each episode whose support loss is above its limit.
    fn keep_below<T: Float>(
        &self,
        tape: &mut Tape<T>,
        rest: FastWeights<'_>,
        episodes: &[Episode<T>],
        limits: &[T],
        before: &[T],
        now: &mut [T],
    ) where
        F: Loss<T>,
    {
        for halving in 0..=HALVINGS {
            tape.clear();
            let support = Batch::put_group(episodes.iter().map(|episode| &episode.support), tape);
            let losses = each_episode(self.loss.loss(rest.put(tape, now).0, support), episodes.len());
            let share = if halving == HALVINGS { T::ZERO } else { T::from_f64(0.5) };
            let mut kept = true;
            for (episode, (loss, limit)) in losses.iter().zip(limits).enumerate() {
                if *loss > *limit || !loss.is_finite() {
                    rest.move_back(episode, share, before, now);
                    kept = false;
                }
            }
            if kept {
                return;
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
        let (mut tape, mut shapes, mut adapted) = (Tape::new(), Vec::new(), theta.clone());
        let rest = FastWeights::like(start(&self.learner, theta, &tape), &mut shapes, 1);
        let mut now = vec![T::ZERO; rest.len()];
        for k in 0..steps {
            tape.clear();
            let fast = rest.before(k, (&self.learner, theta), &now, &tape);
            let loss = self.loss.loss(fast.0, support.put(&tape));
            let next = self.learner.descend(meta.put(&tape), fast, loss, (k, Order::First));
            rest.take(next, &mut now);
            adapted.copy_from_tape(&next.0);
        }
        adapted
    }
}

/// One loss for each episode; those that all episodes share are repeated.
fn each_episode<T: Float>(losses: Var<'_, T>, episodes: usize) -> Vec<T> {
    losses.read(|losses| losses.iter().copied().cycle().take(episodes).collect())
}
