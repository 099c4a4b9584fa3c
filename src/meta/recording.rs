//! The program of a chunk's meta-gradient: recorded, and, where nothing but numbers has changed, computed anew.

use super::outer::copy_out;
use crate::ops::{Op, Tape, Var};
use crate::simd::Float;
use crate::tape::{AtRest, Bundle, Extent};
use crate::tensor::{Episode, Tensor, Tensors};

/// A tape with the meta-gradient of a chunk of episodes on it, and where on it inputs and results lie.
///
/// Computing a program anew skips all that recording it takes: shapes are not checked, derivative rules not asked.
#[derive(Debug)]
pub(super) struct Recording<T: Float> {
    pub(super) tape: Tape<T>,
    pub(super) places: Places,
}

/// Where on a tape the inputs and the results of a program lie.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Whether the program may serve again.
    reusable: bool,
    episodes: usize,
    inputs: Vec<u32>,
    loss: u32,
    gradient: Vec<u32>,
}

impl Places {
    /// Notes the places of a program for `episodes` episodes.
    pub(super) fn note<'t, T: Float, I, G>(
        &mut self,
        episodes: usize,
        inputs: &I,
        loss: Var<'t, T>,
        gradient: &G,
    ) where
        I: Bundle<'t, T, Op>,
        G: Bundle<'t, T, Op>,
    {
        let Places { inputs: input_ids, gradient: gradient_ids, .. } = self;
        input_ids.clear();
        inputs.each(&mut |var| input_ids.push(var.id()));
        gradient_ids.clear();
        gradient.each(&mut |var| gradient_ids.push(var.id()));
        self.loss = loss.id();
        self.episodes = episodes;
        // A program in whose making a number was looked at may be another one for other numbers; and a watched tape looks
        // at what it records.
        self.reusable = !loss.tape().was_read() && !loss.tape().is_watched();
    }
}

impl<T: Float> Recording<T> {
    pub(super) fn on(tape: Tape<T>) -> Self {
        Recording { tape, places: Places::default() }
    }

    /// Lets the program never serve again.
    pub(super) fn forget(&mut self) {
        self.places.reusable = false;
    }

    /// Whether there is no program that may serve again.
    pub(super) fn is_free(&self) -> bool {
        !self.places.reusable
    }

    /// Whether the program may serve again, and for as many episodes.
    pub(super) fn serves(&self, episodes: usize) -> bool {
        self.places.reusable && self.places.episodes == episodes
    }

    /// Computes the program anew for other numbers in the same shapes. Says whether it could.
    pub(super) fn replay<M: AtRest<T>>(
        &mut self,
        (theta, meta): (&Tensors<T>, &M),
        episodes: &[Episode<T>],
    ) -> bool {
        if !self.serves(episodes.len()) {
            return false;
        }
        let Recording { tape, places } = self;
        let (mut at, mut fits) = (0, true);
        let mut refill = |at: usize, sharing: usize, episode: usize, tensor: &Tensor<T>| {
            let extent = Extent::new(sharing as u32, tensor.shape());
            let start = episode * tensor.values().len();
            fits = fits && tape.refill(places.inputs[at], extent, start, tensor.values());
        };
        let mut shared = |tensor: &Tensor<T>| {
            refill(at, 1, 0, tensor);
            at += 1;
        };
        theta.each(&mut shared);
        meta.each(&mut shared);
        for (e, episode) in episodes.iter().enumerate() {
            let mut next = at;
            episode.each(&mut |tensor| {
                refill(next, episodes.len(), e, tensor);
                next += 1;
            });
        }
        if fits {
            tape.replay();
        }
        fits
    }

    /// Adds the gradient to `gradient`, and returns the loss.
    pub(super) fn add_results(&self, gradient: &mut [T]) -> f64 {
        let mut at = 0;
        for &id in &self.places.gradient {
            let var = Var::at(&self.tape, id);
            let end = at + var.shape().len();
            copy_out(&var, &mut gradient[at..end]);
            at = end;
        }
        Var::at(&self.tape, self.places.loss).item().to_f64()
    }
}
