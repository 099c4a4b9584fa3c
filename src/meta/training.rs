//! Descent of the meta-gradient.

use super::optimizer::{Optimizer, each_part};
use super::{Clip, Guard, GuardError, Inner, Loss, Problem, Schedule, Workers};
use crate::kernels::reduce::{all_finite, squared_norm};
use crate::simd::Float;
use crate::tape::{Anomaly, AtRest};
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
    /// The tensors of the initial parameters that are not learned, by their places: every task begins with them as they are.
    pub held: Vec<usize>,
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
    /// A fresh start from `learned`, with one optimiser like `optimizer` for each part of it, one rate for both, nothing held
    /// and no clipping.
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
            held: Vec::new(),
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
    /// The meta-gradient has not been finite for as many iterations as the guard allows. Nothing is changed then; the error
    /// tells the [anomaly](Training::anomaly).
    ///
    /// # Panics
    /// There are no episodes, or shapes do not fit.
    #[track_caller]
    pub fn step(&mut self, episodes: &[Episode<T>]) -> Result<Report, GuardError> {
        self.workers.replays = false;
        self.descend(episodes)
    }

    /// A stretch of training in which nothing but numbers changes: see [`Recorded`].
    pub fn recorded(&mut self) -> Recorded<'_, T, L, F, O> {
        self.workers.forget_recordings();
        Recorded { training: self }
    }

    /// Computes the meta-gradient over `episodes` once more, on a [watched](crate::tape::Tape::watched) tape: the first
    /// infinity or NaN on the way to it. Of several ranks each looks at [its own](Workers::own) episodes.
    ///
    /// # Panics
    /// As [`Training::step`].
    #[track_caller]
    pub fn anomaly(&self, episodes: &[Episode<T>]) -> Option<Anomaly> {
        let own = &episodes[self.workers.own(episodes.len())];
        if own.is_empty() && !episodes.is_empty() {
            return None;
        }
        let mut workers = Workers::watched(own.len());
        let at = (&self.learned.0, &self.learned.1);
        self.problem.mean_gradient(&mut workers, at, own, &mut vec![T::ZERO; self.gradient.len()]);
        workers.anomaly()
    }

    #[track_caller]
    fn descend(&mut self, episodes: &[Episode<T>]) -> Result<Report, GuardError> {
        let at = (&self.learned.0, &self.learned.1);
        let loss = self.problem.mean_gradient(&mut self.workers, at, episodes, &mut self.gradient);
        let mut place = 0;
        each_part(&mut self.learned.0, |_, part| {
            if self.held.contains(&place) {
                self.gradient[part].fill(T::ZERO);
            }
            place += 1;
        });
        let admitted = Report::admit((&mut self.guard, self.clip), self.iteration, loss, &mut self.gradient);
        let report = admitted.map_err(|error| error.because(self.anomaly(episodes)))?;
        if report.applied {
            let rate = self.schedule.at(self.iteration);
            let (theta, meta) = self.gradient.split_at(self.learned.0.count());
            self.optimizers[0].descend(&mut self.learned.0, theta, rate);
            self.optimizers[1].descend(&mut self.learned.1, meta, rate * self.meta_share);
        }
        self.iteration += 1;
        Ok(report)
    }
}

impl Report {
    /// Looks at a gradient, and bounds it where it may be applied.
    pub(super) fn admit<T: Float>(
        (guard, clip): (&mut Guard, Clip),
        iteration: usize,
        loss: f64,
        gradient: &mut [T],
    ) -> Result<Report, GuardError> {
        let finite = loss.is_finite() && all_finite(gradient);
        let gradient_norm = squared_norm(gradient).to_f64().sqrt();
        let applied = guard.admit(iteration, finite)?;
        if applied {
            clip.apply(gradient);
        }
        Ok(Report { loss, gradient_norm, applied })
    }
}

/// A stretch of training that records the program of a meta-gradient once for each size of chunk, and from then on only
/// computes it, to the same bits: the fastest way to train a small model by the tape road. (The adjoint road keeps no
/// program; here as well it records every step.)
///
/// Learner, loss and steps are lent to it and cannot change meanwhile. A loss may compute with numbers as it likes on the
/// tape; one that reads a number while it records (to branch on it, say) is recorded anew in every iteration. What no
/// type can see is a loss that branches on something outside that changes, a clock or a counter: do not record that.
///
/// ```
/// use metatape::prelude::*;
/// use metatape::tasks::{Sinusoid, stream};
///
/// fn loss<'t>(theta: Params<'t>, batch: BatchVars<'t>) -> Var<'t> {
///     mse(mlp(theta, batch.x, Activation::Relu), batch.y)
/// }
///
/// let mut rng = stream(0, 0, 0);
/// let theta = mlp_parameters(&[1, 8, 1], Initializer::Xavier, &mut rng);
/// let episodes: Vec<Episode> = (0..4).map(|_| Sinusoid::maml().episode(5, 5, &mut rng)).collect();
/// let problem = Problem::new(Maml { rate: 0.01 }, loss, 1);
/// let (schedule, workers) = (Schedule::constant(1e-3), Workers::new(4));
/// let mut training = Training::new(problem, (theta, ()), Adam::new(), schedule, workers);
/// let mut recorded = training.recorded();
/// for _ in 0..10 {
///     recorded.step(&episodes)?;
/// }
/// # Ok::<(), metatape::meta::GuardError>(())
/// ```
pub struct Recorded<'a, T: Float, L: Inner<T>, F, O> {
    training: &'a mut Training<T, L, F, O>,
}

impl<T: Float, L: Inner<T>, F: Loss<T>, O: Optimizer<T>> Recorded<'_, T, L, F, O> {
    /// See [`Training::step`].
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn step(&mut self, episodes: &[Episode<T>]) -> Result<Report, GuardError> {
        self.training.workers.replays = true;
        self.training.descend(episodes)
    }
}

impl<T: Float, L: Inner<T>, F, O> std::fmt::Debug for Recorded<'_, T, L, F, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorded training, {} iterations done", self.training.iteration)
    }
}
