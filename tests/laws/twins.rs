//! A fused op equals its twin, composed of other ops: in value, gradient and Hessian-vector product.

use metatape::calculus::{jvp, vjp};
use metatape::ops::kind::Laws;
use metatape::ops::{Op, Softmax, Tape, Var, Vars};

use crate::case::{Case, close, for_each_op, random_like, read};
use crate::tolerance::TWIN;

fn law(case: &Case<Op>, twin: impl for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>) -> Result<(), String> {
    let tape = Tape::<f64>::new();
    let mut rng = case.rng();
    let operands = case.put(&tape);
    let all: Vec<_> = operands.iter().collect();
    let y = case.record(operands);
    let z = twin(&all);
    if y.extent() != z.extent() {
        return Err(format!("{} for {}", y.extent(), z.extent()));
    }
    close("value", &read(y), &read(z), TWIN)?;

    let slots = case.moving();
    let x = Vars::from_fn(&tape, slots.len(), |i| operands.get(slots[i]));
    let cotangent = random_like(y, &mut rng);
    let direction = x.map(|x| random_like(x, &mut rng));
    let (own, other) = (vjp(&y, &x, &cotangent), vjp(&z, &x, &cotangent));
    let hv = |gradient| [jvp(&gradient, &x, &direction), vjp(&gradient, &x, &direction)];
    for (own, other) in own.iter().zip(other.iter()) {
        close("gradient", &read(own), &read(other), TWIN)?;
    }
    for (own, other) in hv(own).into_iter().zip(hv(other)) {
        for (own, other) in own.iter().zip(other.iter()) {
            close("Hessian-vector product", &read(own), &read(other), TWIN)?;
        }
    }
    Ok(())
}

#[test]
fn fused_ops_equal_their_twins() {
    for_each_op(|case| match case.op.laws() {
        Laws::Fused => law(case, |inputs| case.op.twin(inputs).expect("a fused op has a twin")),
        _ => Ok(()),
    });
}

#[test]
fn negative_control() {
    let case = Case::of(Op::from(Softmax), &[&[0.3, -1.2, 0.5]]);
    law(&case, |inputs| inputs[0].softmax()).expect("an op is its own twin");
    law(&case, |inputs| inputs[0].softmax() * 1.000001).expect_err("another value");
    law(&case, |inputs| inputs[0].softmax().detach()).expect_err("another gradient");
    // The square of zero: no value, no gradient, but a second derivative.
    law(&case, |inputs| {
        let y = inputs[0].softmax();
        y + (y - y.detach()).square()
    })
    .expect_err("another second derivative");
}
