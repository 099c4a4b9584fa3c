//! Tasks in the middle of their adaptation, at rest between tapes.

use super::inner::start;
use super::{Fast, Inner};
use crate::nn::Params;
use crate::ops::{Op, Tape};
use crate::simd::Float;
use crate::tape::{Bundle, Extent};
use crate::tensor::{Shape, Tensors};

/// How the fast weights of `episodes` episodes, and the learner's memory, lie at rest: tensor after tensor, each episode after
/// episode.
#[derive(Clone, Copy)]
pub(super) struct FastWeights<'a> {
    shapes: &'a [Shape],
    /// How many of the tensors are parameters; the others are memory.
    parameters: usize,
    /// How many episodes lie side by side.
    episodes: usize,
}

impl<'a> FastWeights<'a> {
    /// As on the tape; `shapes` is where their shapes are kept.
    pub(super) fn like<T: Float>(
        (theta, memory): Fast<'_, T>,
        shapes: &'a mut Vec<Shape>,
        episodes: usize,
    ) -> Self {
        shapes.clear();
        shapes.extend(theta.iter().chain(memory.iter()).map(|var| var.shape()));
        FastWeights { shapes, parameters: theta.len(), episodes }
    }

    /// How many floats one set of parameters and memory takes.
    pub(super) fn len(self) -> usize {
        self.episodes * self.shapes.iter().map(|shape| shape.len()).sum::<usize>()
    }

    /// Puts what lies in `rest` on a tape.
    pub(super) fn put<'t, T: Float>(self, tape: &'t Tape<T>, rest: &[T]) -> Fast<'t, T> {
        let (mut at, mut shapes) = (0, self.shapes.iter());
        let mut next = |_| {
            let shape = *shapes.next().expect("as many shapes as tensors");
            let extent = Extent::new(self.episodes as u32, shape);
            let from = &rest[at..at + extent.len()];
            at += extent.len();
            tape.leaf(extent, |out| out.copy_from_slice(from))
        };
        let theta = Params::from_fn(tape, self.parameters, &mut next);
        (theta, Params::from_fn(tape, self.shapes.len() - self.parameters, &mut next))
    }

    /// What step number `step` begins with: the initial parameters, or what lies in `rest` after the step before.
    pub(super) fn before<'t, T: Float, L: Inner<T>>(
        self,
        step: usize,
        (learner, initial): (&L, &Tensors<T>),
        rest: &[T],
        tape: &'t Tape<T>,
    ) -> Fast<'t, T> {
        if step == 0 { start(learner, initial, tape) } else { self.put(tape, rest) }
    }

    /// Takes variables from a tape into `rest`; those that all episodes share are repeated.
    pub(super) fn take<'t, T: Float>(self, fast: impl Bundle<'t, T, Op>, rest: &mut [T]) {
        let mut at = 0;
        fast.each(&mut |var| {
            let len = self.episodes * var.shape().len();
            var.read(|values| {
                rest[at..at + len]
                    .chunks_exact_mut(values.len().max(1))
                    .for_each(|to| to.copy_from_slice(values));
            });
            at += len;
        });
    }

    /// Adds the sum over the episodes of `theta - now` to `sum`.
    pub(super) fn add_displacement<T: Float>(self, theta: &Tensors<T>, now: &[T], sum: &mut [T]) {
        let mut now = now;
        let mut sum = sum;
        for tensor in theta.tensors() {
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
    pub(super) fn move_back<T: Float>(self, episode: usize, share: T, before: &[T], now: &mut [T]) {
        let mut at = 0;
        for shape in &self.shapes[..self.parameters] {
            let len = shape.len();
            let part = at + episode * len..at + (episode + 1) * len;
            for (now, before) in now[part.clone()].iter_mut().zip(&before[part]) {
                // Not by the formula where the share is zero: what is infinite must go.
                *now = if share == T::ZERO { *before } else { *before + share * (*now - *before) };
            }
            at += self.episodes * len;
        }
    }
}
