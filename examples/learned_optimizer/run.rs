//! A learned optimiser, from its first weights to its last.

use std::time::Instant;

use metatape::meta::{GuardError, OptimizerTraining};
use metatape::prelude::*;
use metatape::tasks::stream;
use metatape::tensor::Checkpoint;

use crate::common::{self, Saved, saved, streams, workers};
use crate::optimizee::{Kind, Objective, Problems};
use crate::options::Plan;

/// A learned optimiser in training.
pub struct Run {
    pub training: OptimizerTraining<f32, LearnedOptimizer, Objective, Adam>,
    /// The mean loss over the steps of the last batch.
    pub loss: f64,
    iteration: usize,
    /// How many updates an iteration makes.
    segments: usize,
    /// Iterations that this process did, and how long they took.
    done_here: usize,
    seconds: f64,
}

/// Where the cosine of the outer rate begins, and the norm that a gradient is cut to.
const RATE: f64 = 3e-3;
const BOUND: f64 = 1.0;

impl Run {
    /// One of each order of the plan, all from the same first weights.
    pub fn all(plan: &Plan, seed: u64) -> Vec<Run> {
        plan.orders.iter().map(|order| Run::new(plan, *order, seed)).collect()
    }

    fn new(plan: &Plan, order: u32, seed: u64) -> Run {
        let order = if order == 1 { Order::First } else { Order::Second };
        let preprocesses = plan.optimizee == Kind::Mlp;
        let learner = LearnedOptimizer { preprocesses, ..LearnedOptimizer::published() };
        let phi = learner.parameters(&mut stream(seed, streams::WEIGHTS, 0));
        let unroll = Unroll { learner, loss: Objective(plan.optimizee), order };
        let segments = plan.segments().count();
        let schedule = Schedule::cosine(RATE, plan.iterations * segments);
        let mut training = OptimizerTraining::new(unroll, phi, Adam::new(), schedule, workers(plan.chunk()));
        training.clip = Clip::Norm(BOUND);
        Run { training, loss: f64::NAN, iteration: 0, segments, done_here: 0, seconds: 0.0 }
    }

    pub fn name(&self) -> &'static str {
        match self.training.unroll.order {
            Order::First => "lstm-dropped",
            Order::Second => "lstm-kept",
        }
    }

    /// Optimises one more batch of problems, and learns from each segment of the way.
    ///
    /// # Errors
    /// The gradient has not been finite for too long.
    pub fn advance(&mut self, plan: &Plan, problems: &Problems) -> common::Result {
        let (begun, name) = (Instant::now(), self.name());
        let mut batch = problems.batch(plan.batch, (plan.seed, self.iteration as u64));
        let mut total = 0.0;
        for steps in plan.segments() {
            let stop = |error: GuardError| format!("{}, {error}", name);
            total += self.training.step(&mut batch, steps).map_err(stop)?.loss;
        }
        self.loss = total / plan.steps as f64;
        self.iteration += 1;
        self.seconds += begun.elapsed().as_secs_f64();
        self.done_here += 1;
        Ok(())
    }

    /// How long an iteration took, in milliseconds; nothing where none was done by this process.
    pub fn milliseconds(&self) -> Option<f64> {
        (self.done_here > 0).then(|| 1e3 * self.seconds / self.done_here as f64)
    }

    pub fn save(&self, saved: &mut Saved) {
        saved.tensors(self.name(), "phi", self.training.phi.clone());
        saved.tensors(self.name(), "adam", self.training.optimizer.state());
        saved.skips(self.name(), [self.training.guard.skipped, self.training.guard.in_a_row]);
    }

    /// # Errors
    /// The checkpoint lacks this run.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> common::Result {
        let name = self.name();
        checkpoint.restore(&format!("{name}-phi"), &mut self.training.phi)?;
        self.training.optimizer.restore(saved::group(checkpoint, name, "adam")?);
        let guard = &mut self.training.guard;
        [guard.skipped, guard.in_a_row] = saved::skips(name, checkpoint)?;
        self.iteration = checkpoint.metadata("iteration")?.parse()?;
        self.training.iteration = self.iteration * self.segments;
        Ok(())
    }
}
