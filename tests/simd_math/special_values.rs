//! Zeros of both signs, infinities, NaN, subnormals, poles and the edges of overflow.

use metatape::kernels::map::{Unary, map};
use metatape::prelude::{Tape, grad};

use super::*;

/// `f(x)` with `x` in the first lane and in the last of several vectors, checked to be the same.
fn at<T: Float>(f: impl Unary<T>, x: f64) -> f64 {
    let x = vec![T::from_f64(x); 37];
    let mut y = vec![T::ZERO; 37];
    map(&x, &mut y, f);
    let y: Vec<f64> = y.into_iter().map(T::to_f64).collect();
    assert!(
        y.iter().all(|lane| lane.to_bits() == y[0].to_bits() || (lane.is_nan() && y[0].is_nan())),
        "{y:?}"
    );
    y[0]
}

/// Asserts `f(x) = wanted` in both types for every pair, zeros with their signs and NaN equal to NaN.
fn both<F: Unary<f32> + Unary<f64>>(name: &str, f: F, pairs: &[(f64, f64)]) {
    for (x, wanted) in pairs {
        for (float, got) in [("f32", at::<f32>(f, *x)), ("f64", at::<f64>(f, *x))] {
            let same = (got.is_nan() && wanted.is_nan()) || got.to_bits() == wanted.to_bits();
            assert!(same, "{float} {name}({x}) = {got}, not {wanted}");
        }
    }
}

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

#[test]
fn infinities_zeros_poles_and_nan() {
    both(
        "exp",
        Exp,
        &[(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (800.0, INF), (-800.0, 0.0)],
    );
    let expm1 =
        [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (NAN, NAN), (800.0, INF), (-800.0, -1.0)];
    both("expm1", Expm1, &expm1);
    let ln = [(0.0, -INF), (-0.0, -INF), (1.0, 0.0), (INF, INF), (-INF, NAN), (-1.0, NAN), (NAN, NAN)];
    both("ln", Ln, &ln);
    let ln1p = [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (INF, INF), (-INF, NAN), (-1.5, NAN), (NAN, NAN)];
    both("ln1p", Ln1p, &ln1p);
    both("tanh", Tanh, &[(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (30.0, 1.0), (NAN, NAN)]);
    let sigmoid = [(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0), (50.0, 1.0), (-800.0, 0.0), (NAN, NAN)];
    both("sigmoid", Sigmoid, &sigmoid);
    both("softplus", Softplus, &[(INF, INF), (-INF, 0.0), (100.0, 100.0), (-800.0, 0.0), (NAN, NAN)]);
    both("sin", Sin, &[(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)]);
    both("cos", Cos, &[(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN), (NAN, NAN)]);
    let sqrt = [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, NAN), (-1.0, NAN), (4.0, 2.0), (NAN, NAN)];
    both("sqrt", Sqrt, &sqrt);
    both("recip", Recip, &[(0.0, INF), (-0.0, -INF), (INF, 0.0), (-INF, -0.0), (4.0, 0.25), (NAN, NAN)]);
}

/// Asserts the same of the derivative that `grad` computes.
fn slopes<F: Function>(function: F, pairs: &[(f64, f64)]) {
    fn slope<T: Float>(function: impl Function, x: f64) -> f64 {
        let tape = Tape::<T>::new();
        let x = tape.scalar(T::from_f64(x));
        grad(function.on_tape(x), &x).item().to_f64()
    }
    for (x, wanted) in pairs {
        for (float, got) in [("f32", slope::<f32>(function, *x)), ("f64", slope::<f64>(function, *x))] {
            let same = (got.is_nan() && wanted.is_nan()) || got.to_bits() == wanted.to_bits();
            assert!(same, "{float} {}'({x}) = {got}, not {wanted}", F::NAME);
        }
    }
}

#[test]
fn derivatives_at_infinities_zeros_poles_and_nan() {
    slopes(Exp, &[(0.0, 1.0), (INF, INF), (-INF, 0.0), (800.0, INF), (-800.0, 0.0), (NAN, NAN)]);
    slopes(Expm1, &[(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN)]);
    slopes(Ln, &[(0.0, INF), (1.0, 1.0), (INF, 0.0), (NAN, NAN)]);
    slopes(Ln1p, &[(0.0, 1.0), (-1.0, INF), (INF, 0.0), (NAN, NAN)]);
    slopes(Tanh, &[(0.0, 1.0), (-0.0, 1.0), (INF, 0.0), (-INF, 0.0), (30.0, 0.0), (NAN, NAN)]);
    slopes(Sigmoid, &[(0.0, 0.25), (INF, 0.0), (-INF, 0.0), (800.0, 0.0), (-800.0, 0.0), (NAN, NAN)]);
    slopes(Softplus, &[(0.0, 0.5), (INF, 1.0), (-INF, 0.0), (100.0, 1.0), (-800.0, 0.0), (NAN, NAN)]);
    slopes(Sin, &[(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN), (NAN, NAN)]);
    slopes(Cos, &[(0.0, -0.0), (-0.0, 0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)]);
    slopes(Sqrt, &[(0.0, INF), (0.25, 1.0), (INF, 0.0), (-1.0, NAN), (NAN, NAN)]);
    slopes(Recip, &[(0.0, -INF), (-0.0, -INF), (INF, -0.0), (-INF, -0.0), (2.0, -0.25), (NAN, NAN)]);
}

#[test]
fn subnormals_and_the_smallest_normals_pass_where_the_function_is_its_argument() {
    // Exact in both types.
    for size in [2.0_f64.powi(-149), 3.0 * 2.0_f64.powi(-149), 5.0 * 2.0_f64.powi(-130), 2.0_f64.powi(-126)] {
        for x in [size, -size] {
            let pair = [(x, x)];
            both("expm1", Expm1, &pair);
            both("ln1p", Ln1p, &pair);
            both("tanh", Tanh, &pair);
            both("sin", Sin, &pair);
        }
    }
    for x in [5e-324, -5e-324, 1e-310, f64::MIN_POSITIVE] {
        for (name, y) in [
            ("expm1", at::<f64>(Expm1, x)),
            ("ln1p", at::<f64>(Ln1p, x)),
            ("tanh", at::<f64>(Tanh, x)),
            ("sin", at::<f64>(Sin, x)),
        ] {
            assert!(y == x, "{name}({x:e}) = {y:e}");
        }
    }
}

#[test]
fn doubles_at_the_edges_of_overflow_and_among_the_subnormals() {
    // The largest number whose exponential is finite, and the next.
    let last = 709.782_712_893_384;
    let relative = (at::<f64>(Exp, last) / last.exp() - 1.0).abs();
    assert!(relative < 2.5e-16, "{relative:e}");
    assert_eq!(at::<f64>(Exp, last.next_up()), INF);
    assert_eq!(at::<f64>(Expm1, last.next_up()), INF);
    assert!(at::<f64>(Expm1, last).is_finite());
    assert_eq!(at::<f64>(Exp, -745.2), 0.0);
    for x in [-708.5, -710.0, -720.3, -740.25, -745.1] {
        for (name, got, wanted) in
            [("exp", at::<f64>(Exp, x), x.exp()), ("sigmoid", at::<f64>(Sigmoid, x), x.exp())]
        {
            let units = got.to_bits().abs_diff(wanted.to_bits());
            assert!(units <= 1, "{name}({x}) = {got:e}, {units} units from {wanted:e}");
        }
    }
    for x in [5e-324, 1e-320, 2.5e-310, f64::MIN_POSITIVE, f64::MAX] {
        let (got, wanted) = (at::<f64>(Ln, x), x.ln());
        assert!(got.to_bits().abs_diff(wanted.to_bits()) <= 1, "ln({x:e}) = {got}, not {wanted}");
    }
}

#[test]
fn beyond_the_vector_domain_sine_and_cosine_are_those_of_the_standard_library() {
    for x in [100_000.1, -123_456.789, 1e9, 2.0_f64.powi(100) * 3.0, -1e300] {
        assert_eq!(at::<f64>(Sin, x), x.sin());
        assert_eq!(at::<f64>(Cos, x), x.cos());
        if x.abs() < 1e38 {
            let single = f64::from(x as f32);
            assert_eq!(at::<f32>(Sin, x), f64::from(single.sin() as f32));
            assert_eq!(at::<f32>(Cos, x), f64::from(single.cos() as f32));
        }
    }
    // A lane beyond the domain leaves its neighbours as they were.
    let x: Vec<f64> = (0..40).map(|i| if i % 7 == 3 { 1e20 } else { f64::from(i) }).collect();
    let (mut y, mut alone) = (vec![0.0; 40], vec![0.0; 40]);
    map(&x, &mut y, Sin);
    for (x, alone) in x.iter().zip(&mut alone) {
        *alone = at::<f64>(Sin, *x);
    }
    assert_eq!(y, alone);
}

#[test]
fn a_probability_is_never_above_one() {
    let x: Vec<f32> = (0..200_000).map(|i| i as f32 * 1e-4).collect();
    let mut y = vec![0.0; x.len()];
    map(&x, &mut y, Sigmoid);
    assert!(y.iter().all(|y| (0.5..=1.0).contains(y)));
    map(&x, &mut y, Tanh);
    assert!(y.iter().all(|y| (0.0..=1.0).contains(y)));
}
