//! Outer optimisers against their formulas written out, and what surrounds them: state, clipping, schedules.

use metatape::prelude::*;

const STEPS: usize = 6;
const RATE: f64 = 0.05;

fn start() -> (Tensors<f64>, Tensor<f64>) {
    let mut theta = Tensors::new();
    theta.push("w", Tensor::from_vec([2, 2], vec![1.0, -2.0, 0.5, 3.0]));
    theta.push("b", Tensor::from_vec([2], vec![0.0, -1e-3]));
    (theta, Tensor::scalar(0.25))
}

fn flat(parameters: &impl AtRest<f64>) -> Vec<f64> {
    let mut values = Vec::new();
    parameters.each(&mut |tensor| values.extend_from_slice(tensor.values()));
    values
}

/// The gradient of `sum of c_i x_i^2 / 2 + x_i^3 / 6`, with curvatures over three orders of magnitude.
fn gradient(x: &[f64]) -> Vec<f64> {
    x.iter().enumerate().map(|(i, x)| 10f64.powi(i as i32 % 4 - 2) * x + 0.5 * x * x).collect()
}

/// Compares the path of `optimizer` with that of `naive`, which changes the parameters given the number of the step,
/// counted from 1.
fn assert_follows(mut optimizer: impl Optimizer<f64>, mut naive: impl FnMut(i32, &mut [f64], &[f64])) {
    let mut parameters = start();
    let mut expected = flat(&parameters);
    for step in 1..=STEPS {
        let g = gradient(&flat(&parameters));
        naive(step as i32, &mut expected, &g);
        optimizer.descend(&mut parameters, &g, RATE);
        for (i, (x, expected)) in flat(&parameters).iter().zip(&expected).enumerate() {
            assert!(
                (x - expected).abs() < 1e-14,
                "step {step}, parameter {i}: {x}, by the formula {expected}"
            );
        }
    }
}

#[test]
fn sgd_is_its_formula() {
    assert_follows(Sgd::new(), |_, x, g| x.iter_mut().zip(g).for_each(|(x, g)| *x -= RATE * g));
    let mut v = [0.0; 7];
    assert_follows(Sgd::with_momentum(0.9), |_, x, g| {
        for i in 0..7 {
            v[i] = 0.9 * v[i] + g[i];
            x[i] -= RATE * v[i];
        }
    });
    let mut v = [0.0; 7];
    assert_follows(Sgd::nesterov(0.9), |_, x, g| {
        for i in 0..7 {
            v[i] = 0.9 * v[i] + g[i];
            x[i] -= RATE * (g[i] + 0.9 * v[i]);
        }
    });
}

#[test]
fn rmsprop_is_its_formula() {
    let mut v = [0.0; 7];
    let mut rmsprop = RmsProp::new();
    rmsprop.decay = 0.95;
    assert_follows(rmsprop, |_, x, g| {
        for i in 0..7 {
            v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i];
            x[i] -= RATE * g[i] / (v[i].sqrt() + 1e-8);
        }
    });
}

#[test]
fn adam_is_its_formula() {
    let (mut m, mut v) = ([0.0; 7], [0.0; 7]);
    let mut adam = Adam::new();
    adam.beta1 = 0.8;
    assert_follows(adam, |step, x, g| {
        for i in 0..7 {
            m[i] = 0.8 * m[i] + 0.2 * g[i];
            v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
            let (m_hat, v_hat) = (m[i] / (1.0 - 0.8f64.powi(step)), v[i] / (1.0 - 0.999f64.powi(step)));
            x[i] -= RATE * m_hat / (v_hat.sqrt() + 1e-8);
        }
    });
}

/// An optimiser that is restored from the state of another after `after` steps takes its next steps to the bit.
fn assert_resumes<T: Float, O: Optimizer<T>>(make: impl Fn() -> O, after: usize) {
    let (mut one, mut theta) = (make(), Tensor::from_fn([5], |i| T::from_f64(i as f64 - 1.5)));
    let slope = |theta: &Tensor<T>| theta.values().iter().map(|&x| x * x - T::ONE).collect::<Vec<_>>();
    for _ in 0..after {
        let g = slope(&theta);
        one.descend(&mut theta, &g, RATE);
    }
    let (mut other, mut copy) = (make(), theta.clone());
    other.restore(&one.state());
    assert_eq!(other.state(), one.state());
    for _ in 0..3 {
        let g = slope(&theta);
        one.descend(&mut theta, &g, RATE);
        other.descend(&mut copy, &g, RATE);
        assert_eq!(theta, copy);
    }
}

#[test]
fn a_restored_optimizer_takes_the_same_next_step() {
    for after in [0, 1, 4] {
        assert_resumes::<f64, _>(Sgd::new, after);
        assert_resumes::<f64, _>(|| Sgd::with_momentum(0.9), after);
        assert_resumes::<f32, _>(|| Sgd::nesterov(0.9), after);
        assert_resumes::<f64, _>(RmsProp::new, after);
        assert_resumes::<f32, _>(Adam::new, after);
        assert_resumes::<f64, _>(Adam::new, after);
    }
}

#[test]
fn a_step_by_a_gradient_of_the_same_structure_is_a_descent() {
    let (mut by_step, mut by_descent) = (start(), start());
    let slope = start();
    Adam::new().step(&mut by_step, &slope, RATE);
    Adam::new().descend(&mut by_descent, &flat(&slope), RATE);
    assert_eq!(by_step, by_descent);
}

#[test]
fn clipping_bounds_and_leaves_alone_what_is_within() {
    let original = [3.0, -4.0, 0.5, -0.25];
    let clipped = |clip: Clip| {
        let mut gradient = original;
        clip.apply(&mut gradient);
        gradient
    };
    assert_eq!(clipped(Clip::None), original);
    assert_eq!(clipped(Clip::Elementwise(1.0)), [1.0, -1.0, 0.5, -0.25]);
    assert_eq!(clipped(Clip::Elementwise(5.0)), original);
    assert_eq!(clipped(Clip::Norm(6.0)), original);
    let short = clipped(Clip::Norm(1.0));
    let length = original.iter().map(|g| g * g).sum::<f64>().sqrt();
    for (short, g) in short.iter().zip(original) {
        assert!((short - g / length).abs() < 1e-15);
    }
    let mut nothing = [0.0; 3];
    Clip::Norm(1.0).apply(&mut nothing);
    assert_eq!(nothing, [0.0; 3]);
}

#[test]
fn schedules_rise_stay_and_fall() {
    assert!((0..100).all(|iteration| Schedule::constant(0.1).at(iteration) == 0.1));
    let schedule = Schedule { warm_up: 4, ..Schedule::cosine(0.2, 24) };
    let close = |iteration: usize, rate: f64| (schedule.at(iteration) - rate).abs() < 1e-15;
    assert!((0..4).all(|i| close(i, 0.05 * (i + 1) as f64)));
    for iteration in 4..=24 {
        let angle = std::f64::consts::PI * (iteration - 4) as f64 / 20.0;
        assert!(close(iteration, 0.1 * (1.0 + angle.cos())), "{iteration}");
    }
    assert!(close(24, 0.0) && close(1000, 0.0));
    let warm = Schedule { warm_up: 10, ..Schedule::constant(1.0) };
    assert_eq!([warm.at(0), warm.at(9), warm.at(10), warm.at(999)], [0.1, 1.0, 1.0, 1.0]);
}
