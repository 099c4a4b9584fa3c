//! Policies in meta-training.

use super::{Policy, PolicyProblem, PolicyTask, Trpo};
use crate::meta::optimizer::Optimizer;
use crate::meta::{Clip, Guard, GuardError, Inner, Report, Schedule, Workers};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::Tensors;

/// How the outer loop uses the gradient of the surrogate.
#[derive(Clone, Debug, PartialEq)]
pub enum OuterStep<O> {
    /// By a step inside a trust region, initial parameters and those of the learner together.
    Trpo(Trpo),
    /// By an optimiser: of the initial parameters, and of those of the learner.
    Descent([O; 2], Schedule),
}

/// A meta-learner of policies in training: what is learned, and what descends it.
#[derive(Debug)]
pub struct PolicyTraining<T: Float, L: Inner<T>, P, O> {
    /// What is differentiated.
    pub problem: PolicyProblem<L, P>,
    /// The initial parameters and the learner's.
    pub learned: (Tensors<T>, L::Meta),
    /// The outer step.
    pub outer: OuterStep<O>,
    /// Keeps out gradients that are not finite.
    pub guard: Guard,
    /// How many iterations are done.
    pub iteration: usize,
    /// The tapes.
    pub workers: Workers<T>,
}

/// What one outer iteration saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyReport {
    /// The surrogate before the step, and after it; after a plain descent the one before.
    pub loss: [f64; 2],
    /// The norm of its gradient.
    pub gradient_norm: f64,
    /// The mean divergence of the new adapted policies from the old, as far as it was looked at.
    pub divergence: f64,
    /// Whether a step was made; not, where the gradient was not finite or no step was good enough.
    pub applied: bool,
}

impl<T: Float, L: Inner<T, Meta: Clone>, P: Policy<T>, O: Optimizer<T>> PolicyTraining<T, L, P, O> {
    /// A fresh start from `learned`; a task is a chunk of work of its own.
    pub fn new(problem: PolicyProblem<L, P>, learned: (Tensors<T>, L::Meta), outer: OuterStep<O>) -> Self {
        let (guard, workers) = (Guard::default(), Workers::new(1));
        PolicyTraining { problem, learned, outer, guard, iteration: 0, workers }
    }

    /// One outer iteration on tasks that [`PolicyProblem::adapt`] gathered with what is learned now.
    ///
    /// # Errors
    /// The gradient has not been finite for as many iterations as the guard allows. Nothing is changed then; the error tells
    /// the first infinity or NaN on the way to it.
    ///
    /// # Panics
    /// There are no tasks, or shapes do not fit.
    #[track_caller]
    pub fn step(&mut self, tasks: &[PolicyTask<T>]) -> Result<PolicyReport, GuardError> {
        let mut gradient = vec![T::ZERO; self.learned.0.count() + self.learned.1.count()];
        let at = (&self.learned.0, &self.learned.1);
        let loss = self.problem.mean_gradient(&mut self.workers, at, tasks, &mut gradient);
        let admitted = Report::admit((&mut self.guard, Clip::None), self.iteration, loss, &mut gradient);
        let admitted = admitted.map_err(|error| {
            let own = &tasks[self.workers.own(tasks.len())];
            let mut workers = Workers::watched(own.len().max(1));
            if !own.is_empty() {
                self.problem.mean_gradient(&mut workers, at, own, &mut gradient);
            }
            error.because(workers.anomaly())
        })?;
        let mut report = PolicyReport {
            loss: [loss; 2],
            gradient_norm: admitted.gradient_norm,
            divergence: 0.0,
            applied: admitted.applied,
        };
        if admitted.applied {
            match &mut self.outer {
                OuterStep::Descent(optimizers, schedule) => {
                    let rate = schedule.at(self.iteration);
                    let (theta, meta) = gradient.split_at(self.learned.0.count());
                    optimizers[0].descend(&mut self.learned.0, theta, rate);
                    optimizers[1].descend(&mut self.learned.1, meta, rate);
                }
                OuterStep::Trpo(trpo) => {
                    let trpo = *trpo;
                    self.trust_region(trpo, tasks, &gradient, &mut report);
                }
            }
        }
        self.iteration += 1;
        Ok(report)
    }

    fn trust_region(
        &mut self,
        trpo: Trpo,
        tasks: &[PolicyTask<T>],
        gradient: &[T],
        report: &mut PolicyReport,
    ) {
        let PolicyTraining { problem, learned, workers, .. } = self;
        let gradient: Vec<f64> = gradient.iter().map(|g| g.to_f64()).collect();
        let mut image = vec![T::ZERO; gradient.len()];
        // Product and judge take turns with the tapes.
        let workers = std::cell::RefCell::new(workers);
        let product = |p: &[f64], out: &mut [f64]| {
            let mut v = learned.clone();
            fill(&mut v, |place, _| T::from_f64(p[place]));
            let (at, v) = ((&learned.0, &learned.1), (&v.0, &v.1));
            problem.fisher_product(&mut workers.borrow_mut(), at, tasks, v, &mut image);
            out.iter_mut().zip(&image).for_each(|(out, image)| *out = image.to_f64());
        };
        let moved = |step: &[f64]| {
            let mut moved = learned.clone();
            fill(&mut moved, |place, x| T::from_f64(x.to_f64() + step[place]));
            moved
        };
        let judge = |step: &[f64]| {
            let (theta, meta) = moved(step);
            problem.judge(&workers.borrow(), (&theta, &meta), tasks)
        };
        let found = trpo.search((report.loss[0], &gradient), product, judge);
        (report.loss[1], report.divergence, report.applied) =
            (found.loss, found.divergence, found.step.is_some());
        if let Some(step) = found.step {
            *learned = moved(&step);
        }
    }
}

/// Puts into every place, counted through all tensors, what `value` makes of the place and what is there.
fn fill<T: Float>(learned: &mut impl AtRest<T>, value: impl Fn(usize, T) -> T) {
    let mut place = 0;
    learned.each_mut(&mut |tensor| {
        for x in tensor.values_mut() {
            *x = value(place, *x);
            place += 1;
        }
    });
}
