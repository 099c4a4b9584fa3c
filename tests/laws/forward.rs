//! Law 1: every op computes what the naive reference computes, in both types, at the level of SIMD that the run is at.

use metatape::ops::Op;
use metatape::simd::Float;
use metatape::tape::{Extent, Language, Tape};

use crate::case::{Case, close, for_each_op};
use crate::flawed::Flawed;
use crate::reference::reference;
use crate::tolerance::{FORWARD, FORWARD_F32};

fn law<T: Float, O: Language>(
    case: &Case<O>,
    (extent, expected): (Extent, Vec<f64>),
    tolerance: f64,
) -> Result<(), String> {
    let tape = Tape::<T, O>::new();
    let y = case.record(case.put(&tape));
    if y.extent() != extent {
        return Err(format!("the result is {}, not {extent}", y.extent()));
    }
    let got: Vec<f64> = y.read(|values| values.iter().map(|y| y.to_f64()).collect());
    close("value", &got, &expected, tolerance)
}

#[test]
fn ops_compute_what_the_reference_computes() {
    for_each_op(|case| law::<f64, Op>(case, reference(case), FORWARD));
}

#[test]
fn in_f32_too() {
    for_each_op(|case| {
        let mut case = case.clone();
        let numbers = case.operands.iter_mut().flat_map(|operand| &mut operand.values);
        numbers.for_each(|x| *x = f64::from(*x as f32));
        law::<f32, Op>(&case, reference(&case), FORWARD_F32)
    });
}

#[test]
fn negative_control() {
    let x = [0.3, -1.2];
    let expected = || (Extent::shared([2]), x.map(f64::sin).to_vec());
    law::<f64, Flawed>(&Case::of(Flawed::Sin, &[&x]), expected(), FORWARD).expect("the same");
    law::<f64, Flawed>(&Case::of(Flawed::SinTooLarge, &[&x]), expected(), FORWARD)
        .expect_err("a billionth too large");
    law::<f32, Flawed>(&Case::of(Flawed::Cos, &[&x]), expected(), FORWARD_F32).expect_err("another function");
    let other_shape = (Extent::shared([1, 2]), x.map(f64::sin).to_vec());
    law::<f64, Flawed>(&Case::of(Flawed::Sin, &[&x]), other_shape, FORWARD).expect_err("another shape");
}
