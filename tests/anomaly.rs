//! A watched tape names the first op that gave an infinity or a NaN, where it was recorded, and to which order.

use metatape::calculus::{hvp, hvp_forward, hvp_reverse};
use metatape::meta::Guard;
use metatape::prelude::*;
use metatape::tape::Extent;

/// A program that goes wrong, and the line on which it records the op that does; the op; to which order it does.
struct Planted {
    program: fn(&Tape<f64>) -> u32,
    op: Option<&'static str>,
    order: u8,
}

const fn planted(op: &'static str, order: u8, program: fn(&Tape<f64>) -> u32) -> Planted {
    Planted { program, op: Some(op), order }
}

#[track_caller]
fn leaf<'t>(tape: &'t Tape<f64>, values: &[f64]) -> Var<'t, f64> {
    tape.leaf(Extent::shared([values.len()]), |out| out.copy_from_slice(values))
}

/// A value, and the line that made it.
macro_rules! here {
    ($value:expr) => {
        ($value, line!())
    };
}

const PLANTED: [Planted; 28] = [
    planted("ln", 0, |tape| here!(leaf(tape, &[1.0, -1.0, 0.0]).ln()).1),
    planted("ln1p", 0, |tape| here!(tape.scalar(-1.0).ln1p()).1),
    planted("exp", 0, |tape| here!(tape.scalar(1000.0).tanh().affine(1e3, 0.0).exp()).1),
    planted("expm1", 0, |tape| here!(tape.scalar(1e4).expm1()).1),
    planted("sqrt", 0, |tape| here!((tape.scalar(0.5) - 1.0).sqrt()).1),
    planted("recip", 0, |tape| here!(leaf(tape, &[2.0, 0.0]).recip()).1),
    planted("div", 0, |tape| here!(tape.scalar(0.0) / tape.scalar(0.0)).1),
    planted("square", 0, |tape| here!(tape.scalar(1e200).square()).1),
    planted("mul", 0, |tape| here!(tape.scalar(1e200) * tape.scalar(-1e200)).1),
    planted("matmul", 0, |tape| {
        let x = leaf(tape, &[1e160, 1.0, 0.0, 1e160]).reshape([2, 2]);
        here!(x.matmul(x)).1
    }),
    planted("sum_to", 0, |tape| here!(leaf(tape, &[1e308, 1e308]).sum()).1),
    planted("add", 0, |tape| here!(tape.scalar(1.7e308) + tape.scalar(1.7e308)).1),
    Planted { op: None, order: 0, program: |tape| here!(leaf(tape, &[1.0, f64::NAN])).1 },
    planted("sqrt", 1, |tape| {
        let x = tape.scalar(0.0);
        let (y, line) = here!(x.sqrt());
        grad(y, &x);
        line
    }),
    // The norm of the zero vector: of the square's 0 and the root's infinity, the root's comes first.
    planted("sqrt", 1, |tape| {
        let x = leaf(tape, &[0.0, 0.0]);
        let square = x.square().sum();
        let (norm, line) = here!(square.sqrt());
        grad(norm, &x);
        line
    }),
    // Where a gate is closed its value and its cotangent are 0, and 0 times infinity is no number.
    planted("sqrt", 1, |tape| {
        let x = tape.scalar(0.0);
        let (root, line) = here!(x.sqrt());
        grad((root - 1.0).relu(), &x);
        line
    }),
    planted("ln", 1, |tape| {
        let x = tape.scalar(1e-310);
        let (y, line) = here!(x.ln());
        grad(y.tanh(), &x);
        line
    }),
    planted("recip", 1, |tape| {
        let x = leaf(tape, &[1.0, 1e-200]);
        let (y, line) = here!(x.recip());
        grad(y.sum(), &x);
        line
    }),
    planted("div", 1, |tape| {
        let x = tape.scalar(1e-200);
        let (y, line) = here!(tape.scalar(3.0) / x);
        jvp(&y, &x, &tape.scalar(1.0));
        line
    }),
    planted("mul", 1, |tape| {
        let (x, large) = (tape.scalar(1e-200), tape.scalar(1e200));
        let (y, line) = here!(large * x);
        grad(y * 1e150, &x);
        line
    }),
    planted("recip", 2, |tape| {
        let x = tape.scalar(1e-110);
        let (y, line) = here!(x.recip());
        hvp(y, &x, &tape.scalar(1.0));
        line
    }),
    planted("recip", 2, |tape| {
        let x = tape.scalar(1e-110);
        let (y, line) = here!(x.recip());
        hvp_reverse(y, &x, &tape.scalar(1.0));
        line
    }),
    planted("recip", 2, |tape| {
        let x = tape.scalar(1e-110);
        let (y, line) = here!(x.recip());
        hvp_forward(y, &x, &tape.scalar(1.0));
        line
    }),
    planted("ln", 2, |tape| {
        let x = leaf(tape, &[1.0, 1e-160]);
        let (y, line) = here!(x.ln());
        hvp(y.sum(), &x, &tape.fill(x.extent(), 1.0));
        line
    }),
    planted("ln", 2, |tape| {
        let x = tape.scalar(1e-160);
        let (y, line) = here!(x.ln());
        hvp_reverse(y, &x, &tape.scalar(1.0));
        line
    }),
    planted("sqrt", 2, |tape| {
        let x = tape.scalar(1e-250);
        let (y, line) = here!(x.sqrt());
        hvp(y, &x, &tape.scalar(1.0));
        line
    }),
    planted("sqrt", 2, |tape| {
        let x = tape.scalar(1e-250);
        let (y, line) = here!(x.sqrt());
        grad(grad(y, &x), &x);
        line
    }),
    planted("div", 2, |tape| {
        let x = tape.scalar(1e-110);
        let (y, line) = here!(tape.scalar(3.0) / x);
        hvp(y, &x, &tape.scalar(1.0));
        line
    }),
];

#[test]
fn the_first_op_that_goes_wrong_is_named_with_its_line_and_its_order() {
    for (number, Planted { program, op, order }) in PLANTED.iter().enumerate() {
        let tape = Tape::<f64>::watched();
        let line = program(&tape);
        let anomaly = tape.anomaly().unwrap_or_else(|| panic!("{op:?} {order}: nothing was noticed"));
        println!("{number}: {anomaly}");
        assert_eq!((anomaly.op, anomaly.order), (*op, *order), "{number}: {anomaly}");
        assert!(anomaly.place.file().ends_with("anomaly.rs"), "{number}: {anomaly}");
        assert_eq!(anomaly.place.line(), line, "{number}: {anomaly}");
        assert!(!anomaly.value.is_finite());
    }
}

#[test]
fn it_says_what_went_in() {
    let tape = Tape::<f64>::watched();
    let x = leaf(&tape, &[1.0, -1.0, 4.0]);
    let y = x.ln();
    let anomaly = tape.anomaly().expect("the logarithm of -1");
    assert_eq!((anomaly.line, anomaly.index), (y.id(), 1));
    assert_eq!((anomaly.inputs[0].here, anomaly.inputs[0].range), (Some(-1.0), Some([-1.0, 4.0])));
    let text = anomaly.to_string();
    assert!(text.starts_with("the value of ln at tests/anomaly.rs:"), "{text}");
    assert!(text.ends_with(" is NaN at [1]: ln of -1.0 (of [3] in [-1.0, 4.0])"), "{text}");
}

#[test]
fn only_the_first_counts_and_forgetting_does_not_forget_it() {
    let mut tape = Tape::<f64>::watched();
    let x = tape.scalar(4.0);
    tape.forgetting(|| (tape.scalar(0.0).ln() * x.sqrt()).item());
    let first = tape.anomaly().expect("the logarithm of 0");
    x.affine(0.0, -1.0).sqrt();
    assert_eq!(tape.anomaly(), Some(first.clone()));
    tape.clear();
    let x = tape.scalar(0.25);
    grad(x.sqrt(), &x);
    assert_eq!(tape.anomaly(), Some(first));
}

#[test]
fn what_is_finite_or_not_watched_is_no_anomaly() {
    let tape = Tape::<f64>::watched();
    let x = tape.scalar(2.0);
    hvp(x.ln() * x.sqrt() / x, &x, &tape.scalar(1.0));
    assert_eq!(tape.anomaly(), None);
    let tape = Tape::<f64>::new();
    assert!(tape.scalar(-1.0).ln().item().is_nan());
    assert_eq!(tape.anomaly(), None);
}

/// `sqrt(theta x) + y`: at `theta = 0` the value is finite, and its slope is not.
fn root<'t>(theta: Params<'t, f64>, batch: BatchVars<'t, f64>) -> Var<'t, f64> {
    (theta.get(0) * batch.x).sqrt() + batch.y
}

#[test]
fn training_that_gives_up_says_where_it_went_wrong() {
    for road in [Road::Tape, Road::Adjoint] {
        let mut theta = Tensors::new();
        theta.push("x", Tensor::scalar(0.0));
        let problem = Problem { road, ..Problem::new(Maml { rate: 0.1 }, root, 1) };
        let (schedule, workers) = (Schedule::constant(0.1), Workers::new(1));
        let mut training = Training::new(problem, (theta, ()), Sgd::new(), schedule, workers);
        training.guard = Guard::new(2);
        let batch = Batch { x: Tensor::scalar(1.0), y: Tensor::scalar(2.0) };
        let episodes = [Episode { support: batch.clone(), query: batch }];
        let mut recorded = training.recorded();
        assert!(!recorded.step(&episodes).unwrap().applied);
        let error = recorded.step(&episodes).unwrap_err();
        let anomaly = error.anomaly.as_ref().expect("a reason");
        assert_eq!((anomaly.op, anomaly.order), (Some("sqrt"), 1), "{road:?}: {error}");
        assert!(error.to_string().contains("; first, the first derivative of sqrt at "), "{error}");
    }
}
