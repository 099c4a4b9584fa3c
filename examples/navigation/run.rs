//! One learner on one kind of start, from its first weights to its last.

use metatape::meta::policy::{
    AdaptationError, Adapted, OuterStep, PolicyProblem, PolicyReport, PolicyTask, PolicyTraining, Trpo,
};
use metatape::meta::{GuardError, Inner};
use metatape::nn::{Gaussian, gaussian_mlp, gaussian_mlp_parameters};
use metatape::prelude::*;
use metatape::tasks::{PointWorld, WorldError, stream};
use metatape::tensor::Checkpoint;
use rayon::prelude::*;

use crate::common::{self, Kept, Named, Saved, crew, saved, streams, workers};
use crate::learner::{Careful, Learner};
use crate::options::{Outer, Plan, Start};
use crate::tasks::Place;

/// A learner in training.
pub struct Run {
    pub name: String,
    pub learner: Learner,
    pub start: Start,
    /// The mean return before adaptation and after each update, iteration by iteration.
    pub returns: Vec<Vec<f64>>,
    training: Box<dyn Train>,
}

/// What one task's adaptation gave.
type Outcome = Result<Adapted, AdaptationError<WorldError>>;

/// Policies in training, whatever the learner.
trait Train: Send + Sync {
    fn step(&mut self, tasks: &[PolicyTask]) -> Result<PolicyReport, GuardError>;
    fn adapt(&self, plan: &Plan, task: (PointWorld, Place), updates: usize) -> Outcome;
    fn parts(&self) -> Vec<(&'static str, Tensors)>;
    fn restore(&mut self, run: &str, checkpoint: &Checkpoint, iteration: usize) -> common::Result;
    fn skips(&self) -> [u64; 2];
}

/// The published policy: means by 2-100-100-2 with relu, deviations of their own.
fn policy<'t>(theta: Params<'t>, observations: Var<'t>) -> Gaussian<'t, f32> {
    gaussian_mlp(theta, observations, Activation::Relu)
}

/// A task is a chunk of work of its own.
const CHUNK: usize = 1;

/// By what the last weights are multiplied at first.
const FIRST_MEANS: f32 = 0.1;

impl Run {
    /// Every learner of the plan at every start, each fresh.
    pub fn all(plan: &Plan) -> Vec<Run> {
        let pairs =
            plan.starts.iter().flat_map(|start| plan.learners.iter().map(|learner| (*start, *learner)));
        pairs.map(|(start, learner)| Run::new(plan, start, learner)).collect()
    }

    fn new(plan: &Plan, start: Start, learner: Learner) -> Run {
        let rng = &mut stream(plan.seed, streams::WEIGHTS, 0);
        let log_deviation = plan.deviation.ln() as f32;
        let mut theta = gaussian_mlp_parameters(&[2, 100, 100, 2], Initializer::Xavier, log_deviation, rng);
        // Before the last bias and the deviation. As drawn, some first policies run away from the start ever faster, and stay so.
        let last = theta.len() - 3;
        theta.tensors_mut()[last].values_mut().iter_mut().for_each(|w| *w *= FIRST_MEANS);
        let alpha = plan.alpha as f32;
        let (trained, share) = (plan.steps, plan.later as f32);
        let order = learner.order();
        let training: Box<dyn Train> = match learner {
            Learner::Maml | Learner::Fomaml => {
                let learner = Careful { learner: Maml { rate: alpha }, trained, share };
                let problem = PolicyProblem { learner, policy, order };
                begin(plan, problem, (theta, ()))
            }
            Learner::MetaSgd => {
                let rule = MetaSgd { steps_with_own_rates: plan.steps, ..MetaSgd::published() };
                let alpha = rule.rates_like(&theta, alpha);
                let learner = Careful { learner: rule, trained, share };
                let problem = PolicyProblem { learner, policy, order };
                begin(plan, problem, (theta, alpha))
            }
        };
        let name = format!("{}-{}", learner.name(), start.name());
        Run { name, learner, start, returns: Vec::new(), training }
    }

    /// One outer iteration.
    ///
    /// # Errors
    /// A task cannot be adapted to, or gradients have not been finite for too long.
    pub fn iterate(&mut self, plan: &Plan, iteration: usize) -> common::Result<PolicyReport> {
        let (adapted, returns) = self.adapt_all(plan, (iteration as u64, 0..plan.tasks), plan.steps)?;
        let mut means = vec![0.0; plan.steps + 1];
        for of_task in &returns {
            means.iter_mut().zip(of_task).for_each(|(mean, of_task)| *mean += of_task / plan.tasks as f64);
        }
        // As a checkpoint keeps them, so that a resumed run tells of the same.
        self.returns.push(means.into_iter().map(|mean| f64::from(mean as f32)).collect());
        let mut tasks: Vec<PolicyTask> = (0..plan.tasks).map(|_| PolicyTask::elsewhere()).collect();
        let own = workers(CHUNK).own(plan.tasks);
        tasks[own].iter_mut().zip(adapted).for_each(|(task, adapted)| *task = adapted.task);
        let report = self.training.step(&tasks);
        report.or_else(|error| crew::agree(Err(format!("{}, {error}", self.name).into())))
    }

    /// The mean return of each unseen task before adaptation and after each update.
    ///
    /// # Errors
    /// A task cannot be adapted to.
    pub fn returns_of(&self, plan: &Plan, tasks: std::ops::Range<usize>) -> common::Result<Vec<Vec<f64>>> {
        let (_, returns) = self.adapt_all(plan, (streams::SCORING, tasks), plan.updates)?;
        Ok(returns)
    }

    /// The adaptations to this rank's share of the tasks, and the returns of all.
    fn adapt_all(
        &self,
        plan: &Plan,
        (iteration, tasks): (u64, std::ops::Range<usize>),
        updates: usize,
    ) -> common::Result<(Vec<Adapted>, Vec<Vec<f64>>)> {
        let (workers, count) = (workers(CHUNK), tasks.len());
        let own = workers.own(count);
        let tasks = tasks.start + own.start..tasks.start + own.end;
        let navigation = plan.navigation(self.start);
        let adapt = |task: usize| {
            let place = Place { seed: plan.seed, iteration, task };
            self.training.adapt(plan, (place.world(navigation), place), updates)
        };
        let outcomes: Vec<Outcome> = tasks.clone().into_par_iter().map(adapt).collect();
        let when =
            if iteration == streams::SCORING { "scoring".into() } else { format!("iteration {iteration}") };
        let name = &self.name;
        let told = outcomes.into_iter().zip(tasks).map(|(outcome, task)| {
            Ok(outcome.map_err(|error| format!("{name}, {when}, task {task}: {error}"))?)
        });
        let adapted: Vec<Adapted> = crew::agree(told.collect())?;
        let mut returns = vec![0.0; count * (updates + 1)];
        let mine = returns[own.start * (updates + 1)..].iter_mut();
        mine.zip(adapted.iter().flat_map(Adapted::returns)).for_each(|(place, found)| *place = found);
        workers.complete(&mut returns, count);
        Ok((adapted, returns.chunks_exact(updates + 1).map(<[f64]>::to_vec).collect()))
    }

    /// An unseen task, and an adaptation to it by one update, for pictures.
    ///
    /// # Errors
    /// It cannot be adapted to.
    pub fn shown(&self, plan: &Plan, task: usize) -> common::Result<(PointWorld, Adapted)> {
        let place = Place { seed: plan.seed, iteration: streams::PLOTS, task };
        let world = place.world(plan.navigation(self.start));
        let adapted = self.training.adapt(plan, (world, place), 1);
        Ok((world, adapted.map_err(|error| error.to_string())?))
    }

    pub fn save(&self, saved: &mut Saved) {
        for (part, tensors) in self.training.parts() {
            saved.tensors(&self.name, part, tensors);
        }
        saved.skips(&self.name, self.training.skips());
        let updates = self.returns.first().map_or(0, Vec::len);
        let lists: Vec<(String, Vec<f64>)> = (0..updates)
            .map(|update| (format!("return{update}"), self.returns.iter().map(|all| all[update]).collect()))
            .collect();
        let lists: Vec<(&str, &[f64])> =
            lists.iter().map(|(name, list)| (name.as_str(), list.as_slice())).collect();
        saved.numbers(&self.name, "history", &lists);
    }

    /// Goes on from a checkpoint that [`Run::save`] is in.
    ///
    /// # Errors
    /// The checkpoint holds another run.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> common::Result {
        let iteration = checkpoint.metadata("iteration")?.parse()?;
        self.training.restore(&self.name, checkpoint, iteration)?;
        let lists: Vec<Vec<f64>> = (0..)
            .map(|update| saved::numbers(checkpoint, &self.name, "history", &format!("return{update}")))
            .take_while(|list| !list.is_empty())
            .collect();
        self.returns = (0..iteration).map(|at| lists.iter().map(|list| list[at]).collect()).collect();
        Ok(())
    }
}

/// Training that shares its tasks with all ranks.
fn begin<L, P>(plan: &Plan, problem: PolicyProblem<L, P>, learned: (Tensors, L::Meta)) -> Box<dyn Train>
where
    L: Inner<f32, Meta: Named + Clone + Send + Sync> + Send + 'static,
    P: metatape::meta::policy::Policy<f32> + Send + 'static,
{
    let mut training = PolicyTraining::new(problem, learned, outer(plan));
    training.workers = workers(CHUNK);
    Box::new(training)
}

fn outer(plan: &Plan) -> OuterStep<Adam> {
    match plan.outer {
        Outer::Trpo => OuterStep::Trpo(Trpo { radius: plan.radius, ..Trpo::published() }),
        Outer::Adam => OuterStep::Descent([Adam::new(), Adam::new()], Schedule::constant(plan.rate)),
    }
}

impl<L, P> Train for PolicyTraining<f32, L, P, Adam>
where
    L: Inner<f32, Meta: Named + Clone + Send + Sync> + Send,
    P: metatape::meta::policy::Policy<f32> + Send,
{
    fn step(&mut self, tasks: &[PolicyTask]) -> Result<PolicyReport, GuardError> {
        PolicyTraining::step(self, tasks)
    }

    fn adapt(&self, plan: &Plan, (world, place): (PointWorld, Place), updates: usize) -> Outcome {
        let at = (&self.learned.0, &self.learned.1);
        self.problem.adapt(at, (updates, &plan.estimator()), |updates, actor| {
            place.trajectories(world, (updates, plan.trajectories), actor)
        })
    }

    fn parts(&self) -> Vec<(&'static str, Tensors)> {
        let mut parts = vec![("theta", self.learned.0.clone())];
        parts.extend(self.learned.1.named().map(|alpha| ("alpha", alpha.clone())));
        if let OuterStep::Descent(optimizers, _) = &self.outer {
            parts.extend(Adam::STATES.iter().copied().zip(optimizers.iter().map(Optimizer::state)));
        }
        parts
    }

    fn restore(&mut self, run: &str, checkpoint: &Checkpoint, iteration: usize) -> common::Result {
        checkpoint.restore(&format!("{run}-theta"), &mut self.learned.0)?;
        if let Some(alpha) = self.learned.1.named_mut() {
            checkpoint.restore(&format!("{run}-alpha"), alpha)?;
        }
        if let OuterStep::Descent(optimizers, _) = &mut self.outer {
            for (state, optimizer) in Adam::STATES.iter().zip(optimizers) {
                optimizer.restore(saved::group(checkpoint, run, state)?);
            }
        }
        self.iteration = iteration;
        [self.guard.skipped, self.guard.in_a_row] = saved::skips(run, checkpoint)?;
        Ok(())
    }

    fn skips(&self) -> [u64; 2] {
        [self.guard.skipped, self.guard.in_a_row]
    }
}

/// The last returns of all runs, for the progress bar.
pub fn returns(runs: &[Run]) -> String {
    let last = |run: &Run| {
        let returns = run.returns.last().map_or(&[][..], Vec::as_slice);
        let each: Vec<String> = returns.iter().map(|mean| format!("{mean:.1}")).collect();
        format!("{} {}", run.name, each.join(" to "))
    };
    runs.iter().map(last).collect::<Vec<_>>().join(", ")
}
