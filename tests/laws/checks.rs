//! The checks that users are offered pass what is right and fail, with the culprit's name, on what is wrong.

use std::cell::Cell;

use metatape::check::{Failure, Identity, Kink, Place, gradcheck, gradgradcheck, metagradcheck};
use metatape::ops::{Tape, Var, Vars};
use metatape::tape::{self, AtRest, Extent};
use metatape::tensor::{Tensor, Tensors};

use crate::flawed::{Flawed, mul, unary};

fn inputs() -> Tensors<f64> {
    let mut inputs = Tensors::new();
    inputs.push("x", Tensor::from_vec([2], vec![0.3, -1.2]));
    inputs.push("y", Tensor::from_vec([2], vec![0.8, 0.5]));
    inputs
}

/// `sin(x cos(op(..)))`: the op amid right ones.
fn amid<'t>(op: Flawed, inputs: tape::Vars<'t, f64, Flawed>) -> tape::Var<'t, f64, Flawed> {
    let [x, y] = inputs.all();
    let inner = match op {
        Flawed::Add | Flawed::Mul | Flawed::MulMissingTerm => x.tape().record(op, &[x, y]),
        _ => mul(unary(op, x), y),
    };
    unary(Flawed::Sin, mul(x, unary(Flawed::Cos, inner)))
}

fn first(op: Flawed) -> Result<metatape::check::Report, Failure> {
    gradcheck(|x| amid(op, x), &inputs())
}

fn second(op: Flawed) -> Result<metatape::check::Report, Failure> {
    gradgradcheck(|x| amid(op, x), &inputs())
}

#[test]
fn right_rules_pass() {
    for op in [Flawed::Add, Flawed::Mul, Flawed::Sin, Flawed::Cos, Flawed::Neg, Flawed::Double] {
        let report = first(op).unwrap_or_else(|failure| panic!("{op:?}: {failure}"));
        assert_eq!(report.comparisons, 3 * (4 + 4), "three identities along 4 numbers and 4 directions");
        second(op).unwrap_or_else(|failure| panic!("{op:?}: {failure}"));
    }
}

#[test]
fn wrong_first_derivatives_fail_and_the_op_is_named() {
    let wrong = [
        (Flawed::SinWrongFactor, "jvp"),
        (Flawed::SinWrongSign, "jvp"),
        (Flawed::MulMissingTerm, "jvp"),
        (Flawed::DoubleFrozen, "jvp"),
        (Flawed::DoubleWrongTranspose, "vjp"),
    ];
    for (op, rule) in wrong {
        let failure = first(op).expect_err("the rule is wrong");
        let culprit = failure.op.as_ref().unwrap_or_else(|| panic!("{op:?}: no op in {failure}"));
        assert_eq!((culprit.name, culprit.rule), (tape::Language::name(&op), rule), "{failure}");
        assert!(failure.to_string().contains(culprit.name), "{failure}");
    }
    let failure = first(Flawed::MulMissingTerm).unwrap_err();
    assert_eq!(failure.op.unwrap().input, 1);
    assert_eq!(failure.comparison.place, Place::Coordinate { input: "y".to_owned(), index: 0 });
    assert_eq!(failure.comparison.identity, Identity::ReverseAgainstDifferences);
    assert_eq!(failure.comparison.got, 0.0);
}

#[test]
fn a_wrong_second_derivative_passes_the_first_check_and_fails_the_second() {
    for (op, culprit) in [
        (Flawed::SquareWrongSecond, "double_frozen"),
        (Flawed::SquareWrongTransposeOfVjp, "double_wrong_transpose"),
    ] {
        first(op).unwrap_or_else(|failure| panic!("{op:?}: {failure}"));
        let failure = second(op).expect_err("the second derivative is wrong");
        assert_eq!(failure.op.as_ref().map(|op| op.name), Some(culprit), "{failure}");
    }
}

#[test]
fn a_program_of_several_episodes_is_checked_as_a_whole() {
    fn program<'t>(inputs: Vars<'t, f64>) -> Var<'t, f64> {
        let [w, b] = inputs.all();
        let data = w.tape().leaf(Extent::new(3, [2]), |out| {
            out.iter_mut().enumerate().for_each(|(i, x)| *x = 0.4 * i as f64 - 1.0)
        });
        (data * w + b).tanh()
    }
    gradcheck(program, &inputs()).unwrap();
    gradgradcheck(program, &inputs()).unwrap();
    gradcheck(|x| program(x).sum_episodes(), &inputs()).unwrap();
    gradgradcheck(|x| program(x).sum_episodes(), &inputs()).unwrap();
}

#[test]
fn large_small_and_many_inputs_are_checked_at_their_own_scale() {
    let mut inputs = Tensors::new();
    inputs.push("large", Tensor::from_fn([20], |i| 1e6 + i as f64));
    inputs.push("small", Tensor::from_fn([30], |i| 1e-4 * (1 + i) as f64));
    fn program<'t>(x: Vars<'t, f64>) -> Var<'t, f64> {
        x.get(0).ln().sum() * x.get(1).sqrt().sum()
    }
    gradcheck(program, &inputs).unwrap();
    gradgradcheck(program, &inputs).unwrap();
}

#[test]
fn a_program_that_differs_from_run_to_run_is_refused() {
    let runs = Cell::new(0.0);
    let failure = gradcheck(
        |x: Vars<'_, f64>| {
            runs.set(runs.get() + 1e-9);
            x.get(0) + runs.get()
        },
        &inputs(),
    );
    let failure = failure.unwrap_err();
    assert_eq!(failure.comparison.identity, Identity::Determinism);
}

#[test]
fn what_is_not_finite_is_refused() {
    let failure = gradcheck(|x: Vars<'_, f64>| x.get(0).ln(), &inputs()).unwrap_err();
    assert_eq!(failure.comparison.identity, Identity::Finiteness);
    assert_eq!(failure.comparison.place, Place::Output(1));
}

/// A list of numbers called x.
fn x(values: &[f64]) -> Tensors<f64> {
    let mut inputs = Tensors::new();
    inputs.push("x", Tensor::from_vec([values.len()], values.to_vec()));
    inputs
}

#[test]
fn a_kink_is_reported_as_one() {
    let place = |index| Place::Coordinate { input: "x".to_owned(), index };
    let functions: [for<'t> fn(Var<'t, f64>) -> Var<'t, f64>; 3] =
        [|x| x.relu(), |x| x.abs() + x.sin(), |x| x.maximum(x.tape().scalar(0.0)) + x.square()];
    for function in functions {
        let report = gradcheck(|x: Vars<'_, f64>| function(x.get(0)), &x(&[0.0, 1.0])).expect("no failure");
        let places: Vec<&Place> = report.kinks.iter().map(|kink| &kink.place).collect();
        assert!(places.contains(&&place(0)) && !places.contains(&&place(1)), "{report}");
        assert!(report.to_string().contains("a kink at x[0] (reverse mode against differences)"), "{report}");
        // Its gradient jumps there, and is smooth beside it.
        let report =
            gradgradcheck(|x: Vars<'_, f64>| function(x.get(0)), &x(&[0.0, 1.0])).expect("no failure");
        assert!(report.kinks.iter().any(|kink| kink.place == place(0) && kink.values[0] != kink.values[1]));
        assert!(report.kinks.iter().all(|kink| kink.place != place(1)), "{report}");
        let smooth = x(&[0.01, -0.01]);
        let first = gradcheck(|x: Vars<'_, f64>| function(x.get(0)), &smooth).expect("it is smooth");
        let second = gradgradcheck(|x: Vars<'_, f64>| function(x.get(0)), &smooth).expect("it is smooth");
        assert_eq!((first.kinks, second.kinks), (vec![], vec![]));
    }
    // A gradient that bends and does not jump: the kink is one of second order.
    fn bent<'t>(x: Vars<'t, f64>) -> Var<'t, f64> {
        x.get(0).relu().square()
    }
    assert_eq!(gradcheck(bent, &x(&[0.0, 1.0])).expect("it is smooth").kinks, []);
    let report = gradgradcheck(bent, &x(&[0.0, 1.0])).expect("no failure");
    let bends = |kink: &Kink| kink.got == 0.0 && kink.slopes[0].abs() < 1e-9 && kink.slopes[1].abs() > 0.5;
    assert!(report.kinks.iter().any(bends), "{report}");
}

#[test]
fn what_lies_outside_of_a_kink_fails_and_so_does_a_jump() {
    // Between slopes of 1 and 2, the derivative 3.
    fn steep<'t>(x: Vars<'t, f64>) -> Var<'t, f64> {
        let x = x.get(0);
        x.relu().detach() + x * 3.0 - (x * 2.0).detach()
    }
    let failure = gradcheck(steep, &x(&[0.0])).unwrap_err();
    assert_eq!(failure.comparison.identity, Identity::ReverseAgainstDifferences);
    // Both times what the output is projected on.
    assert!((failure.comparison.expected / failure.comparison.got - 2.0 / 3.0).abs() < 1e-6, "{failure}");
    // 1 above 0, else 0.
    fn step<'t>(x: Vars<'t, f64>) -> Var<'t, f64> {
        let x = x.get(0);
        let one = x.tape().scalar(1.0);
        x.tape().record(metatape::ops::Gate.into(), &[x, one])
    }
    let failure = gradcheck(step, &x(&[0.0])).unwrap_err();
    assert_eq!(failure.comparison.identity, Identity::Convergence);
}

/// The value `sum sin(theta) exp(rate)` and its gradient, times what a test does to it.
fn meta(
    at: &(Tensors<f64>, Tensor<f64>),
    flaw: impl Fn(&mut Tensors<f64>),
) -> (f64, (Tensors<f64>, Tensor<f64>)) {
    let tape = Tape::new();
    let (theta, rate) = at.put(&tape);
    let loss = theta.map(|x| x.sin()).iter().map(|x| x.sum()).reduce(|x, y| x + y).unwrap() * rate.exp();
    let gradient = metatape::calculus::grad(loss, &(theta, rate));
    let mut at_rest = at.clone();
    at_rest.copy_from_tape(&gradient);
    flaw(&mut at_rest.0);
    (loss.item(), at_rest)
}

#[test]
fn a_meta_gradient_is_checked_and_a_wrong_one_fails() {
    let at = (inputs(), Tensor::scalar(0.2));
    let report = metagradcheck(|at| meta(at, |_| ()), &at).unwrap();
    assert_eq!(report.comparisons, 5 + 4);

    let failure = metagradcheck(|at| meta(at, |g| g.scale(1.0 + 1e-6)), &at).unwrap_err();
    assert_eq!(failure.comparison.identity, Identity::GradientAgainstDifferences);
    metagradcheck(|at| meta(at, |g| g.scale(-1.0)), &at).expect_err("a wrong sign");
    let failure =
        metagradcheck(|at| meta(at, |g| g.tensors_mut()[1].values_mut()[1] = 0.0), &at).unwrap_err();
    let place = Place::Coordinate { input: "part 1".to_owned(), index: 1 };
    assert_eq!(failure.comparison.place, place, "a missing term");
    metagradcheck(|at| meta(at, |g| g.scale(f64::NAN)), &at).expect_err("not a number");
}
