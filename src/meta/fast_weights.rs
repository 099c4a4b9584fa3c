//! Adapted parameters at rest between tapes.

use crate::nn::Params;
use crate::ops::Tape;
use crate::simd::Float;
use crate::tape::Extent;
use crate::tensor::Tensors;

/// How the parameters of `episodes` episodes lie in memory at rest: tensor after tensor, each episode after episode.
#[derive(Clone, Copy)]
pub(super) struct FastWeights<'a, T> {
    /// Names and shapes.
    pub(super) like: &'a Tensors<T>,
    /// How many episodes lie side by side.
    pub(super) episodes: usize,
}

impl<T: Float> FastWeights<'_, T> {
    /// How many floats one set of parameters takes.
    pub(super) fn len(self) -> usize {
        self.episodes * self.like.count()
    }

    /// Puts what lies in `memory` on a tape.
    pub(super) fn put<'t>(self, tape: &'t Tape<T>, memory: &[T]) -> Params<'t, T> {
        let mut at = 0;
        Params::from_fn(tape, self.like.len(), |i| {
            let extent = Extent::new(self.episodes as u32, self.like.tensors()[i].shape());
            let from = &memory[at..at + extent.len()];
            at += extent.len();
            tape.leaf(extent, |out| out.copy_from_slice(from))
        })
    }

    /// Takes parameters from a tape into `memory`; those that all episodes share are repeated.
    pub(super) fn take(self, params: Params<'_, T>, memory: &mut [T]) {
        let mut at = 0;
        for var in params.iter() {
            let len = self.episodes * var.shape().len();
            var.read(|values| {
                memory[at..at + len]
                    .chunks_exact_mut(values.len().max(1))
                    .for_each(|to| to.copy_from_slice(values));
            });
            at += len;
        }
    }

    /// Adds the sum over the episodes of `like - now` to `sum`.
    pub(super) fn add_displacement(self, now: &[T], sum: &mut [T]) {
        let mut now = now;
        let mut sum = sum;
        for tensor in self.like.tensors() {
            let (own, rest) = std::mem::take(&mut sum).split_at_mut(tensor.values().len());
            for _ in 0..self.episodes {
                let (adapted, later) = now.split_at(own.len());
                for ((sum, initial), adapted) in own.iter_mut().zip(tensor.values()).zip(adapted) {
                    *sum += *initial - *adapted;
                }
                now = later;
            }
            sum = rest;
        }
    }

    /// Moves the parameters of one episode back towards where they were: `now = before + share (now - before)`.
    pub(super) fn move_back(self, episode: usize, share: T, before: &[T], now: &mut [T]) {
        let mut at = 0;
        for tensor in self.like.tensors() {
            let len = tensor.values().len();
            let part = at + episode * len..at + (episode + 1) * len;
            for (now, before) in now[part.clone()].iter_mut().zip(&before[part]) {
                // Not by the formula where the share is zero: what is infinite must go.
                *now = if share == T::ZERO { *before } else { *before + share * (*now - *before) };
            }
            at += self.episodes * len;
        }
    }
}
