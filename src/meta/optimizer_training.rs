//! Descent of the gradient of unrolled optimisations.

use super::optimizer::Optimizer;
use super::{Clip, Guard, GuardError, Inner, Loss, Optimizee, Report, Schedule, Unroll, Workers};
use crate::simd::Float;
use crate::tape::AtRest;

/// A learned optimiser in training.
///
/// ```
/// use metatape::meta::OptimizerTraining;
/// use metatape::prelude::*;
/// use metatape::tasks::stream;
///
/// // Learns to descend |theta - y|^2.
/// fn loss<'t>(theta: Params<'t>, problem: BatchVars<'t>) -> Var<'t> {
///     (theta.get(0) - problem.y).sum_squares(1.0)
/// }
///
/// let learner = LearnedOptimizer { hidden: 4, layers: 1, ..LearnedOptimizer::published() };
/// let phi = learner.parameters(&mut stream(0, 0, 0));
/// let unroll = Unroll { learner, loss, order: Order::First };
/// let (schedule, workers) = (Schedule::constant(1e-2), Workers::new(8));
/// let mut training = OptimizerTraining::new(unroll, phi, Adam::new(), schedule, workers);
/// for _ in 0..3 {
///     let mut theta = Tensors::new();
///     theta.push("theta", Tensor::full([2], 1.0));
///     let data = Batch { x: Tensor::scalar(0.0), y: Tensor::zeros([2]) };
///     // Twenty steps in segments of ten, with an update behind each.
///     let mut problems = [Optimizee::new(theta, data)];
///     training.step(&mut problems, 10)?;
///     training.step(&mut problems, 10)?;
/// }
/// # Ok::<(), metatape::meta::GuardError>(())
/// ```
#[derive(Debug)]
pub struct OptimizerTraining<T: Float, L: Inner<T>, F, O> {
    /// What is differentiated.
    pub unroll: Unroll<L, F>,
    /// The optimiser's meta-parameters.
    pub phi: L::Meta,
    /// What optimises the optimiser.
    pub optimizer: O,
    /// Its rate.
    pub schedule: Schedule,
    /// What bounds the gradient.
    pub clip: Clip,
    /// Keeps out gradients that are not finite.
    pub guard: Guard,
    /// How many updates are done.
    pub iteration: usize,
    /// The tapes.
    pub workers: Workers<T>,
    gradient: Vec<T>,
}

impl<T: Float, L: Inner<T>, F: Loss<T>, O: Optimizer<T>> OptimizerTraining<T, L, F, O> {
    /// A fresh start from `phi`, without clipping.
    pub fn new(
        unroll: Unroll<L, F>,
        phi: L::Meta,
        optimizer: O,
        schedule: Schedule,
        workers: Workers<T>,
    ) -> Self {
        let (clip, guard, gradient) = (Clip::None, Guard::default(), vec![T::ZERO; phi.count()]);
        OptimizerTraining { unroll, phi, optimizer, schedule, clip, guard, iteration: 0, workers, gradient }
    }

    /// One [segment](Unroll::segment) with all of `optimizees`, and one update by its gradient.
    ///
    /// # Errors
    /// The gradient has not been finite for as many updates as the guard allows. Nothing is learned then. Of
    /// [watched](Workers::watched) workers the error tells the anomaly.
    ///
    /// # Panics
    /// As [`Unroll::segment`].
    #[track_caller]
    pub fn step(&mut self, optimizees: &mut [Optimizee<T>], steps: usize) -> Result<Report, GuardError> {
        let loss = self.unroll.segment(&mut self.workers, &self.phi, optimizees, steps, &mut self.gradient);
        let admitted = Report::admit((&mut self.guard, self.clip), self.iteration, loss, &mut self.gradient);
        let report = admitted.map_err(|error| error.because(self.workers.anomaly()))?;
        if report.applied {
            self.optimizer.descend(&mut self.phi, &self.gradient, self.schedule.at(self.iteration));
        }
        self.iteration += 1;
        Ok(report)
    }
}
