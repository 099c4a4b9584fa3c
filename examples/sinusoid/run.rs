//! One learner at one number of shots, from its first weights to its last.

use metatape::meta::{GuardError, Inner, Objective};
use metatape::prelude::*;
use metatape::tasks::{Sinusoid, stream};

use crate::common::{self, Named, Train, streams, workers};
use crate::learner::{self, Family, Learner};
use crate::options::Plan;

/// How many points each task is judged on in training.
const QUERIES: usize = 10;

/// The published network, 1-40-40-1 with relu, and mean squared error.
#[derive(Clone, Copy)]
pub struct Regression;

impl Loss<f32> for Regression {
    fn loss<'t>(&self, theta: Params<'t>, batch: BatchVars<'t>) -> Var<'t> {
        mse(network(theta, batch.x), batch.y)
    }
}

pub fn network<'t>(theta: Params<'t>, x: Var<'t>) -> Var<'t> {
    mlp(theta, x, Activation::Relu)
}

/// One learner in training at one number of shots.
pub struct Run {
    pub name: String,
    pub learner: Learner,
    pub shots: usize,
    pub training: Box<dyn Train>,
    /// The mean query loss of each round so far.
    pub history: Vec<f64>,
    pub iteration: usize,
    world: Sinusoid,
    episodes: Vec<Episode>,
}

impl Run {
    /// Every learner of the plan at every number of shots, each fresh.
    pub fn all(plan: &Plan, seed: u64) -> Vec<Run> {
        let pairs =
            plan.learners.iter().flat_map(|learner| plan.shots.iter().map(|shots| (*learner, *shots)));
        pairs.map(|(learner, shots)| Run::new(plan, seed, learner, shots)).collect()
    }

    fn new(plan: &Plan, seed: u64, learner: Learner, shots: usize) -> Run {
        let mut rng = stream(seed, streams::WEIGHTS, 0);
        let mut theta = mlp_parameters(&[1, 40, 40, 1], Initializer::Xavier, &mut rng);
        if learner.is_meta_sgd() && learner::safeguarded(plan) {
            learner::spread_kinks(&mut theta, &mut rng);
        }
        let outer = learner::outer(learner, plan);
        let training: Box<dyn Train> = match learner.family() {
            Family::Maml => start(plan, learner::MAML, learner, (theta, ()), outer),
            Family::MetaSgd => {
                let rule = learner::meta_sgd(plan);
                let alpha = rule.rates_like(&theta, learner::first_rate(plan, &mut rng));
                start(plan, rule, learner, (theta, alpha), outer)
            }
            Family::MetaLstm => {
                let phi = MetaLstm::published().parameters(&mut rng);
                start(plan, MetaLstm::published(), learner, (theta, phi), outer)
            }
        };
        let world = plan.world();
        let episodes =
            (0..plan.meta_batch).map(|task| world.episode(shots, QUERIES, &mut stream(seed, 0, task as u64)));
        Run {
            name: format!("{}-{shots}", learner.name()),
            learner,
            shots,
            training,
            history: Vec::new(),
            iteration: 0,
            episodes: episodes.collect(),
            world,
        }
    }

    /// Trains for some more iterations.
    ///
    /// # Errors
    /// The meta-gradient has not been finite for too long.
    pub fn advance(&mut self, plan: &Plan, iterations: usize) -> common::Result {
        let draw = |iteration: usize, episodes: &mut [Episode]| {
            for (task, episode) in episodes.iter_mut().enumerate() {
                self.world.episode_into(episode, &mut stream(plan.seed, iteration as u64, task as u64));
            }
        };
        let stop = |error: GuardError| format!("{}, {error}", self.name);
        let end = self.iteration + iterations;
        let losses = self.training.advance(self.iteration..end, &mut self.episodes, &draw).map_err(stop)?;
        self.iteration = end;
        let finite: Vec<f64> = losses.into_iter().filter(|loss| loss.is_finite()).collect();
        self.history.push(finite.iter().sum::<f64>() / finite.len() as f64);
        Ok(())
    }

    /// How many meta-gradients were not finite, and skipped.
    pub fn skipped(&self) -> u64 {
        self.training.skips()[0]
    }
}

fn start<L>(
    plan: &Plan,
    rule: L,
    learner: Learner,
    learned: (Tensors, L::Meta),
    outer: learner::Outer,
) -> Box<dyn Train>
where
    L: Inner<f32, Meta: Named + Send + Sync> + Send + 'static,
{
    let problem = Problem {
        order: learner.order(),
        road: plan.road.into(),
        objective: Objective::QueryLoss,
        task_clip: outer.task_clip,
        ..Problem::new(rule, Regression, plan.steps)
    };
    let mut training = Training::new(problem, learned, Adam::new(), outer.schedule, workers(CHUNK));
    training.meta_share = outer.meta_share;
    training.clip = outer.clip;
    Box::new(training)
}

/// How many tasks lie side by side on a tape.
const CHUNK: usize = 5;

/// The last losses of all runs, for the progress bar.
pub fn losses(runs: &[Run]) -> String {
    let each = runs.iter().map(|run| format!("{:.2}", run.history.last().copied().unwrap_or(f64::NAN)));
    format!("loss {}", each.collect::<Vec<_>>().join(" "))
}
