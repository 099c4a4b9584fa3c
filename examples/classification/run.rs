//! One learner from its first weights to its last.

use metatape::kernels::index::arg_max;
use metatape::meta::optimizer::Sgd;
use metatape::meta::{Adapting, GuardError, Inner, Objective};
use metatape::nn::accuracy;
use metatape::prelude::*;
use metatape::tasks::{FewShotTasks, stream};
use metatape::tensor::Checkpoint;
use rayon::prelude::*;

use crate::common::{self, Kept, Named, Saved, Train, interrupted, mean_and_ci95, saved, streams, workers};
use crate::learner::{Learner, Setting};
use crate::net::{self, Net};
use crate::plan::{Fall, Plan};

/// A learner in training.
pub struct Run {
    pub learner: Learner,
    pub setting: Setting,
    pub net: Net,
    pub training: Box<dyn Train>,
    pub iteration: usize,
    /// The mean query loss of each iteration.
    pub losses: Vec<f64>,
    pub watches: Vec<Watch>,
    pub seed: u64,
    episodes: Vec<Episode>,
}

/// The accuracy on classes that are not trained on, as it was after so many iterations.
#[derive(Clone, Copy)]
pub struct Watch {
    pub iteration: usize,
    pub accuracy: f64,
    pub ci95: f64,
}

/// How many episodes are adapted at a time when they are scored: few enough for photographs in memory, enough for every
/// thread.
const SLICE: usize = 32;

impl Run {
    pub fn new(plan: &Plan, learner: Learner, image: [usize; 3], seed: u64) -> Run {
        let setting = plan.setting(learner).clone();
        let net = Net::new(plan, image);
        let mut theta = net.parameters(&mut stream(seed, streams::WEIGHTS, 0));
        for place in held(plan, &theta) {
            theta.tensors_mut()[place].values_mut().fill(0.0);
        }
        let rate = setting.alpha as f32;
        let maml = |adapted| Adapting { learner: Maml { rate }, adapted };
        let training: Box<dyn Train> = match learner {
            Learner::MetaSgd => {
                let several = setting.steps > 1;
                let rule = MetaSgd {
                    rates: Rates::PerParameter,
                    steps_with_own_rates: setting.steps,
                    gradient_bound: several.then_some(10.0),
                };
                let alpha = rule.rates_like(&theta, rate);
                start(plan, &setting, rule, &net, (theta, alpha), Adam::new())
            }
            Learner::Maml | Learner::Fomaml => {
                let rule = maml(net.body_and_head(plan.net, &theta));
                start(plan, &setting, rule, &net, (theta, ()), Adam::new())
            }
            Learner::Anil => start(plan, &setting, maml(net::head(&theta)), &net, (theta, ()), Adam::new()),
            Learner::Reptile => reptile(plan, &setting, &net, theta),
            Learner::MetaLstm => {
                let rule = MetaLstm::published();
                let phi = rule.parameters(&mut stream(seed, streams::WEIGHTS, 1));
                start(plan, &setting, rule, &net, (theta, phi), Adam::new())
            }
        };
        Run {
            learner,
            setting,
            net,
            training,
            iteration: 0,
            losses: Vec::new(),
            watches: Vec::new(),
            seed,
            episodes: Vec::new(),
        }
    }

    pub fn name(&self) -> &'static str {
        self.learner.name()
    }

    /// Trains for one more iteration.
    ///
    /// # Errors
    /// The meta-gradient has not been finite for too long.
    pub fn advance(&mut self, plan: &Plan, tasks: &FewShotTasks) -> common::Result {
        if self.episodes.is_empty() {
            let rng = &mut stream(self.seed, 0, 0);
            self.episodes = (0..plan.meta_batch).map(|_| tasks.episode(rng)).collect();
        }
        let draw = |iteration: usize, episodes: &mut [Episode]| {
            draw(tasks, (self.seed, iteration as u64), 0, episodes);
        };
        let stop = |error: GuardError| format!("{}, {error}", self.learner.name());
        let now = self.iteration..self.iteration + 1;
        let losses = self.training.advance(now, &mut self.episodes, &draw).map_err(stop)?;
        self.iteration += 1;
        // As a checkpoint keeps them, so that a resumed run tells of the same.
        self.losses.extend(losses.into_iter().map(|loss| f64::from(loss as f32)));
        Ok(())
    }

    /// Looks at the accuracy on tasks that are not trained on; `false` if it was interrupted.
    pub fn watch(&mut self, plan: &Plan, tasks: &FewShotTasks) -> bool {
        let Some(accuracies) = self.accuracies(&workers(1), tasks, (streams::WATCHING, plan.watched), |_| {})
        else {
            return false;
        };
        let (accuracy, ci95) = mean_and_ci95(accuracies.into_iter());
        self.watches.push(Watch { iteration: self.iteration, accuracy, ci95 });
        true
    }

    /// The accuracy in per cent on each of `count` tasks of a stream, after as many steps as the setting says; `None` if it
    /// was interrupted. `told` hears of every few tasks.
    pub fn accuracies(
        &self,
        workers: &Workers<f32>,
        tasks: &FewShotTasks,
        (which, count): (u64, usize),
        mut told: impl FnMut(usize),
    ) -> Option<Vec<f64>> {
        let steps = (self.setting.test_steps, Adaptation::AsTrained);
        let (net, statistics) = (self.net.clone(), self.setting.statistics);
        let views = views(tasks);
        let score = move |theta: Params<'_>, episode: EpisodeVars<'_>| {
            let said = net::mean_of_views(net.answers(theta, episode, statistics), views);
            accuracy(said, net::one_of_views(episode.query.y, views))
        };
        let rng = &mut stream(self.seed, which, 0);
        let mut episodes: Vec<Episode> = (0..SLICE.min(count)).map(|_| tasks.episode(rng)).collect();
        let mut all = Vec::with_capacity(count);
        while all.len() < count {
            if interrupted() {
                return None;
            }
            let slice = SLICE.min(count - all.len());
            let episodes = &mut episodes[..slice];
            draw(tasks, (self.seed, which), all.len(), episodes);
            let scores = self.training.evaluate_by(workers, episodes, steps, &score);
            all.extend(scores.into_iter().map(|steps| 100.0 * steps[steps.len() - 1]));
            told(slice);
        }
        Some(all)
    }

    /// The class that the adapted model says of each query image of a task, by all of its views.
    pub fn predictions(&self, tasks: &FewShotTasks, episode: &Episode) -> Vec<usize> {
        let theta = self.training.adapted(&episode.support, self.setting.test_steps);
        let tape = Tape::new();
        let logits = self.net.answers(theta.put(&tape), episode.put(&tape), self.setting.statistics);
        let logits = net::mean_of_views(logits, views(tasks));
        let ways = logits.shape().dim(1);
        logits.read(|logits| logits.chunks_exact(ways).map(arg_max).collect())
    }

    pub fn save(&self, saved: &mut Saved) {
        saved.training(self.name(), self.training.as_ref());
        let watches = |number: fn(&Watch) -> f64| self.watches.iter().map(number).collect::<Vec<_>>();
        let lists = [
            ("loss", self.losses.clone()),
            ("watch-iteration", watches(|watch| watch.iteration as f64)),
            ("watch-accuracy", watches(|watch| watch.accuracy)),
            ("watch-ci95", watches(|watch| watch.ci95)),
        ];
        saved.numbers(self.name(), "history", &lists.each_ref().map(|(name, list)| (*name, list.as_slice())));
    }

    /// Goes on from a checkpoint that [`Run::save`] is in.
    ///
    /// # Errors
    /// The checkpoint holds another run.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> common::Result {
        self.iteration = saved::restore(self.learner.name(), self.training.as_mut(), checkpoint)?;
        let list = |name| saved::numbers(checkpoint, self.learner.name(), "history", name);
        self.losses = list("loss");
        let numbers = list("watch-iteration").into_iter().zip(list("watch-accuracy")).zip(list("watch-ci95"));
        self.watches = numbers
            .map(|((iteration, accuracy), ci95)| Watch { iteration: iteration as usize, accuracy, ci95 })
            .collect();
        Ok(())
    }
}

fn start<L, O>(
    plan: &Plan,
    setting: &Setting,
    rule: L,
    net: &Net,
    learned: (Tensors, L::Meta),
    optimizer: O,
) -> Box<dyn Train>
where
    L: Inner<f32, Meta: Named + Send + Sync> + Send + 'static,
    O: Kept + Clone + 'static,
{
    let problem = Problem::new(rule, net.clone(), setting.steps);
    let problem = Problem { order: setting.order(), road: setting.road.into(), ..problem };
    boxed(plan, setting, problem, learned, optimizer)
}

/// Plain descent along the mean way, as published.
fn reptile(plan: &Plan, setting: &Setting, net: &Net, theta: Tensors) -> Box<dyn Train> {
    let problem = Problem::new(Maml { rate: setting.alpha as f32 }, net.clone(), setting.steps);
    let problem = Problem { objective: Objective::Displacement, ..problem };
    boxed(plan, setting, problem, (theta, ()), Sgd::new())
}

fn boxed<L, O>(
    plan: &Plan,
    setting: &Setting,
    problem: Problem<L, Net>,
    learned: (Tensors, L::Meta),
    optimizer: O,
) -> Box<dyn Train>
where
    L: Inner<f32, Meta: Named + Send + Sync> + Send + 'static,
    O: Kept + Clone + 'static,
{
    let schedule = match plan.schedule {
        Fall::Cosine => Schedule::cosine(setting.rate, plan.iterations),
        Fall::Constant => Schedule::constant(setting.rate),
    };
    let mut training = Training::new(problem, learned, optimizer, schedule, workers(1));
    training.held = held(plan, &training.learned.0);
    training.clip = match (setting.norm, plan.clip) {
        (Some(norm), _) => Clip::Norm(norm),
        (None, Some(bound)) => Clip::Elementwise(bound),
        (None, None) => Clip::None,
    };
    Box::new(training)
}

/// The places of the tensors that every task begins with at zero.
fn held(plan: &Plan, theta: &Tensors) -> Vec<usize> {
    if plan.zero_head { net::head(theta) } else { Vec::new() }
}

/// How many views of each query image stand in a task.
pub fn views(tasks: &FewShotTasks) -> usize {
    tasks.protocol().judged() / tasks.protocol().query
}

/// Fills `episodes` with the tasks from number `first` on of one iteration; of several ranks each its own.
fn draw(tasks: &FewShotTasks, (seed, iteration): (u64, u64), first: usize, episodes: &mut [Episode]) {
    let own = workers(1).own(episodes.len());
    let first = first + own.start;
    episodes[own].par_iter_mut().enumerate().for_each(|(place, episode)| {
        tasks.episode_into(episode, &mut stream(seed, iteration, (first + place) as u64));
    });
}
