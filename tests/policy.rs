//! Policies: their gradients, the exact Fisher product, the trust region, advantages.

mod support;

use metatape::calculus::hvp_reverse;
use metatape::check::metagradcheck;
use metatape::meta::policy::{
    Actor, AdaptationError, Adapted, Baseline, Estimator, OuterStep, Policy, PolicyProblem, PolicyTask,
    PolicyTraining, Trpo, TrpoStep, conjugate_gradient, discounted_sums, generalized_advantages,
};
use metatape::meta::{Inner, Order};
use metatape::nn::{Gaussian, gaussian_mlp, gaussian_mlp_parameters};
use metatape::prelude::*;
use metatape::tape::AtRest;
use metatape::tasks::{Navigation, Pendulums, Start, WorldError, roll_out, stream};
use metatape::tensor::Trajectories;
use rand::RngExt;
use support::difference;

fn smooth<'t, T: Float>(theta: Params<'t, T>, observations: Var<'t, T>) -> Gaussian<'t, T> {
    gaussian_mlp(theta, observations, Activation::Tanh)
}

/// As small as it may be, with deviations that differ.
fn parameters<T: Float>(sizes: &[usize]) -> Tensors<T> {
    let mut rng = stream(8, 0, 0);
    let mut theta = gaussian_mlp_parameters(sizes, Initializer::Xavier, T::ZERO, &mut rng);
    for tensor in theta.tensors_mut().iter_mut().filter(|tensor| tensor.shape().rank() == 1) {
        tensor.values_mut().iter_mut().for_each(|x| *x = T::from_f64(rng.random_range(-0.4..0.1)));
    }
    theta
}

fn navigate<T: Float, P: Policy<T>>(
    task: u64,
    updates: usize,
    actor: &Actor<T, P>,
) -> Result<Trajectories<T>, WorldError> {
    let world = Navigation::new(Start::Varying).task(&mut stream(9, 0, task));
    let mut rngs: Vec<_> = (0..4).map(|t| stream(9, 1 + updates as u64, task << 8 | t)).collect();
    roll_out(vec![world; 4], 12, &mut rngs, |observations, noise| actor.act(observations, noise))
}

fn tasks<T, L, P>(
    problem: &PolicyProblem<L, P>,
    at: (&Tensors<T>, &L::Meta),
    count: u64,
    steps: usize,
) -> Vec<PolicyTask<T>>
where
    T: Float,
    L: Inner<T>,
    P: Policy<T>,
{
    let adapt =
        |task| problem.adapt(at, (steps, &Estimator::published()), |k, actor| navigate(task, k, actor));
    (0..count).map(|task| adapt(task).expect("navigation is finite").task).collect()
}

fn problem(order: Order) -> PolicyProblem<MetaSgd<f64>, impl Policy<f64> + Copy> {
    PolicyProblem { learner: MetaSgd::published(), policy: smooth, order }
}

/// Initial parameters and rates.
fn point() -> (Tensors<f64>, Tensors<f64>) {
    let theta = parameters::<f64>(&[2, 6, 5, 2]);
    let alpha = support::rates(&MetaSgd::published(), &theta, 0.3, 5);
    (theta, alpha)
}

fn flat<A: AtRest<f64>>(at: &A) -> Vec<f64> {
    let mut all = Vec::new();
    at.each(&mut |tensor| all.extend_from_slice(tensor.values()));
    all
}

fn filled<A: AtRest<f64> + Clone>(like: &A, values: &[f64]) -> A {
    let (mut filled, mut values) = (like.clone(), values.iter());
    filled.each_mut(&mut |tensor| {
        tensor.values_mut().iter_mut().for_each(|x| *x = *values.next().expect("as many values"));
    });
    filled
}

fn direction(count: usize, seed: u64) -> Vec<f64> {
    let mut rng = stream(seed, 3, 0);
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// The mean divergence of the policy after adaptation from that which made the experience, written out once more.
fn divergence<'t>(
    (theta, alpha): (Params<'t, f64>, Params<'t, f64>),
    task: &PolicyTask<f64>,
) -> Var<'t, f64> {
    let tape = theta.tape();
    let mut fast = theta;
    for seen in &task.support {
        let density = smooth(fast, tape.tensor(&seen.observations)).log_density(tape.tensor(&seen.actions));
        let loss = -(density * tape.tensor(&seen.advantages)).mean();
        fast = fast - alpha * grad(loss, &fast);
    }
    let [mean, log_deviation] = task.old.each_ref().map(|old| tape.tensor(old));
    let new = smooth(fast, tape.tensor(&task.query.observations));
    Gaussian { mean, log_deviation }.divergence(new).mean()
}

#[test]
fn the_fisher_product_is_the_hessian_of_the_divergence() {
    for steps in [1, 2] {
        let (problem, at) = (problem(Order::Second), point());
        let tasks = tasks(&problem, (&at.0, &at.1), 3, steps);
        let v = direction(at.count(), 1);
        let mut product = vec![0.0; v.len()];
        let along = filled(&at, &v);
        let workers = &mut Workers::new(1);
        problem.fisher_product(workers, (&at.0, &at.1), &tasks, (&along.0, &along.1), &mut product);

        // By differentiating the divergence twice, third derivatives of the inner loss included.
        let mut twice = vec![0.0; v.len()];
        // By differences of its gradient.
        let mut differences = vec![0.0; v.len()];
        let h = 1e-5;
        for task in &tasks {
            let tape = Tape::new();
            let inputs = at.put(&tape);
            let product = hvp_reverse(divergence(inputs, task), &inputs, &along.put(&tape));
            add(&mut twice, 1.0 / tasks.len() as f64, product);
            for side in [h, -h] {
                let tape = Tape::new();
                let moved: Vec<f64> = flat(&at).iter().zip(&v).map(|(x, v)| x + side * v).collect();
                let inputs = filled(&at, &moved).put(&tape);
                let slope = grad(divergence(inputs, task), &inputs);
                add(&mut differences, 0.5 / (side * tasks.len() as f64), slope);
            }
        }
        let (exact, near) = (difference(&product, &twice), difference(&product, &differences));
        println!("{steps} steps: {exact:.1e} from the Hessian, {near:.1e} from differences");
        assert!(exact < 1e-8 && near < 1e-5, "{steps} steps: {exact:e}, {near:e}");
    }
}

fn add(sum: &mut [f64], factor: f64, (theta, alpha): (Params<'_, f64>, Params<'_, f64>)) {
    let mut at = 0;
    for var in theta.iter().chain(alpha.iter()) {
        var.read(|values| {
            values.iter().zip(&mut sum[at..]).for_each(|(x, sum)| *sum += factor * x);
            at += values.len();
        });
    }
}

#[test]
fn without_second_derivatives_the_fisher_product_is_another() {
    let (exact, at) = (problem(Order::Second), point());
    let first = PolicyProblem { order: Order::First, ..exact };
    let tasks = tasks(&exact, (&at.0, &at.1), 2, 1);
    let along = filled(&at, &direction(at.count(), 2));
    let product = |problem: &PolicyProblem<_, _>| {
        let mut out = vec![0.0; at.count()];
        problem.fisher_product(&mut Workers::new(1), (&at.0, &at.1), &tasks, (&along.0, &along.1), &mut out);
        out
    };
    let apart = difference(&product(&first), &product(&exact));
    assert!(apart > 1e-3, "{apart:e}");
}

#[test]
fn the_policy_gradient_is_that_of_the_surrogate_on_frozen_samples() {
    for steps in [1, 2] {
        let (problem, at) = (problem(Order::Second), point());
        let tasks = tasks(&problem, (&at.0, &at.1), 2, steps);
        let value_and_gradient = |at: &(Tensors<f64>, Tensors<f64>)| {
            let mut gradient = vec![0.0; at.count()];
            let at_ref = (&at.0, &at.1);
            let loss = problem.mean_gradient(&mut Workers::new(1), at_ref, &tasks, &mut gradient);
            let [judged, _] = problem.judge(&Workers::new(1), at_ref, &tasks);
            assert_eq!(loss, judged);
            (loss, filled(at, &gradient))
        };
        // Away from where the experience was made as well: there the ratios are not 1.
        metagradcheck(value_and_gradient, &at).unwrap();
        let away: Vec<f64> =
            flat(&at).iter().zip(direction(at.count(), 4)).map(|(x, v)| x + 0.05 * v).collect();
        metagradcheck(value_and_gradient, &filled(&at, &away)).unwrap();
    }
}

#[test]
fn where_the_experience_was_made_nothing_diverges_and_the_surrogate_is_zero() {
    let (problem, at) = (problem(Order::Second), point());
    let tasks = tasks(&problem, (&at.0, &at.1), 3, 1);
    let [loss, divergence] = problem.judge(&Workers::new(1), (&at.0, &at.1), &tasks);
    // Advantages have mean 0, and every ratio is 1.
    assert!(loss.abs() < 1e-12 && divergence.abs() < 1e-12, "{loss:e}, {divergence:e}");
}

#[test]
fn conjugate_gradients_solve_a_known_system() {
    let n = 30;
    let mut rng = stream(1, 0, 0);
    let root: Vec<f64> = (0..n * n).map(|_| rng.random_range(-1.0..1.0)).collect();
    let product = |p: &[f64], out: &mut [f64]| {
        // R^T R + 1, symmetric and positive definite.
        let down: Vec<f64> = root.chunks(n).map(|row| row.iter().zip(p).map(|(r, p)| r * p).sum()).collect();
        for (j, out) in out.iter_mut().enumerate() {
            *out = p[j] + down.iter().enumerate().map(|(i, d)| root[i * n + j] * d).sum::<f64>();
        }
    };
    let solution = direction(n, 7);
    let mut b = vec![0.0; n];
    product(&solution, &mut b);
    let mut products = 0;
    let counted = |p: &[f64], out: &mut [f64]| {
        products += 1;
        product(p, out);
    };
    let x = conjugate_gradient(counted, &b, 100, 1e-22);
    let apart = difference(&x, &solution);
    assert!(apart < 1e-8, "{apart:e}");
    assert!(products <= 45, "{products}");
    // A direction of negative curvature ends it.
    let flipped = |p: &[f64], out: &mut [f64]| out.iter_mut().zip(p).for_each(|(out, p)| *out = -p);
    assert_eq!(conjugate_gradient(flipped, &b, 10, 1e-22), vec![0.0; n]);
}

/// A trust region around 0 where the divergence is `x^2 / 2` and the loss `x`.
fn search(radius: f64, judge: impl FnMut(&[f64]) -> [f64; 2]) -> TrpoStep {
    let trpo = Trpo { radius, iterations: 10, damping: 0.0, tries: 5, shrink: 0.5 };
    trpo.search((0.0, &[1.0]), |p, out| out.copy_from_slice(p), judge)
}

#[test]
fn the_first_step_is_as_long_as_the_quadratic_model_allows() {
    let mut tried = Vec::new();
    let found = search(0.08, |step| {
        tried.push(step[0]);
        [step[0], 0.499 * step[0] * step[0]]
    });
    assert_eq!(tried.len(), 1);
    assert!((tried[0] + 0.4).abs() < 1e-12, "{tried:?}");
    assert_eq!((found.tries, found.step), (0, Some(tried.clone())));
}

#[test]
fn the_line_search_refuses_what_breaks_either_condition() {
    // The divergence is four times what the model said: the second try, half as long, is just within bounds.
    let found = search(0.08, |step| [step[0], 1.99 * step[0] * step[0]]);
    assert_eq!(found.tries, 1);
    assert!(found.divergence <= 0.08 && found.loss < 0.0, "{found:?}");
    // The loss falls only near by.
    let found = search(0.08, |step| [step[0].abs() - 0.15, 0.0]);
    assert_eq!(found.tries, 2, "{found:?}");
    // Never good enough: nothing moves.
    for judge in [[-1.0, 0.09], [0.0, 0.0], [f64::NAN, 0.0], [-1.0, f64::NAN]] {
        let found = search(0.08, |_| judge);
        assert_eq!((found.step, found.loss, found.divergence), (None, 0.0, 0.0), "{judge:?}");
    }
    // A gradient of nothing has no direction.
    let trpo = Trpo::published();
    let found =
        trpo.search((1.0, &[0.0; 3]), |p, out| out.copy_from_slice(p), |_| panic!("nothing to judge"));
    assert_eq!(found.step, None);
}

fn trajectories(lengths: &[usize]) -> Trajectories<f64> {
    let steps: usize = lengths.iter().sum();
    let mut rng = stream(2, 0, 0);
    let mut numbers = |count: usize| (0..count).map(|_| rng.random_range(-2.0..2.0)).collect::<Vec<f64>>();
    Trajectories {
        observations: Tensor::from_vec([steps, 2], numbers(2 * steps)),
        actions: Tensor::from_vec([steps, 1], numbers(steps)),
        rewards: numbers(steps),
        lengths: lengths.to_vec(),
    }
}

#[test]
fn returns_and_advantages_are_those_of_the_definitions() {
    let rewards = [1.0, -2.0, 0.5, 3.0];
    let values = [0.3, -0.1, 0.7, 0.2];
    let (discount, lambda) = (0.9_f64, 0.8_f64);
    let sums = discounted_sums(&rewards, discount);
    let advantages = generalized_advantages(&rewards, &values, discount, lambda);
    let plain = generalized_advantages(&rewards, &values, discount, 1.0);
    for t in 0..4 {
        let sum: f64 = (t..4).map(|s| discount.powi((s - t) as i32) * rewards[s]).sum();
        assert!((sums[t] - sum).abs() < 1e-12);
        // The exponentially weighted mean of all k-step advantages, with nothing behind the end.
        let k_step = |k: usize| {
            let until = (t + k).min(4);
            let earned: f64 = (t..until).map(|s| discount.powi((s - t) as i32) * rewards[s]).sum();
            let rest = if t + k < 4 { discount.powi(k as i32) * values[t + k] } else { 0.0 };
            earned + rest - values[t]
        };
        let weighted: f64 = (1..400).map(|k| (1.0 - lambda) * lambda.powi(k as i32 - 1) * k_step(k)).sum();
        assert!((advantages[t] - weighted).abs() < 1e-10, "{t}: {} {weighted}", advantages[t]);
        assert!((plain[t] - (sum - values[t])).abs() < 1e-12);
    }
}

#[test]
fn the_baseline_is_the_least_squares_fit() {
    let seen = trajectories(&[7, 3, 9]);
    // What is linear in the features is found again.
    let times = seen.lengths.iter().flat_map(|length| 0..*length).map(|t| t as f64 / 100.0);
    let rows = seen.observations.values().chunks(2).zip(times);
    let linear: Vec<f64> = rows
        .map(|(o, t)| 2.0 * o[0] - o[1] + 0.5 * o[0] * o[0] + 0.25 * o[1] * o[1] + 3.0 * t - 1.5)
        .collect();
    let values = Baseline::fit(&seen, &linear, 1e-10).values(&seen);
    assert!(difference(&values, &linear) < 1e-6, "{:e}", difference(&values, &linear));
    // Of anything else the residual is orthogonal to the features, here to the constant and to an observation.
    let residual: Vec<f64> = Baseline::fit(&seen, &seen.rewards, 1e-10)
        .values(&seen)
        .iter()
        .zip(&seen.rewards)
        .map(|(value, target)| target - value)
        .collect();
    let against =
        |column: &dyn Fn(usize) -> f64| residual.iter().enumerate().map(|(i, r)| r * column(i)).sum::<f64>();
    assert!(against(&|_| 1.0).abs() < 1e-6 && against(&|i| seen.observations.values()[2 * i]).abs() < 1e-6);
    assert!(residual.iter().any(|r| r.abs() > 0.1));
    // What cannot be fitted is no endless search.
    assert_eq!(Baseline::fit(&seen, &[f64::NAN; 19], 1e-5).values(&seen), [0.0; 19]);
    // One observation again and again: features that depend on each other are no obstacle.
    let same = Trajectories { observations: Tensor::full([19, 2], 3.0), ..seen };
    assert!(Baseline::fit(&same, &linear, 0.0).values(&same).iter().all(|value| value.is_finite()));
}

#[test]
fn advantages_of_an_experience_are_standardised_returns_less_the_baseline() {
    let seen = trajectories(&[5, 8]);
    let estimator = Estimator { discount: 0.95, lambda: 1.0, ridge: 1e-5 };
    let experience = estimator.experience(&seen);
    let returns: Vec<f64> =
        seen.spans().flat_map(|span| discounted_sums(&seen.rewards[span], estimator.discount)).collect();
    let values = Baseline::fit(&seen, &returns, estimator.ridge).values(&seen);
    let raw: Vec<f64> = returns.iter().zip(&values).map(|(r, v)| r - v).collect();
    let mean = raw.iter().sum::<f64>() / 13.0;
    let deviation = (raw.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / 13.0).sqrt();
    let expected: Vec<f64> = raw.iter().map(|a| (a - mean) / (deviation + 1e-8)).collect();
    assert!(difference(experience.advantages.values(), &expected) < 1e-12);
    assert_eq!((&experience.observations, &experience.actions), (&seen.observations, &seen.actions));
}

fn adapt(theta: &Tensors, task: u64, steps: usize) -> Result<Adapted, AdaptationError<WorldError>> {
    let problem = PolicyProblem { learner: Maml { rate: 0.5 }, policy: smooth::<f32>, order: Order::Second };
    problem.adapt((theta, &()), (steps, &Estimator::published()), |k, actor| navigate(task, k, actor))
}

#[test]
fn a_policy_whose_deviation_vanishes_is_refused() {
    for log_deviation in [-20.0, -100.0, f32::NEG_INFINITY] {
        let mut theta = parameters(&[2, 4, 2]);
        let last = theta.len() - 1;
        theta.tensors_mut()[last].values_mut()[1] = log_deviation;
        let found = adapt(&theta, 0, 1).unwrap_err();
        assert!(matches!(found, AdaptationError::Deviation { updates: 0, .. }), "{found:?}");
        let said = found.to_string();
        assert!(said.starts_with("after 0 updates the deviation of the policy's actions is "), "{said}");
    }
    let mut theta = parameters(&[2, 4, 2]);
    let last = theta.len() - 1;
    theta.tensors_mut()[last].values_mut()[0] = f32::NAN;
    let said = adapt(&theta, 0, 1).unwrap_err().to_string();
    assert_eq!(said, "an action in step 0 of trajectory 0 is not finite");
}

/// Some iterations of training on navigation by as many threads; what is learned, and the returns after adaptation.
fn trained(threads: usize, outer: OuterStep<Adam>, iterations: usize) -> (Vec<f32>, Vec<f64>) {
    let theta = parameters::<f32>(&[2, 16, 2]);
    let learner = MetaSgd::published();
    let alpha = learner.rates_like(&theta, 0.3);
    let problem = PolicyProblem { learner, policy: smooth::<f32>, order: Order::Second };
    let mut training = PolicyTraining::new(problem, (theta, alpha), outer);
    let mut returns = Vec::new();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| {
        for _ in 0..iterations {
            let at = (&training.learned.0, &training.learned.1);
            let adapt = |task| {
                let found = training
                    .problem
                    .adapt(at, (1, &Estimator::published()), |k, actor| navigate(task, k, actor));
                found.expect("navigation is finite")
            };
            let adapted: Vec<Adapted> = (0..6).map(adapt).collect();
            returns.push(mean_return(&adapted));
            let tasks: Vec<PolicyTask> = adapted.into_iter().map(|adapted| adapted.task).collect();
            let report = training.step(&tasks).expect("finite");
            if matches!(training.outer, OuterStep::Trpo(_)) && report.applied {
                assert!(report.loss[1] < report.loss[0] && report.divergence <= 0.01, "{report:?}");
            }
        }
    });
    (training.learned.0.values().chain(training.learned.1.values()).collect(), returns)
}

#[test]
fn training_has_the_same_bits_at_any_number_of_threads_and_raises_returns() {
    let adam = || OuterStep::Descent([Adam::new(), Adam::new()], Schedule::constant(0.02));
    let outers: [&dyn Fn() -> OuterStep<Adam>; 2] = [&|| OuterStep::Trpo(Trpo::published()), &adam];
    for outer in outers {
        let (one, returns) = trained(1, outer(), 12);
        for threads in [2, 4] {
            assert!(trained(threads, outer(), 12).0 == one, "{threads} threads");
        }
        println!("{returns:.2?}");
        assert!(returns[11] > returns[0] + 0.5, "{returns:.2?}");
    }
}

#[test]
fn another_world_is_learned_by_the_same_means() {
    let rng = &mut stream(4, 0, 0);
    let theta = gaussian_mlp_parameters::<f32>(&[3, 16, 1], Initializer::Xavier, -0.5, rng);
    let problem = PolicyProblem { learner: Maml { rate: 0.1 }, policy: smooth::<f32>, order: Order::Second };
    let outer = OuterStep::<Adam>::Trpo(Trpo::published());
    let mut training = PolicyTraining::new(problem, (theta, ()), outer);
    let mut returns = Vec::new();
    for iteration in 0..30 {
        let at = (&training.learned.0, &());
        let adapt = |task: u64| {
            let pendulum = Pendulums { lengths: [0.5, 1.5] }.task(&mut stream(6, iteration, task));
            let roll = |updates: usize, actor: &Actor<f32, _>| {
                let place = |trajectory| 1 << 40 | task << 16 | (updates as u64) << 8 | trajectory;
                let mut rngs: Vec<_> = (0..10).map(|t| stream(6, iteration, place(t))).collect();
                let worlds = rngs.iter_mut().map(|rng| pendulum.start(rng)).collect();
                roll_out(worlds, 40, &mut rngs, |observations, noise| actor.act(observations, noise))
            };
            training.problem.adapt(at, (1, &Estimator::published()), roll).expect("a pendulum is finite")
        };
        let adapted: Vec<Adapted> = (0..8).map(adapt).collect();
        returns.push(mean_return(&adapted));
        let tasks: Vec<PolicyTask> = adapted.into_iter().map(|adapted| adapted.task).collect();
        training.step(&tasks).expect("finite");
    }
    println!("{returns:.1?}");
    let mean = |range: std::ops::Range<usize>| returns[range].iter().sum::<f64>() / 8.0;
    assert!(mean(22..30) > mean(0..8) + 10.0, "{returns:.1?}");
}

/// The mean return after the last update.
fn mean_return(adapted: &[Adapted]) -> f64 {
    let last = |adapted: &Adapted| adapted.returns().last().expect("one at least");
    adapted.iter().map(last).sum::<f64>() / adapted.len() as f64
}
