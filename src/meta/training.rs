//! Descent of the meta-gradient.

use super::optimizer::Optimizer;
use super::{Clip, Guard, GuardError, Inner, Loss, Problem, Schedule, Workers};
use crate::kernels::reduce::{all_finite, squared_norm};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Episode, Tensors};

/// A meta-learner in training: what is learned, and what descends it.
///
/// [`Training::step`] is one outer iteration. A warm one allocates nothing.
#[derive(Debug)]
pub struct Training<T: Float, L: Inner<T>, F, O> {
    /// What is differentiated.
    pub problem: Problem<L, F>,
    /// The initial parameters and the learner's meta-parameters.
    pub learned: (Tensors<T>, L::Meta),
    /// The outer optimisers: of the initial parameters, and of the learner's meta-parameters.
    pub optimizers: [O; 2],
    /// The outer rate.
    pub schedule: Schedule,
    /// The outer rate of the learner's meta-parameters, as a share of that of the initial parameters.
    pub meta_share: f64,
    /// What bounds the meta-gradient.
    pub clip: Clip,
    /// Keeps out meta-gradients that are not finite.
    pub guard: Guard,
    /// How many iterations are done.
    pub iteration: usize,
    /// The tapes.
    pub workers: Workers<T>,
    gradient: Vec<T>,
}

/// What one outer iteration saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The mean query loss after adaptation, before the update.
    pub loss: f64,
    /// The norm of the mean meta-gradient, before clipping.
    pub gradient_norm: f64,
    /// Whether the update was made; not, where the meta-gradient was not finite.
    pub applied: bool,
}

impl<T: Float, L: Inner<T>, F: Loss<T>, O: Optimizer<T>> Training<T, L, F, O> {
    /// A fresh start from `learned`, with one optimiser like `optimizer` for each part of it, one rate for both, and no
    /// clipping.
    pub fn new(
        problem: Problem<L, F>,
        learned: (Tensors<T>, L::Meta),
        optimizer: O,
        schedule: Schedule,
        workers: Workers<T>,
    ) -> Self
    where
        O: Clone,
    {
        let gradient = vec![T::ZERO; learned.0.count() + learned.1.count()];
        Training {
            problem,
            learned,
            optimizers: [optimizer.clone(), optimizer],
            schedule,
            meta_share: 1.0,
            clip: Clip::None,
            guard: Guard::default(),
            iteration: 0,
            workers,
            gradient,
        }
    }

    /// One outer iteration: the mean meta-gradient over `episodes`, clipped, checked and descended.
    ///
    /// # Errors
    /// The meta-gradient has not been finite for as many iterations as the guard allows. Nothing is changed then.
    ///
    /// # Panics
    /// There are no episodes, or shapes do not fit.
    #[track_caller]
    pub fn step(&mut self, episodes: &[Episode<T>]) -> Result<Report, GuardError> {
        let at = (&self.learned.0, &self.learned.1);
        let loss = self.problem.mean_gradient(&mut self.workers, at, episodes, &mut self.gradient);
        let finite = loss.is_finite() && all_finite(&self.gradient);
        let gradient_norm = squared_norm(&self.gradient).to_f64().sqrt();
        let applied = self.guard.admit(self.iteration, finite)?;
        if applied {
            self.clip.apply(&mut self.gradient);
            let rate = self.schedule.at(self.iteration);
            let (theta, meta) = self.gradient.split_at(self.learned.0.count());
            self.optimizers[0].descend(&mut self.learned.0, theta, rate);
            self.optimizers[1].descend(&mut self.learned.1, meta, rate * self.meta_share);
        }
        self.iteration += 1;
        Ok(Report { loss, gradient_norm, applied })
    }
}
