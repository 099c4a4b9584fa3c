//! Law 4: the jvp and the vjp of any op are each other's transposes, and so are the jvp and the vjp of its vjp.

use metatape::calculus::{jvp, vjp};
use metatape::tape::{Differentiable, Tape, Vars};
use rand::RngExt;

use crate::case::{Case, for_each_op, random_like, same_inner_product};
use crate::flawed::Flawed;
use crate::tolerance::TRANSPOSE;

/// `<dy, ybar> = <dx, xbar>` with respect to some of the operands.
pub fn first_order<O: Differentiable>(case: &Case<O>, slots: &[usize]) -> Result<(), String> {
    let tape = Tape::<f64, O>::new();
    let mut rng = case.rng();
    let operands = case.put(&tape);
    let y = Vars::from_fn(&tape, 1, |_| case.record(operands));
    let x = Vars::from_fn(&tape, slots.len(), |i| operands.get(slots[i]));
    let dx = x.map(|x| random_like(x, &mut rng));
    let ybar = y.map(|y| random_like(y, &mut rng));
    let (dy, xbar) = (jvp(&y, &x, &dx), vjp(&y, &x, &ybar));
    same_inner_product("<dy, ybar> = <dx, xbar>", [dy, ybar], [dx, xbar], TRANSPOSE)
}

/// The same for the vjp, as a function of the operands and of the cotangent.
pub fn second_order<O: Differentiable>(case: &Case<O>, slots: &[usize]) -> Result<(), String> {
    let tape = Tape::<f64, O>::new();
    let mut rng = case.rng();
    let operands = case.put(&tape);
    let y = case.record(operands);
    let ybar = random_like(y, &mut rng);
    let x = Vars::from_fn(&tape, slots.len(), |i| operands.get(slots[i]));
    let xbar = vjp(&y, &x, &ybar);
    let inputs = Vars::from_fn(&tape, slots.len() + 1, |i| if i < slots.len() { x.get(i) } else { ybar });
    let tangents = inputs.map(|input| random_like(input, &mut rng));
    let cotangents = xbar.map(|xbar| random_like(xbar, &mut rng));
    let (up, down) = (jvp(&xbar, &inputs, &tangents), vjp(&xbar, &inputs, &cotangents));
    same_inner_product("of the vjp: <dy, ybar> = <dx, xbar>", [up, cotangents], [tangents, down], TRANSPOSE)
}

#[test]
fn both_modes_are_transposes_at_first_and_second_order() {
    for_each_op(|case| {
        let all = case.moving();
        let mut rng = case.rng();
        let some: Vec<usize> = all.iter().copied().filter(|_| rng.random()).collect();
        for slots in [all, some] {
            if !slots.is_empty() {
                first_order(case, &slots)?;
                second_order(case, &slots)?;
            }
        }
        Ok(())
    });
}

#[test]
fn negative_control() {
    let x = [0.3, -1.2];
    for op in [Flawed::Sin, Flawed::Double, Flawed::SquareWrongTransposeOfVjp] {
        first_order(&Case::of(op, &[&x]), &[0]).expect("the rules agree");
    }
    second_order(&Case::of(Flawed::Sin, &[&x]), &[0]).expect("the rules agree at second order");
    first_order(&Case::of(Flawed::DoubleWrongTranspose, &[&x]), &[0]).expect_err("the rules disagree");
    second_order(&Case::of(Flawed::SquareWrongTransposeOfVjp, &[&x]), &[0])
        .expect_err("the rules disagree at second order");
}
