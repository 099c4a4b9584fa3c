//! Training behind one interface, whatever the learner, the model and the outer optimiser.

use std::ops::Range;

use metatape::meta::{GuardError, Inner};
use metatape::prelude::*;
use metatape::tensor::Checkpoint;

use super::Result;
use super::saved::group;

/// A learner in training.
pub trait Train: Send + Sync {
    /// Trains for these iterations on what `draw` puts into `episodes` for each; the losses.
    fn advance(
        &mut self,
        iterations: Range<usize>,
        episodes: &mut [Episode],
        draw: &dyn Fn(usize, &mut [Episode]),
    ) -> std::result::Result<Vec<f64>, GuardError>;
    /// The query loss of each episode before adaptation and after each step.
    fn evaluate(
        &self,
        workers: &Workers<f32>,
        episodes: &[Episode],
        steps: (usize, Adaptation),
    ) -> Vec<Vec<f64>>;
    /// As [`Train::evaluate`], but by another score.
    fn evaluate_by(
        &self,
        workers: &Workers<f32>,
        episodes: &[Episode],
        steps: (usize, Adaptation),
        score: &Score,
    ) -> Vec<Vec<f64>>;
    /// The parameters after adaptation.
    fn adapted(&self, support: &Batch, steps: usize) -> Tensors;
    /// What has to be saved, by name; [`Train::restore`] takes it back.
    fn parts(&self) -> Vec<(&'static str, Tensors)>;
    /// Takes back what was saved of the run called `run` after so many iterations.
    fn restore(
        &mut self,
        run: &str,
        checkpoint: &Checkpoint<f32>,
        iteration: usize,
        skips: [u64; 2],
    ) -> Result;
    /// How many meta-gradients were skipped in all, and since the last good one.
    fn skips(&self) -> [u64; 2];
}

/// A number for each of the episodes that lie side by side.
pub type Score = dyn for<'t> Fn(Params<'t>, EpisodeVars<'t>) -> Vec<f64> + Sync;

/// Meta-parameters that can be saved: none, or rates.
pub trait Named {
    fn named(&self) -> Option<&Tensors>;
    fn named_mut(&mut self) -> Option<&mut Tensors>;
}

impl Named for () {
    fn named(&self) -> Option<&Tensors> {
        None
    }
    fn named_mut(&mut self) -> Option<&mut Tensors> {
        None
    }
}

impl Named for Tensors {
    fn named(&self) -> Option<&Tensors> {
        Some(self)
    }
    fn named_mut(&mut self) -> Option<&mut Tensors> {
        Some(self)
    }
}

/// What the states of an outer optimiser are called: that of the weights, and that of the learner's meta-parameters.
pub trait Kept: Optimizer<f32> + Sync {
    const STATES: [&'static str; 2];
}

impl Kept for Adam {
    const STATES: [&'static str; 2] = ["adam-theta", "adam-alpha"];
}

impl Kept for metatape::meta::optimizer::Sgd {
    const STATES: [&'static str; 2] = ["sgd-theta", "sgd-alpha"];
}

impl<L, F, O> Train for Training<f32, L, F, O>
where
    L: Inner<f32, Meta: Named + Send + Sync> + Send,
    F: Loss<f32> + Send,
    O: Kept,
{
    fn advance(
        &mut self,
        iterations: Range<usize>,
        episodes: &mut [Episode],
        draw: &dyn Fn(usize, &mut [Episode]),
    ) -> std::result::Result<Vec<f64>, GuardError> {
        let mut training = self.recorded();
        let iterate = |iteration| {
            draw(iteration, episodes);
            Ok(training.step(episodes)?.loss)
        };
        iterations.map(iterate).collect()
    }

    fn evaluate(
        &self,
        workers: &Workers<f32>,
        episodes: &[Episode],
        steps: (usize, Adaptation),
    ) -> Vec<Vec<f64>> {
        self.problem.evaluate(workers, (&self.learned.0, &self.learned.1), episodes, steps)
    }

    fn evaluate_by(
        &self,
        workers: &Workers<f32>,
        episodes: &[Episode],
        steps: (usize, Adaptation),
        score: &Score,
    ) -> Vec<Vec<f64>> {
        self.problem.evaluate_by(workers, (&self.learned.0, &self.learned.1), episodes, steps, score)
    }

    fn adapted(&self, support: &Batch, steps: usize) -> Tensors {
        self.problem.adapted((&self.learned.0, &self.learned.1), support, steps)
    }

    fn parts(&self) -> Vec<(&'static str, Tensors)> {
        let mut parts = vec![("theta", self.learned.0.clone()), (O::STATES[0], self.optimizers[0].state())];
        if let Some(alpha) = self.learned.1.named() {
            parts.extend([("alpha", alpha.clone()), (O::STATES[1], self.optimizers[1].state())]);
        }
        parts
    }

    fn restore(
        &mut self,
        run: &str,
        checkpoint: &Checkpoint<f32>,
        iteration: usize,
        skips: [u64; 2],
    ) -> Result {
        checkpoint.restore(&format!("{run}-theta"), &mut self.learned.0)?;
        self.optimizers[0].restore(group(checkpoint, run, O::STATES[0])?);
        if let Some(alpha) = self.learned.1.named_mut() {
            checkpoint.restore(&format!("{run}-alpha"), alpha)?;
            self.optimizers[1].restore(group(checkpoint, run, O::STATES[1])?);
        }
        self.iteration = iteration;
        [self.guard.skipped, self.guard.in_a_row] = skips;
        Ok(())
    }

    fn skips(&self) -> [u64; 2] {
        [self.guard.skipped, self.guard.in_a_row]
    }
}
