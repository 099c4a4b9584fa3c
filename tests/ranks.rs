//! The same bits on any number of ranks, each of which sees only its own episodes.

#[path = "support/crew.rs"]
mod crew;
mod support;

use std::sync::Arc;

use crew::on_ranks;
use metatape::meta::optimizer::Adam;
use metatape::meta::policy::{Experience, OuterStep, PolicyProblem, PolicyTask, PolicyTraining, Trpo};
use metatape::meta::{Alone, Crew, Guard, OptimizerTraining};
use metatape::nn::{Gaussian, gaussian_mlp, gaussian_mlp_parameters};
use metatape::prelude::*;
use metatape::tasks::stream;
use proptest::prelude::*;
use rand::RngExt;
use support::{episodes, parameters, relu_loss};

/// `whole`, but with what other ranks own made useless.
fn only<E>(workers: &Workers<f32>, whole: Vec<E>, spoil: impl Fn(&mut E)) -> Vec<E> {
    let own = workers.own(whole.len());
    let mut seen = whole;
    seen.iter_mut().enumerate().filter(|(at, _)| !own.contains(at)).for_each(|(_, other)| spoil(other));
    seen
}

fn forget(episode: &mut Episode) {
    episode.support.x.values_mut().fill(f32::NAN);
    episode.query.y.values_mut().fill(f32::NAN);
}

fn bits_of(tensors: &impl AtRest<f32>) -> Vec<u64> {
    let mut bits = Vec::new();
    tensors.each(&mut |tensor| bits.extend(tensor.values().iter().map(|x| u64::from(x.to_bits()))));
    bits
}

/// The bits of all that a few iterations of Meta-SGD learn and report.
fn meta_sgd(crew: Arc<dyn Crew>, count: u64, chunk: usize) -> Vec<u64> {
    let theta = parameters(&[1, 7, 5, 1], 1);
    let learner = MetaSgd::published();
    let alpha = learner.rates_like(&theta, 0.01);
    let problem = Problem::new(learner, relu_loss, 1);
    let (schedule, workers) = (Schedule::constant(1e-3), Workers::new(chunk).among(crew));
    let mut training = Training::new(problem, (theta, alpha), Adam::new(), schedule, workers);
    let mut bits = Vec::new();
    for iteration in 0..4 {
        let batch = only(&training.workers, episodes(count, 5, 5, iteration), forget);
        let report = if iteration < 2 { training.step(&batch) } else { training.recorded().step(&batch) };
        let report = report.expect("finite meta-gradients");
        bits.extend([report.loss.to_bits(), report.gradient_norm.to_bits()]);
    }
    let (at, unseen) = ((&training.learned.0, &training.learned.1), episodes(count, 5, 5, 9));
    let unseen = only(&training.workers, unseen, forget);
    let losses = training.problem.evaluate(&training.workers, at, &unseen, (3, Adaptation::NeverWorse));
    bits.extend(losses.concat().iter().map(|loss| loss.to_bits()));
    bits.extend(bits_of(&training.learned));
    bits
}

#[test]
fn any_number_of_ranks_learns_the_same_bits() {
    let shapes = (1_u64..14, 1_usize..5, 2_usize..6, 1_usize..3);
    proptest!(ProptestConfig::with_cases(24), |((count, chunk, size, threads) in shapes)| {
        let alone = meta_sgd(Arc::new(Alone), count, chunk);
        for found in on_ranks(size, threads, |crew| meta_sgd(crew, count, chunk)) {
            prop_assert!(found == alone, "{count} episodes in chunks of {chunk} on {size} ranks");
        }
    });
}

/// An optimisation in two segments, then the losses on the way of other problems.
fn learned_optimizer(crew: Arc<dyn Crew>) -> Vec<u64> {
    let learner = LearnedOptimizer { hidden: 3, layers: 1, ..LearnedOptimizer::published() };
    let phi = learner.parameters(&mut stream(3, 0, 0));
    let unroll = Unroll { learner, loss: relu_loss, order: Order::Second };
    let (schedule, workers) = (Schedule::constant(1e-2), Workers::new(2).among(crew));
    let mut training = OptimizerTraining::new(unroll, phi, Adam::new(), schedule, workers);
    let start = |task: u64| {
        let data = episodes(1, 6, 1, task).remove(0).support;
        Optimizee::new(parameters(&[1, 4, 1], task), data)
    };
    let own = training.workers.own(7);
    let mut optimizees: Vec<_> = (0..7).map(start).collect();
    let mut bits = Vec::new();
    for _ in 0..2 {
        let report = training.step(&mut optimizees, 3).expect("a finite gradient");
        bits.extend([report.loss.to_bits(), report.gradient_norm.to_bits()]);
    }
    assert!(optimizees.iter().enumerate().all(|(at, o)| (o.steps() == 6) == own.contains(&at)));
    let fresh: Vec<_> = (7..12).map(start).collect();
    let losses = training.unroll.losses(&training.workers, &training.phi, &fresh, 4);
    bits.extend(losses.concat().iter().map(|loss| loss.to_bits()));
    bits.extend(bits_of(&training.phi));
    bits
}

#[test]
fn any_number_of_ranks_learns_to_optimise_the_same_bits() {
    let alone = learned_optimizer(Arc::new(Alone));
    // With 6 ranks for 4 chunks, some have nothing to do.
    for size in [2, 3, 6] {
        for found in on_ranks(size, 1, learned_optimizer) {
            assert!(found == alone, "{size} ranks");
        }
    }
}

fn policy<'t>(theta: Params<'t>, observations: Var<'t>) -> Gaussian<'t, f32> {
    gaussian_mlp(theta, observations, Activation::Tanh)
}

/// Anything that could have been done and seen: trajectories of another length in each task.
fn experience(task: u64, step: u64) -> Experience {
    let rng = &mut stream(5, task, step);
    let rows = 6 + task as usize;
    let mut draw = |dims: &[usize]| {
        let count = dims.iter().product();
        Tensor::from_vec(dims, (0..count).map(|_| rng.random_range(-1.0..1.0)).collect())
    };
    Experience { observations: draw(&[rows, 2]), actions: draw(&[rows, 2]), advantages: draw(&[rows]) }
}

/// Two steps inside a trust region: gradient, Fisher products and line search.
fn trust_region(crew: Arc<dyn Crew>) -> Vec<u64> {
    let theta = gaussian_mlp_parameters(&[2, 5, 2], Initializer::Xavier, -0.5, &mut stream(4, 0, 0));
    let learner = MetaSgd::published();
    let alpha = learner.rates_like(&theta, 0.1);
    let problem = PolicyProblem { learner, policy, order: Order::Second };
    let outer = OuterStep::<Adam>::Trpo(Trpo::published());
    let mut training = PolicyTraining::new(problem, (theta, alpha), outer);
    training.workers = Workers::new(1).among(crew);
    let mut bits = Vec::new();
    for iteration in 0..2 {
        let own = training.workers.own(5);
        let task = |task: u64| {
            if !own.contains(&(task as usize)) {
                return PolicyTask::elsewhere();
            }
            let query = experience(task, 10 + iteration);
            let rows = query.observations.shape().dim(0);
            let old = [Tensor::zeros([rows, 2]), Tensor::full([2], -0.5)];
            PolicyTask { support: vec![experience(task, iteration)], query, old }
        };
        let tasks: Vec<PolicyTask> = (0..5).map(task).collect();
        let report = training.step(&tasks).expect("a finite gradient");
        bits.extend([report.loss[0], report.loss[1], report.divergence].map(f64::to_bits));
    }
    bits.extend(bits_of(&training.learned));
    bits
}

#[test]
fn any_number_of_ranks_steps_into_the_same_trust_region() {
    let alone = trust_region(Arc::new(Alone));
    for size in [2, 3, 7] {
        for found in on_ranks(size, 2, trust_region) {
            assert!(found == alone, "{size} ranks");
        }
    }
}

/// The rank that has the broken task names what broke; the others give up with it.
#[test]
fn all_ranks_give_up_together() {
    let told = on_ranks(3, 1, |crew| {
        let theta: Tensors = parameters(&[1, 4, 1], 1);
        let (schedule, workers) = (Schedule::constant(1e-3), Workers::new(1).among(crew));
        let problem = Problem::new(Maml { rate: 0.01 }, relu_loss, 1);
        let mut training = Training::new(problem, (theta, ()), Adam::new(), schedule, workers);
        training.guard = Guard::new(1);
        let mut batch = episodes(6, 5, 5, 0);
        batch[3].query.y.values_mut()[0] = f32::INFINITY;
        training.step(&batch).expect_err("an infinite loss").anomaly.is_some()
    });
    assert_eq!(told, [false, true, false]);
}

#[test]
fn ranks_tell_each_other_what_nobody_knows_the_length_of() {
    let words = ["", "one", "twenty-two"];
    for told in on_ranks(3, 1, |crew| crew.gather_all(words[crew.rank()].as_bytes())) {
        assert_eq!(told, words.map(|word| word.as_bytes().to_vec()));
    }
}
