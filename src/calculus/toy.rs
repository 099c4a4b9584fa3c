//! A language of add, multiply, exp and constant, to prove that the calculus needs no other.

use super::{descend, grad, hessian, hvp, hvp_forward, hvp_reverse, jacobian, jvp};
use crate::simd::Float;
use crate::tape::{Call, Differentiable, Extent, Language, Mismatch, Tape, Value, Var, Waiting, Wanted};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Toy {
    Add,
    Multiply,
    Exp,
    Constant,
}

impl Language for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn extent(&self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        match inputs.iter().all(|extent| *extent == inputs[0]) {
            true => Ok(*inputs[0]),
            false => Err(Mismatch("toys want equal shapes")),
        }
    }

    fn evaluate<T: Float>(&self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        for (i, y) in out.iter_mut().enumerate() {
            let x = |slot: usize| inputs[slot].values[i];
            *y = match self {
                Toy::Add => x(0) + x(1),
                Toy::Multiply => x(0) * x(1),
                Toy::Exp => T::from_f64(x(0).to_f64().exp()),
                Toy::Constant => x(0),
            };
        }
    }
}

impl Differentiable for Toy {
    fn jvp<'t, T: Float>(
        self,
        call: Call<'_, 't, T, Self>,
        tangents: &[Option<Var<'t, T, Self>>],
    ) -> Option<Var<'t, T, Self>> {
        let parts = (0..call.inputs.len()).filter_map(|slot| {
            let tangent = tangents[slot]?;
            match self {
                Toy::Add => Some(tangent),
                Toy::Multiply => Some(multiply(tangent, call.inputs[1 - slot])),
                Toy::Exp => Some(multiply(tangent, call.output)),
                Toy::Constant => None,
            }
        });
        parts.reduce(Toy::add)
    }

    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: Call<'_, 't, T, Self>,
        cotangent: Var<'t, T, Self>,
        wanted: Wanted<'t, T, Self>,
    ) -> Option<Var<'t, T, Self>> {
        let own = match self {
            Toy::Add => cotangent,
            Toy::Multiply => multiply(cotangent, call.inputs[1 - slot]),
            Toy::Exp => multiply(cotangent, call.output),
            Toy::Constant => return wanted.onto,
        };
        Some(wanted.onto.map_or(own, |onto| Toy::add(onto, own)))
    }

    fn waits(&self, _: usize) -> bool {
        *self == Toy::Exp
    }

    /// Two exponentials of one number have one product: `c exp(x) + d exp(x) = (c + d) exp(x)`.
    fn vjp_with<'t, T: Float>(
        self,
        _: usize,
        call: Call<'_, 't, T, Self>,
        cotangent: Var<'t, T, Self>,
        waiting: Waiting<'_, 't, T, Self>,
        wanted: Wanted<'t, T, Self>,
    ) -> Option<Var<'t, T, Self>> {
        assert!(waiting.op == Toy::Exp && wanted.onto.is_none());
        let both = || multiply(Toy::add(cotangent, waiting.cotangent), call.output);
        (self == Toy::Exp).then(both)
    }

    fn add<'t, T: Float>(left: Var<'t, T, Self>, right: Var<'t, T, Self>) -> Var<'t, T, Self> {
        left.tape().record(Toy::Add, &[left, right])
    }

    fn constant<'t, T: Float>(x: Var<'t, T, Self>) -> Var<'t, T, Self> {
        x.tape().record(Toy::Constant, &[x])
    }

    fn broadcast<'t, T: Float>(x: Var<'t, T, Self>, extent: Extent) -> Var<'t, T, Self> {
        unreachable!("toys are all of one extent, not {} and {extent}", x.extent())
    }
}

fn multiply<'t, T: Float>(left: Var<'t, T, Toy>, right: Var<'t, T, Toy>) -> Var<'t, T, Toy> {
    left.tape().record(Toy::Multiply, &[left, right])
}

fn exp<'t, T: Float>(x: Var<'t, T, Toy>) -> Var<'t, T, Toy> {
    x.tape().record(Toy::Exp, &[x])
}

/// `f(x, y) = x y + exp(x x)`.
fn program<'t>(x: Var<'t, f64, Toy>, y: Var<'t, f64, Toy>) -> Var<'t, f64, Toy> {
    Toy::add(multiply(x, y), exp(multiply(x, x)))
}

#[test]
fn derivatives_of_every_order_are_those_of_the_text_book() {
    let tape = Tape::new();
    let (x, y) = (tape.scalar(0.5), tape.scalar(3.0));
    let e = 0.25f64.exp();
    let f = program(x, y);
    let (fx, fy) = grad(f, &(x, y));
    assert!((fx.item() - (3.0 + e)).abs() < 1e-14);
    assert_eq!(fy.item(), 0.5);

    let direction = (tape.scalar(1.0), tape.scalar(2.0));
    let (second_x, second_y) = (2.0 * e + 4.0 * 0.25 * e, 1.0);
    let at = (x, y);
    for (hx, hy) in
        [hvp(f, &at, &direction), hvp_forward(f, &at, &direction), hvp_reverse(f, &at, &direction)]
    {
        assert!((hx.item() - (second_x + 2.0)).abs() < 1e-14);
        assert!((hy.item() - second_y).abs() < 1e-14);
    }

    // The third derivative of exp(x^2) is (12 x + 8 x^3) exp(x^2).
    let third = grad(grad(grad(f, &x), &x), &x);
    assert!((third.item() - (6.0 + 1.0) * e).abs() < 1e-13);
}

#[test]
fn matrices_of_derivatives() {
    let tape = Tape::new();
    let x = tape.leaf(Extent::shared([2]), |out| out.copy_from_slice(&[0.1, -0.4]));
    let y = exp(multiply(x, x));
    let expected = [0.2 * 0.01f64.exp(), 0.0, 0.0, -0.8 * 0.16f64.exp()];
    for (found, expected) in jacobian(y, x).values().iter().zip(expected) {
        assert!((found - expected).abs() < 1e-15);
    }
    let z = tape.scalar(0.3);
    assert!((hessian(exp(multiply(z, z)), z).item() - (2.0 + 0.36) * 0.09f64.exp()).abs() < 1e-14);
}

#[test]
fn a_computed_variable_can_be_an_input_too_and_both_modes_agree() {
    let tape = Tape::new();
    let x = tape.scalar(0.7);
    let y = multiply(x, x);
    let f = multiply(x, y);
    let (fx, fy) = grad(f, &(x, y));
    let (dx, dy) = (tape.scalar(1.3), tape.scalar(-0.2));
    let forward = jvp(&f, &(x, y), &(dx, dy)).item();
    assert!((forward - (fx.item() * 1.3 - fy.item() * 0.2)).abs() < 1e-15);
}

#[test]
fn a_descent_is_the_inputs_and_their_gradient() {
    let tape = Tape::new();
    let (x, unread) = (tape.scalar(0.7), tape.scalar(2.0));
    let y = multiply(x, x);
    let loss = multiply(exp(x), y);
    // y depends on x, so what comes down to it goes on to x.
    let inputs = (x, y, unread);
    let (gx, gy, _) = grad(loss, &inputs);
    let (x1, y1, unread1) = descend(loss, &inputs, -0.1, false);
    assert!((x1.item() - (0.7 - 0.1 * gx.item())).abs() < 1e-15);
    assert!((y1.item() - (0.49 - 0.1 * gy.item())).abs() < 1e-15);
    assert_eq!(unread1.item(), 2.0);
}

#[test]
fn through_a_descent_that_is_constant_no_second_derivative_flows() {
    let tape = Tape::new();
    let x = tape.scalar(0.7);
    let loss = exp(multiply(x, x));
    let exact = descend(loss, &x, -0.1, false);
    let first_order = descend(loss, &x, -0.1, true);
    assert_eq!(exact.item(), first_order.item());
    assert!((grad(exact, &x).item() - (1.0 - 0.1 * hessian(loss, x).item())).abs() < 1e-14);
    assert_eq!(grad(first_order, &x).item(), 1.0);
}

#[test]
fn a_cotangent_that_waits_goes_with_another_or_alone() {
    let tape = Tape::new();
    let x = tape.scalar(0.7);
    let e = 0.7f64.exp();
    // Both wait for x: the first that comes down is met by the second.
    let square = multiply(exp(x), exp(x));
    let before = tape.scalar(0.0).id();
    let met = grad(square, &x);
    assert!((met.item() - 2.0 * e * e).abs() < 1e-14);
    // The seed, two products for the factors, their sum and the product of both.
    assert_eq!(met.id() - before, 5);
    // The exponential waits, and a product comes to x that does not go with it.
    let product = multiply(x, exp(x));
    assert!((grad(product, &x).item() - 1.7 * e).abs() < 1e-14);
    assert!((hessian(product, x).item() - 2.7 * e).abs() < 1e-14);
    // Something has come down to y before, and it does not wait.
    let y = exp(x);
    assert!((grad(multiply(y, exp(y)), &x).item() - e * e.exp() * (1.0 + e)).abs() < 1e-13);
}

#[test]
fn what_does_not_depend_gets_zeros() {
    let tape = Tape::new();
    let (x, y) = (tape.scalar(1.0), tape.scalar(2.0));
    let f = exp(x);
    let later = tape.scalar(5.0);
    assert_eq!(grad(f, &(y, later)).0.item(), 0.0);
    assert_eq!(grad(f, &later).item(), 0.0);
    assert_eq!(jvp(&f, &later, &y).item(), 0.0);
}

#[test]
#[should_panic(expected = "toy of [2] and [3]: toys want equal shapes")]
fn a_mismatch_names_the_op_and_both_shapes() {
    let tape = Tape::<f64, Toy>::new();
    Toy::add(tape.fill(Extent::shared([2]), 0.0), tape.fill(Extent::shared([3]), 0.0));
}
