//! Law 5: random programs of 3 to 30 ops.

use metatape::calculus::{grad, hvp, hvp_forward, hvp_reverse};
use metatape::check::{RandomProgram, gradcheck, gradgradcheck};
use metatape::ops::{Tape, Var, Vars};
use metatape::tape::AtRest;
use proptest::prelude::*;

use crate::case::{close, random_like, read, runner};
use crate::rounding::Outcome;
use crate::tolerance::MODES;

const CASES: u32 = 10_000;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 40..400)
}

/// Gradient, both modes and differences against each other, as [`RandomProgram::check`] does; and the two modes once more
/// through the public functions, to their own tolerance.
#[test]
fn derivatives_of_random_programs_agree_with_each_other_and_with_differences() {
    runner(CASES)
        .run(&bytes(), |bytes| {
            let program = RandomProgram::from_bytes(&bytes);
            let report = program.check().map_err(|failure| TestCaseError::fail(failure.to_string()))?;
            prop_assert!(report.kinks.is_empty(), "a smooth program: {report}");

            let tape = Tape::<f64>::new();
            let x = program.inputs().put(&tape);
            let loss = program.record(x).sum_episodes();
            let mut rng = rand::SeedableRng::seed_from_u64(5);
            let v = x.map(|x| random_like(x, &mut rng));
            let scale: Vec<f64> = flat(grad(loss, &x)).into_iter().chain([loss.item()]).collect();
            let scale = scale.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
            let product = flat(hvp(loss, &x, &v));
            close("hvp_forward", &flat(hvp_forward(loss, &x, &v)), &product, MODES * scale)
                .and_then(|()| {
                    close("hvp_reverse", &flat(hvp_reverse(loss, &x, &v)), &product, MODES * scale)
                })
                .map_err(TestCaseError::fail)
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// Value, gradient and both modes in single precision, against double.
#[test]
fn random_programs_in_single_precision_are_those_in_double() {
    runner(CASES)
        .run(&bytes(), |bytes| {
            let program = RandomProgram::from_bytes(&bytes);
            let (single, double) = (Outcome::of::<f32>(&program), Outcome::of::<f64>(&program));
            single.agrees(&double, f32::EPSILON.into()).map_err(TestCaseError::fail)
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

fn flat(list: Vars<'_, f64>) -> Vec<f64> {
    list.iter().flat_map(read).collect()
}

/// A batch of one less its mean: the value is 0, and of the gradient nothing but rounding is left. In the second program the
/// rest of a mean is as noisy as it can be.
#[test]
fn what_is_left_of_numbers_that_cancel_is_no_failure() {
    let programs: [&[u8]; 2] = [
        include_bytes!("../../fuzz/seeds/program/ad5f9dcfdc4d16fb7b5e6c5d2fb4aafbbc3447ea"),
        include_bytes!("../../fuzz/seeds/program/95ea11de4e0083a6570af293c3beb8cc4512f270"),
    ];
    for bytes in programs {
        RandomProgram::from_bytes(bytes).check().unwrap_or_else(|failure| panic!("{failure}"));
    }
}

/// A relu bends half of 1e-4 beside the point, where differences have settled long before.
#[test]
fn a_kink_close_by_is_not_mistaken_for_a_wrong_derivative() {
    let bytes = include_bytes!("../../fuzz/seeds/program/3e267ca599c4b5662d7fcef692f2db932eb5d0be");
    RandomProgram::from_bytes(bytes).check().unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_bytes_make_a_program() {
    for bytes in [&[][..], &[0], &[255; 1000], b"random", &[3, 1, 4, 1, 5, 9, 2, 6]] {
        RandomProgram::from_bytes(bytes).check().unwrap_or_else(|failure| panic!("{bytes:?}: {failure}"));
    }
}

/// The program's value, its gradient missing.
fn wrong_first<'t>(program: &RandomProgram, x: Vars<'t, f64>) -> Var<'t, f64> {
    program.record(x).sum_episodes().detach() + x.get(0).sum().sin()
}

/// `y + (y - y')^2` with `y' = y` as a constant: the value and the gradient of `y`, another second derivative.
fn wrong_second<'t>(program: &RandomProgram, x: Vars<'t, f64>) -> Var<'t, f64> {
    let y = program.record(x).sum_episodes() + x.get(0).sum();
    y + (y - y.detach()).square()
}

#[test]
fn negative_control() {
    let mut rounded = 0;
    for seed in 0..20u32 {
        let bytes: Vec<u8> = (0..200u32).map(|i| ((i * 7919 + seed * 104_729) >> 3) as u8).collect();
        let program = RandomProgram::from_bytes(&bytes);
        let (single, double) = (Outcome::of::<f32>(&program), Outcome::of::<f64>(&program));
        let mut stored = double.clone();
        stored.numbers.iter_mut().flatten().for_each(|x| *x = f64::from(*x as f32));
        // A program of sums and choices comes to numbers that single precision holds.
        if stored.agrees(&double, f64::EPSILON).is_err() {
            single.agrees(&double, f64::EPSILON).expect_err("its numbers were rounded");
            rounded += 1;
        }
        let inputs = program.inputs();
        gradcheck(|x| program.record(x), inputs).expect("the program is right");
        gradgradcheck(|x| program.record(x), inputs).expect("the program is right");
        gradgradcheck(|x| wrong_second(&program, x), inputs).expect_err("its second derivative is wrong");
        if gradcheck(|x| program.record(x).detach(), inputs).is_err() {
            gradcheck(|x| wrong_first(&program, x), inputs).expect_err("its gradient is wrong");
        }
    }
    assert!(rounded >= 18, "{rounded} of 20 programs come to numbers that single precision has to round");
}
