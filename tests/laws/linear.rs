//! Law 2: what claims to be linear is, in each slot that it claims, and its transpose is its transpose.

use metatape::calculus::{jvp, vjp};
use metatape::ops::kind::Laws;
use metatape::tape::{Differentiable, Tape, Vars};

use crate::case::{Case, close, for_each_op, leaf, random_like, read, same_inner_product};
use crate::flawed::Flawed;
use crate::tolerance::LINEAR;

/// Linear in all of `slots` together: `A(x + s z) = A(x) + s A(z)` and `<A x, u> = <x, A^T u>`, the other operands standing
/// still.
fn law<O: Differentiable>(case: &Case<O>, slots: &[usize]) -> Result<(), String> {
    let tape = Tape::<f64, O>::new();
    let mut rng = case.rng();
    let x = case.put(&tape);
    let ax = case.record(x);

    let s = -0.7;
    let mut z: Vec<_> = x.iter().collect();
    let mut combined = z.clone();
    for &slot in slots {
        z[slot] = random_like(x.get(slot), &mut rng);
        let sum: Vec<f64> = read(x.get(slot)).iter().zip(read(z[slot])).map(|(x, z)| x + s * z).collect();
        combined[slot] = leaf(&tape, x.get(slot).extent(), &sum);
    }
    let az = read(tape.record(case.op, &z));
    let expected: Vec<f64> = read(ax).iter().zip(&az).map(|(ax, az)| ax + s * az).collect();
    close("A(x + s z)", &read(tape.record(case.op, &combined)), &expected, LINEAR)?;

    let moving = Vars::from_fn(&tape, slots.len(), |i| x.get(slots[i]));
    let u = random_like(ax, &mut rng);
    let transposed = vjp(&ax, &moving, &u);
    let one = |var| Vars::from_fn(&tape, 1, |_| var);
    same_inner_product("<A x, u> = <x, A^T u>", [one(ax), one(u)], [moving, transposed], LINEAR)
}

/// Constant in a slot: no derivative of either mode flows.
fn constant<O: Differentiable>(case: &Case<O>, slot: usize) -> Result<(), String> {
    let tape = Tape::<f64, O>::new();
    let x = case.put(&tape);
    let y = case.record(x);
    let mut rng = case.rng();
    let tangent = jvp(&y, &x.get(slot), &random_like(x.get(slot), &mut rng));
    let cotangent = vjp(&y, &x.get(slot), &random_like(y, &mut rng));
    match read(tangent).iter().chain(&read(cotangent)).all(|&x| x == 0.0) {
        true => Ok(()),
        false => Err(format!("a derivative flows into input {slot}, which is constant")),
    }
}

#[test]
fn linear_ops_are_linear() {
    for_each_op(|case| match case.op.laws() {
        Laws::Linear => law(case, &case.moving()),
        Laws::Multilinear(slots) => {
            slots.iter().try_for_each(|&slot| law(case, &[slot]))?;
            (0..case.operands.len())
                .filter(|slot| !slots.contains(slot))
                .try_for_each(|slot| constant(case, slot))
        }
        Laws::Diagonal | Laws::Fused => Ok(()),
    });
}

#[test]
fn negative_control() {
    let x = [0.3, -1.2];
    law(&Case::of(Flawed::Double, &[&x]), &[0]).expect("it is linear");
    law(&Case::of(Flawed::Mul, &[&x, &x]), &[1]).expect("it is linear in each slot");
    constant(&Case::of(Flawed::DoubleFrozen, &[&x]), 0).expect("nothing flows");

    law(&Case::of(Flawed::PlusOne, &[&x]), &[0]).expect_err("x + 1 is not linear");
    law(&Case::of(Flawed::Mul, &[&x, &x]), &[0, 1]).expect_err("a product is not linear in both factors");
    law(&Case::of(Flawed::DoubleWrongTranspose, &[&x]), &[0]).expect_err("its transpose is another");
    constant(&Case::of(Flawed::Double, &[&x]), 0).expect_err("a derivative flows");
}
