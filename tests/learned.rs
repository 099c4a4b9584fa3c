//! Learners that remember: hand-made rules, a learned optimiser and Meta-LSTM, on both roads and unrolled in segments.

mod support;

use metatape::check::metagradcheck;
use metatape::meta::MetaVars;
use metatape::prelude::*;
use metatape::tasks::stream;
use rand::RngExt;
use support::{difference, episodes, meta_gradient, parameters, smooth_loss};

const SIZES: [usize; 3] = [1, 4, 1];
/// As for the learners without memory in `roads.rs`.
const ROADS: f64 = 1e-11;
const STEPS: [usize; 3] = [1, 2, 5];
/// What a first order leaves out at least; far more than the comparisons tolerate. An optimiser that sees logarithms feels
/// little of a gradient's curvature.
const LEAST_SHARE: f64 = 1e-4;

const ADAM: Rule = Rule::Adam { beta1: 0.9, beta2: 0.99, epsilon: 0.1 };

/// Weights that are large enough for every term to count.
fn lively(phi: Tensors<f64>) -> Tensors<f64> {
    let mut rng = stream(5, 0, 0);
    phi.map(|x| x + rng.random_range(-0.5..0.5))
}

fn learned_optimizer(preprocesses: bool) -> (LearnedOptimizer, Tensors<f64>) {
    let learner = LearnedOptimizer { hidden: 3, layers: 2, preprocesses, scale: 1.0 };
    (learner, lively(learner.parameters(&mut stream(1, 0, 0))))
}

fn meta_lstm() -> (MetaLstm, Tensors<f64>) {
    let learner = MetaLstm { hidden: 3 };
    (learner, lively(learner.parameters(&mut stream(2, 0, 0))))
}

/// Holds a learner against differences of its own loss, road against road, and exact against first order.
fn hold<L: Inner<f64, Meta: Clone> + Clone>(name: &str, learner: &L, meta: &L::Meta) {
    let (theta, episodes) = (parameters(&SIZES, 1), episodes(3, 5, 6, 2));
    for steps in STEPS {
        let problem =
            |order, road| Problem { order, road, ..Problem::new(learner.clone(), smooth_loss, steps) };
        let gradient =
            |order, road, chunk| meta_gradient(&problem(order, road), (&theta, meta), &episodes, chunk).1;
        for order in [Order::First, Order::Second] {
            let by_tape = gradient(order, Road::Tape, 3);
            for (road, chunk) in [(Road::Tape, 1), (Road::Adjoint, 1), (Road::Adjoint, 2), (Road::Adjoint, 3)]
            {
                let apart = difference(&gradient(order, road, chunk), &by_tape);
                assert!(apart < ROADS, "{name}, {steps} steps, {order:?}, {road:?} by {chunk}: {apart:e}");
            }
        }
        let [first, second] = [Order::First, Order::Second].map(|order| gradient(order, Road::Tape, 3));
        let left_out = difference(&first, &second);
        assert!(left_out > LEAST_SHARE, "{name}, {steps} steps: first order leaves out {left_out:e}");

        let exact = problem(Order::Second, Road::Adjoint);
        let at = (theta.clone(), meta.clone());
        let checked = metagradcheck(
            |at| {
                let (loss, flat) = meta_gradient(&exact, (&at.0, &at.1), &episodes, 3);
                let (mut gradient, mut flat) = (at.clone(), flat.into_iter());
                gradient
                    .each_mut(&mut |tensor| tensor.values_mut().fill_with(|| flat.next().expect("a float")));
                (loss, gradient)
            },
            &at,
        );
        checked.unwrap_or_else(|failure| panic!("{name}, {steps} steps: {failure}"));
    }
}

#[test]
fn meta_gradients_through_memory_are_exact_on_both_roads() {
    for rule in [Rule::Momentum { keep: 0.7, nesterov: false }, Rule::Momentum { keep: 0.7, nesterov: true }]
    {
        hold(&format!("{rule:?}"), &Descent { rule, rate: 0.05 }, &());
    }
    for rule in [Rule::RmsProp { keep: 0.8, epsilon: 1e-2 }, ADAM] {
        hold(&format!("{rule:?}"), &Descent { rule, rate: 0.02 }, &());
    }
    for preprocesses in [false, true] {
        let (learner, phi) = learned_optimizer(preprocesses);
        hold(&format!("{learner:?}"), &learner, &phi);
    }
    let (learner, phi) = meta_lstm();
    hold("Meta-LSTM", &learner, &phi);
}

/// Problems of two tensors.
fn optimizees(count: u64) -> Vec<Optimizee<f64>> {
    let problem = |(i, episode): (u64, Episode<f64>)| Optimizee::new(parameters(&SIZES, i), episode.support);
    (0..count).zip(episodes(count, 5, 1, 3)).map(problem).collect()
}

/// The loss and the gradient of a segment of `steps` steps from `start`.
fn segment<L: Inner<f64, Meta = Tensors<f64>> + Clone>(
    (learner, order): (&L, Order),
    phi: &Tensors<f64>,
    start: &[Optimizee<f64>],
    (steps, chunk): (usize, usize),
) -> (f64, Tensors<f64>, Vec<Optimizee<f64>>) {
    let unroll = Unroll { learner: learner.clone(), loss: smooth_loss, order };
    let (mut moved, mut flat) = (start.to_vec(), vec![0.0; phi.count()]);
    let loss = unroll.segment(&mut Workers::new(chunk), phi, &mut moved, steps, &mut flat);
    let mut flat = flat.into_iter();
    (loss, phi.map(|_| flat.next().expect("a float")), moved)
}

/// A learner that sees, whatever the parameters are, the slopes of a way that was gone before.
#[derive(Clone)]
struct Retracing<L> {
    learner: L,
    /// Loss and gradient before each step, for each optimizee.
    slopes: Vec<Vec<(Tensor<f64>, Tensors<f64>)>>,
}

impl<L: Inner<f64>> Inner<f64> for Retracing<L> {
    type Meta = L::Meta;
    fn memory<'t>(&self, theta: Params<'t, f64>) -> Params<'t, f64> {
        self.learner.memory(theta)
    }
    fn step<'t>(
        &self,
        meta: MetaVars<'t, f64, L::Meta>,
        fast: Fast<'t, f64>,
        _: Slope<'t, f64>,
        step: usize,
    ) -> Fast<'t, f64> {
        let (loss, gradient) = AtRest::put_episodes(&self.slopes[step], fast.0.tape());
        self.learner.step(meta, fast, Slope { loss, gradient }, step)
    }
}

/// The slopes along the way of `learner`.
fn retracing<L: Inner<f64, Meta = Tensors<f64>> + Clone>(
    learner: &L,
    phi: &Tensors<f64>,
    start: &[Optimizee<f64>],
    steps: usize,
) -> Retracing<L> {
    let mut now = start.to_vec();
    let slopes = (0..steps).map(|_| {
        let slopes = now.iter().map(|optimizee| {
            let tape = Tape::new();
            let theta = optimizee.theta.put(&tape);
            let loss = smooth_loss(theta, optimizee.data.put(&tape));
            let mut gradient = optimizee.theta.clone();
            gradient.copy_from_tape(&grad(loss, &theta));
            (loss.to_tensor(), gradient)
        });
        let slopes = slopes.collect();
        now = segment((learner, Order::First), phi, &now, (1, 8)).2;
        slopes
    });
    let slopes = slopes.collect();
    Retracing { learner: learner.clone(), slopes }
}

fn hold_unrolled<L: Inner<f64, Meta = Tensors<f64>> + Clone>(name: &str, learner: &L, phi: &Tensors<f64>) {
    const STEPS: usize = 5;
    let fresh = optimizees(3);
    let (_, _, later) = segment((learner, Order::Second), phi, &fresh, (STEPS, 3));
    assert!(later.iter().all(|optimizee| optimizee.steps() == STEPS));
    // From where a segment ends the next one begins: what came before is constant, and nothing else is.
    for (start, place) in [(&fresh, "from the start"), (&later, "from the border")] {
        let exact = |phi: &Tensors<f64>| {
            let (loss, gradient, _) = segment((learner, Order::Second), phi, start, (STEPS, 2));
            (loss, gradient)
        };
        metagradcheck(exact, phi).unwrap_or_else(|failure| panic!("{name}, {place}: {failure}"));
    }
    // Dropped, the gradient is that of a way along which the slopes stay what they were.
    let frozen = retracing(learner, phi, &fresh, STEPS);
    let dropped = |moved: &Tensors<f64>| {
        let (loss, ..) = segment((&frozen, Order::Second), moved, &fresh, (STEPS, 3));
        (loss, segment((learner, Order::First), phi, &fresh, (STEPS, 3)).1)
    };
    metagradcheck(dropped, phi).unwrap_or_else(|failure| panic!("{name}, dropped: {failure}"));

    // A gradient through the border would be another one: the sum of both segments is not that of the whole way.
    let flat = |parts: &[&Tensors<f64>]| -> Vec<f64> {
        let sums = parts[0].values().enumerate();
        sums.map(|(i, first)| {
            first + parts[1..].iter().map(|p| p.values().nth(i).expect("as long")).sum::<f64>()
        })
        .collect()
    };
    let (loss_1, first, border) = segment((learner, Order::Second), phi, &fresh, (STEPS, 3));
    let (loss_2, second, end) = segment((learner, Order::Second), phi, &border, (STEPS, 3));
    let (loss, whole, same_end) = segment((learner, Order::Second), phi, &fresh, (2 * STEPS, 3));
    assert!((loss_1 + loss_2 - loss).abs() < 1e-12 * loss, "{name}: the ways differ");
    assert_eq!(end.len(), same_end.len());
    for (a, b) in end.iter().zip(&same_end) {
        assert_eq!(a.theta, b.theta, "{name}: a border changes the way");
    }
    let cut = difference(&flat(&[&first, &second]), &flat(&[&whole]));
    assert!(cut > 1e-3, "{name}: the border cuts {cut:e}");
}

#[test]
fn unrolled_gradients_are_exact_and_stop_at_the_border_alone() {
    for preprocesses in [false, true] {
        let (learner, phi) = learned_optimizer(preprocesses);
        hold_unrolled(&format!("{learner:?}"), &learner, &phi);
    }
    let (learner, phi) = meta_lstm();
    hold_unrolled("Meta-LSTM", &learner, &phi);
    let learner = MetaSgd::published();
    hold_unrolled("Meta-SGD", &learner, &learner.rates_like(&parameters(&SIZES, 0), 0.05));
}

#[test]
fn losses_of_a_way_are_those_of_its_segments() {
    let (learner, phi) = learned_optimizer(false);
    let unroll = Unroll { learner, loss: smooth_loss, order: Order::First };
    let start = optimizees(5);
    let losses = unroll.losses(&Workers::new(2), &phi, &start, 7);
    let (sum, _, end) = segment((&learner, Order::First), &phi, &start, (7, 5));
    let mean: f64 = losses.iter().map(|losses| losses[1..].iter().sum::<f64>()).sum::<f64>() / 5.0;
    assert!((mean - sum).abs() < 1e-12 * sum);
    let after = unroll.losses(&Workers::new(5), &phi, &end, 0);
    for (path, after) in losses.iter().zip(after) {
        assert_eq!(path.len(), 8);
        assert!((path[7] - after[0]).abs() < 1e-14);
    }
}

#[test]
fn a_way_of_many_segments_takes_the_memory_of_one() {
    let (learner, phi) = learned_optimizer(false);
    let unroll = Unroll { learner, loss: smooth_loss, order: Order::Second };
    let peak = |segments: usize| {
        let (mut workers, mut optimizees, mut gradient) =
            (Workers::new(3), optimizees(3), vec![0.0; phi.count()]);
        for _ in 0..segments {
            unroll.segment(&mut workers, &phi, &mut optimizees, 5, &mut gradient);
        }
        workers.peak_tape_bytes()
    };
    let (two, twenty) = (peak(2), peak(20));
    assert!(twenty == two && two > 0, "{twenty} bytes for 20 segments, {two} for 2");
}

/// Holds a rule against the optimiser of the same name, step by step.
fn assert_goes_the_way_of(mut optimizer: impl Optimizer<f64>, rule: Rule) {
    let start = &optimizees(1)[0];
    let learner = Descent { rule, rate: 0.05 };
    let mut at_rest = start.theta.clone();
    for steps in 1..=6 {
        let tape = Tape::new();
        let theta = at_rest.put(&tape);
        let slope = grad(smooth_loss(theta, start.data.put(&tape)), &theta);
        let flat: Vec<f64> = slope.iter().flat_map(|var| var.to_tensor().values().to_vec()).collect();
        optimizer.descend(&mut at_rest, &flat, 0.05);
        let problem = Problem::new(learner, smooth_loss, steps);
        let adapted = problem.adapted((&start.theta, &()), &start.data, steps);
        let apart: Vec<f64> = adapted.values().zip(at_rest.values()).map(|(a, b)| (a - b).abs()).collect();
        assert!(apart.iter().all(|apart| *apart < 1e-9), "{rule:?}, {steps} steps: {apart:?}");
    }
}

#[test]
fn hand_made_rules_go_the_way_of_the_optimisers() {
    assert_goes_the_way_of(Sgd::new(), Rule::Plain);
    assert_goes_the_way_of(Sgd::with_momentum(0.9), Rule::Momentum { keep: 0.9, nesterov: false });
    assert_goes_the_way_of(Sgd::nesterov(0.9), Rule::Momentum { keep: 0.9, nesterov: true });
    // So small that it makes no difference whether it stands inside of the root.
    let epsilon = 1e-12;
    let (mut rms_prop, mut adam) = (RmsProp::new(), Adam::new());
    (rms_prop.epsilon, adam.epsilon) = (epsilon, epsilon);
    assert_goes_the_way_of(rms_prop, Rule::RmsProp { keep: 0.9, epsilon });
    assert_goes_the_way_of(adam, Rule::Adam { beta1: 0.9, beta2: 0.999, epsilon });
}

#[test]
fn preprocessing_is_continuous_and_bounded() {
    let see = |x: f64| {
        let tape = Tape::new();
        let seen = metatape::meta::log_and_sign(tape.fill(Extent::shared([1, 1]), x)).to_tensor();
        [seen.values()[0], seen.values()[1]]
    };
    let border = (-10.0f64).exp();
    assert_eq!(see(1.0), [0.0, 1.0]);
    assert_eq!(see(0.0), [-1.0, 0.0]);
    let [log, sign] = see(-2.0);
    assert!((log - 2f64.ln() / 10.0).abs() < 1e-14 && sign == -1.0);
    let [log, sign] = see(-0.5 * border);
    assert!((log + 1.0).abs() < 1e-14 && (sign + 0.5).abs() < 1e-12);
    for side in [1.0 - 1e-9, 1.0 + 1e-9] {
        let [log, sign] = see(border * side);
        assert!((log + 1.0).abs() < 1e-8 && (sign - 1.0).abs() < 1e-8);
    }
}

#[test]
fn any_number_of_threads_unrolls_the_same_bits() {
    let (learner, phi) = learned_optimizer(true);
    let start = optimizees(5);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let (loss, gradient, end) = segment((&learner, Order::Second), &phi, &start, (4, 2));
            (loss.to_bits(), gradient, end)
        })
    };
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(4));
}
