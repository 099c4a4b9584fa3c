//! Two roads, one number: the adjoint road, the tape road, finite differences of a naive inner loop, and, where the inner
//! loss is quadratic, the formula.

mod support;

use metatape::prelude::*;
use rand::RngExt;
use support::{difference, episodes, meta_gradient, naive, parameters, rates, smooth_loss};

const SIZES: [usize; 4] = [1, 6, 5, 1];
const STEPS: [usize; 4] = [1, 2, 5, 20];
const EPISODES: u64 = 4;

/// Both roads multiply and add the same numbers in another order. The errors of rounding grow with the steps; 1e-11 leaves
/// a factor of 1e4 over those of one step and is far below any wrong term.
const ROADS: f64 = 1e-11;

/// What finite differences of a smooth function are good for in double precision, with a wide margin.
const DIFFERENCES: f64 = 1e-6;

/// Below this a share of the second order would be too near to what the test tolerates to prove anything.
const LEAST_SHARE: f64 = 1e-3;

/// Every shape that Meta-SGD's rates have, as published and made safe.
fn meta_sgds() -> impl Iterator<Item = MetaSgd<f64>> {
    [Rates::PerParameter, Rates::PerTensor, Rates::Single].into_iter().flat_map(|rates| {
        [(1, None), (1, Some(1.5)), (3, None), (3, Some(1.5))].map(
            |(steps_with_own_rates, gradient_bound)| MetaSgd { rates, steps_with_own_rates, gradient_bound },
        )
    })
}

/// Holds one learner against everything, for each number of steps; returns the largest difference of the roads.
fn hold<L: Inner<f64, Meta: Clone> + Copy + std::fmt::Debug>(
    learner: L,
    meta: &L::Meta,
    step_with: impl Fn(&[f64]) -> naive::BoxedStep,
) -> f64 {
    let theta = parameters(&SIZES, 1);
    let episodes = episodes(EPISODES, 5, 8, 2);
    let flat_theta: Vec<f64> = theta.values().collect();
    let mut flat_meta = Vec::new();
    meta.each(&mut |tensor| flat_meta.extend_from_slice(tensor.values()));
    let step = step_with(&flat_meta);
    let mut largest = 0.0f64;
    for steps in STEPS {
        let name = format!("{learner:?}, {steps} steps");
        let at = (&theta, meta);
        let problem = |order, road| Problem { order, road, ..Problem::new(learner, smooth_loss, steps) };
        let (loss, exact) = meta_gradient(&problem(Order::Second, Road::Tape), at, &episodes, 4);
        let naive_loss = naive::mean_loss(&SIZES, &flat_theta, &episodes, steps, &step);
        assert!((loss / naive_loss - 1.0).abs() < 1e-11, "{name}: loss {loss}, naively {naive_loss}");

        // Every road and chunk gives the same number, in either part.
        let (d_theta, d_meta) = exact.split_at(flat_theta.len());
        for (road, chunk) in
            [Road::Tape, Road::Adjoint].into_iter().flat_map(|road| [1, 3, 4].map(|c| (road, c)))
        {
            let (other_loss, other) = meta_gradient(&problem(Order::Second, road), at, &episodes, chunk);
            let apart = difference(&other[..flat_theta.len()], d_theta)
                .max(difference(&other[flat_theta.len()..], d_meta));
            largest = largest.max(apart).max((other_loss / loss - 1.0).abs());
            assert!(apart < ROADS, "{name}, {road:?}, chunks of {chunk}: apart by {apart:e}");
            assert!((other_loss / loss - 1.0).abs() < ROADS, "{name}: losses {other_loss} and {loss}");
        }

        // Along random directions and some coordinates it is the slope of the naive loss.
        let theta_slope = |direction: &[f64]| {
            naive::derivative(|h| {
                let moved: Vec<f64> = flat_theta.iter().zip(direction).map(|(x, d)| x + h * d).collect();
                naive::mean_loss(&SIZES, &moved, &episodes, steps, &step)
            })
        };
        let meta_slope = |direction: &[f64]| {
            naive::derivative(|h| {
                let moved: Vec<f64> = flat_meta.iter().zip(direction).map(|(x, d)| x + h * d).collect();
                naive::mean_loss(&SIZES, &flat_theta, &episodes, steps, &*step_with(&moved))
            })
        };
        assert_slopes(&format!("{name}, theta"), d_theta, theta_slope);
        assert_slopes(&format!("{name}, rates"), d_meta, meta_slope);

        // The first order is another number, by far more than rounding, on both roads alike.
        let (_, first) = meta_gradient(&problem(Order::First, Road::Tape), at, &episodes, 4);
        let (_, first_adjoint) = meta_gradient(&problem(Order::First, Road::Adjoint), at, &episodes, 3);
        let apart = difference(&first_adjoint, &first);
        assert!(apart < ROADS, "{name}, first order: roads apart by {apart:e}");
        let share = difference(&first[..flat_theta.len()], d_theta);
        println!("{name}: first order leaves out {:.1} % of the gradient by theta", 100.0 * share);
        assert!(share > LEAST_SHARE, "{name}: the first order differs from the exact by {share:e} only");
    }
    largest
}

/// Compares the gradient with slopes along two random directions and some coordinates.
fn assert_slopes(name: &str, gradient: &[f64], slope: impl Fn(&[f64]) -> f64) {
    let mut rng = metatape::tasks::stream(3, 0, gradient.len() as u64);
    let norm = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut directions: Vec<Vec<f64>> = Vec::new();
    if !gradient.is_empty() {
        for _ in 0..2 {
            let direction: Vec<f64> = gradient.iter().map(|_| rng.random_range(-1.0..1.0)).collect();
            let length = norm(&direction);
            directions.push(direction.iter().map(|d| d / length).collect());
        }
        let places = [0, gradient.len() / 2, gradient.len() - 1];
        directions.extend(places.map(|place| (0..gradient.len()).map(|i| f64::from(i == place)).collect()));
    }
    for direction in directions {
        let expected = slope(&direction);
        let found: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
        // A slope that happens to be small beside the gradient is measured against the gradient.
        let scale = expected.abs().max(0.01 * norm(gradient));
        assert!(
            (found - expected).abs() <= DIFFERENCES * scale,
            "{name}: {found}, by differences {expected}"
        );
    }
}

#[test]
fn maml_by_both_roads_is_the_slope_of_the_naive_inner_loop() {
    let rate = 0.05;
    let step = move |_: &[f64]| -> naive::BoxedStep {
        Box::new(move |_, theta, g| theta.iter().zip(g).map(|(x, g)| x - rate * g).collect())
    };
    let largest = hold(Maml { rate }, &(), step);
    println!("roads apart by at most {largest:.1e}");
}

#[test]
fn meta_sgd_by_both_roads_is_the_slope_of_the_naive_inner_loop() {
    let theta = parameters::<f64>(&SIZES, 1);
    let lengths: Vec<usize> = theta.tensors().iter().map(|tensor| tensor.values().len()).collect();
    let mut largest = 0.0f64;
    for learner in meta_sgds() {
        let alpha = rates(&learner, &theta, 0.05, 4);
        let lengths = lengths.clone();
        let step = move |alpha: &[f64]| -> naive::BoxedStep {
            Box::new(naive::meta_sgd_step(learner, lengths.clone(), alpha.to_vec()))
        };
        largest = largest.max(hold(learner, &alpha, step));
    }
    println!("roads apart by at most {largest:.1e}");
}

/// Would fail if "exact" silently became first order, or "first order" something else than its name.
#[test]
fn first_order_is_what_it_says_and_not_the_slope() {
    let (theta, episodes, rate) = (parameters(&SIZES, 1), episodes(EPISODES, 5, 8, 2), 0.05);
    let flat: Vec<f64> = theta.values().collect();
    let step = move |_: usize, theta: &[f64], g: &[f64]| -> Vec<f64> {
        theta.iter().zip(g).map(|(x, g)| x - rate * g).collect()
    };
    assert_eq!([Order::First, Order::Second].map(Order::number), [1, 2]);
    for (steps, road) in STEPS.into_iter().flat_map(|steps| [(steps, Road::Tape), (steps, Road::Adjoint)]) {
        let gradient = |order| {
            let problem = Problem { order, road, ..Problem::new(Maml { rate }, smooth_loss, steps) };
            meta_gradient(&problem, (&theta, &()), &episodes, 4).1
        };
        let (first, exact) = (gradient(Order::First), gradient(Order::Second));
        let expected = naive::mean_first_order(&SIZES, &flat, &episodes, steps, &step);
        let apart = difference(&first, &expected);
        assert!(apart < ROADS, "{steps} steps, {road:?}: first order is off by {apart:e}");

        // The slope along the very direction in which the two orders differ.
        let direction: Vec<f64> = exact.iter().zip(&first).map(|(exact, first)| exact - first).collect();
        let length = direction.iter().map(|d| d * d).sum::<f64>().sqrt();
        let slope = naive::derivative(|h| {
            let moved: Vec<f64> = flat.iter().zip(&direction).map(|(x, d)| x + h * d / length).collect();
            naive::mean_loss(&SIZES, &moved, &episodes, steps, &step)
        });
        let along = |g: &[f64]| g.iter().zip(&direction).map(|(g, d)| g * d / length).sum::<f64>();
        assert!((along(&exact) - slope).abs() < DIFFERENCES * slope.abs().max(length));
        assert!((along(&first) - slope).abs() > 0.99 * length, "{steps} steps, {road:?}");
        assert!(length > LEAST_SHARE * exact.iter().map(|g| g * g).sum::<f64>().sqrt());
    }
}

/// `(theta - y) x (theta - y)^T / 2` for a symmetric matrix `x` and a point `y`.
fn quadratic<'t>(theta: Params<'t, f64>, batch: BatchVars<'t, f64>) -> Var<'t, f64> {
    let apart = theta.get(0) - batch.y;
    apart.matmul(batch.x).dot(apart) * 0.5
}

type Matrix = [[f64; 3]; 3];

fn times(matrix: Matrix, v: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(v).map(|(m, v)| m * v).sum())
}

fn transposed(matrix: Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| matrix[j][i]))
}

/// With the inner loss `(theta - a)' A (theta - a) / 2`, a step is `theta - a -> P (theta - a)` with `P = I - diag(alpha) A`.
/// So for the query loss of `B` and `b`, with `lambda = B (theta_K - b)`: the meta-gradient by theta is `P'^K lambda`, and
/// by alpha `- sum_k (P'^(K-1-k) lambda) o (A (theta_k - a))`.
#[test]
fn a_quadratic_inner_loss_has_the_meta_gradient_of_the_formula() {
    let mut rng = metatape::tasks::stream(5, 0, 0);
    let mut positive = || -> Matrix {
        let root: Matrix = std::array::from_fn(|_| std::array::from_fn(|_| rng.random_range(-1.0..1.0)));
        std::array::from_fn(|i| std::array::from_fn(|j| (0..3).map(|k| root[i][k] * root[j][k]).sum()))
    };
    let matrices: Vec<[Matrix; 2]> = (0..3).map(|_| [positive(), positive()]).collect();
    let mut point = || -> [f64; 3] { std::array::from_fn(|_| rng.random_range(-2.0..2.0)) };
    let points: Vec<[[f64; 3]; 2]> = (0..3).map(|_| [point(), point()]).collect();
    let (start, alpha) = (point(), [0.2, -0.1, 0.35]);

    let batch = |matrix: Matrix, point: [f64; 3]| Batch {
        x: Tensor::from_vec([3, 3], matrix.concat()),
        y: Tensor::from_vec([1, 3], point.to_vec()),
    };
    let tasks = matrices.iter().zip(&points);
    let episodes: Vec<Episode<f64>> = tasks
        .clone()
        .map(|(m, p)| Episode { support: batch(m[0], p[0]), query: batch(m[1], p[1]) })
        .collect();
    let list = |values: [f64; 3]| {
        let mut list = Tensors::new();
        list.push("x", Tensor::from_vec([1, 3], values.to_vec()));
        list
    };
    let (theta, rates) = (list(start), list(alpha));

    for steps in [0, 1, 2, 5, 20] {
        let mut expected = [0.0; 6];
        for ([a, b], [a_point, b_point]) in tasks.clone() {
            let step: Matrix =
                std::array::from_fn(|i| std::array::from_fn(|j| f64::from(i == j) - alpha[i] * a[i][j]));
            let mut path = vec![std::array::from_fn(|i| start[i] - a_point[i])];
            for k in 0..steps {
                path.push(times(step, path[k]));
            }
            let end: [f64; 3] = std::array::from_fn(|i| path[steps][i] + a_point[i] - b_point[i]);
            let mut lambda = times(*b, end);
            for k in (0..steps).rev() {
                let gradient = times(*a, path[k]);
                (0..3).for_each(|i| expected[3 + i] -= lambda[i] * gradient[i] / 3.0);
                lambda = times(transposed(step), lambda);
            }
            (0..3).for_each(|i| expected[i] += lambda[i] / 3.0);
        }
        for (road, chunk) in [(Road::Tape, 1), (Road::Tape, 3), (Road::Adjoint, 1), (Road::Adjoint, 3)] {
            let learner = MetaSgd::published();
            let problem = Problem { road, ..Problem::new(learner, quadratic, steps) };
            let (_, found) = meta_gradient(&problem, (&theta, &rates), &episodes, chunk);
            let apart = difference(&found, &expected);
            assert!(apart < 1e-12, "{steps} steps, {road:?}, chunks of {chunk}: off by {apart:e}");
        }
    }
}

#[test]
fn the_adjoint_road_needs_the_tape_of_one_step_whatever_their_number() {
    let theta = parameters::<f64>(&[1, 40, 40, 1], 1);
    let episodes = episodes(4, 10, 10, 2);
    let learner = MetaSgd { gradient_bound: Some(1.0), ..MetaSgd::published() };
    let alpha = learner.rates_like(&theta, 0.01);
    let peak = |road, steps| {
        let problem = Problem { road, ..Problem::new(learner, smooth_loss, steps) };
        let mut workers = Workers::new(4);
        let mut gradient = vec![0.0; theta.count() + alpha.count()];
        problem.mean_gradient(&mut workers, (&theta, &alpha), &episodes, &mut gradient);
        workers.peak_tape_bytes() as f64
    };
    let growth = [Road::Adjoint, Road::Tape].map(|road| {
        let [one, fifty] = [1, 50].map(|steps| peak(road, steps));
        println!(
            "{road:?}: {:.0} KiB at 1 step, {:.0} KiB at 50, {:.2} x",
            one / 1024.0,
            fifty / 1024.0,
            fifty / one
        );
        fifty / one
    });
    assert!(growth[0] <= 1.1, "the adjoint road's tape grows by {}", growth[0]);
    assert!(growth[1] > 10.0, "the tape road's tape grows by {} only: is this measured?", growth[1]);
}

#[test]
fn evaluation_is_adaptation_is_the_naive_loop() {
    let theta = parameters(&SIZES, 6);
    let episodes = episodes(5, 5, 8, 7);
    let learner = MetaSgd { steps_with_own_rates: 2, gradient_bound: Some(2.0), ..MetaSgd::published() };
    let alpha = rates(&learner, &theta, 0.05, 8);
    let problem = Problem::new(learner, smooth_loss, 1);
    let lengths = theta.tensors().iter().map(|tensor| tensor.values().len()).collect();
    let step = naive::meta_sgd_step(learner, lengths, alpha.values().collect());
    let flat: Vec<f64> = theta.values().collect();
    for chunk in [1, 2, 8] {
        let losses =
            problem.evaluate(&Workers::new(chunk), (&theta, &alpha), &episodes, (4, Adaptation::AsTrained));
        for (episode, losses) in episodes.iter().zip(&losses) {
            let path = naive::adapt(&SIZES, &flat, &episode.support, 4, &step);
            assert_eq!(losses.len(), path.len());
            for (k, (loss, naive_theta)) in losses.iter().zip(&path).enumerate() {
                let naive_loss = naive::loss_and_gradient(&SIZES, naive_theta, &episode.query).0;
                assert!((loss / naive_loss - 1.0).abs() < 1e-12, "step {k}: {loss}, naively {naive_loss}");
                let adapted = problem.adapted((&theta, &alpha), &episode.support, k);
                let apart = difference(&adapted.values().collect::<Vec<_>>(), naive_theta);
                assert!(apart < 1e-12, "step {k}: adapted parameters off by {apart:e}");
            }
        }
    }
}

#[test]
fn a_hand_written_meta_loss_has_the_gradient_of_the_problem() {
    let theta = parameters(&SIZES, 9);
    let episodes = episodes(5, 5, 8, 10);
    let learner = MetaSgd::published();
    let alpha = rates(&learner, &theta, 0.05, 11);
    let problem = Problem::new(learner, smooth_loss, 2);
    let (loss, gradient) = meta_gradient(&problem, (&theta, &alpha), &episodes, 8);

    let meta = (theta, alpha);
    let (by_adapt, from_adapt) = mean_grad(&meta, &episodes, |_, (theta, alpha), e| {
        let support = |theta| smooth_loss::<f64>(theta, e.support);
        smooth_loss(adapt(&learner, alpha, theta, (2, Order::Second), support), e.query)
    });
    let (by_hand, from_hand) = mean_grad(&meta, &episodes, |_, (theta, alpha), e| {
        let once = theta - alpha * grad(smooth_loss(theta, e.support), &theta);
        let twice = once - alpha * grad(smooth_loss(once, e.support), &once);
        smooth_loss(twice, e.query)
    });
    let flat = |(d_theta, d_alpha): (Tensors<f64>, Tensors<f64>)| {
        d_theta.values().chain(d_alpha.values()).collect::<Vec<_>>()
    };
    assert_eq!((by_adapt, flat(from_adapt)), (loss, gradient.clone()));
    // The learner's step rounds once where the one by hand rounds the product and the difference.
    assert!((by_hand / loss - 1.0).abs() < 1e-14);
    let apart = difference(&flat(from_hand), &gradient);
    assert!(apart < 1e-14, "off by {apart:e}");
}
