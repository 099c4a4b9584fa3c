//! Law 3: the derivative of an elementwise op against a five-point central difference.

use metatape::calculus::jvp;
use metatape::ops::kind::Laws;
use metatape::tape::{Differentiable, Tape};

use crate::case::{Case, close, for_each_op, leaf, read};
use crate::flawed::Flawed;
use crate::tolerance::DIAGONAL;

const STEP: f64 = 1e-3;

fn law<O: Differentiable>(case: &Case<O>) -> Result<(), String> {
    let tape = Tape::<f64, O>::new();
    let x = case.put(&tape).get(0);
    let y = tape.record(case.op, &[x]);
    let derivative = read(jvp(&y, &x, &tape.fill(x.extent(), 1.0)));
    let at = |steps: f64| {
        let moved: Vec<f64> = read(x).iter().map(|x| x + steps * STEP).collect();
        read(tape.record(case.op, &[leaf(&tape, x.extent(), &moved)]))
    };
    let stencil = [(-2.0, 1.0), (-1.0, -8.0), (1.0, 8.0), (2.0, -1.0)];
    let mut expected = vec![0.0; derivative.len()];
    for (steps, weight) in stencil {
        for (sum, y) in expected.iter_mut().zip(at(steps)) {
            *sum += weight * y / (12.0 * STEP);
        }
    }
    close("derivative", &derivative, &expected, DIAGONAL)
}

#[test]
fn elementwise_derivatives_are_those_of_differences() {
    for_each_op(|case| match case.op.laws() {
        Laws::Diagonal => law(case),
        _ => Ok(()),
    });
}

#[test]
fn negative_control() {
    let x = [0.3, -1.2];
    law(&Case::of(Flawed::Sin, &[&x])).expect("the rule is right");
    law(&Case::of(Flawed::SinWrongFactor, &[&x])).expect_err("a wrong factor");
    law(&Case::of(Flawed::SinWrongSign, &[&x])).expect_err("a wrong sign");
}
