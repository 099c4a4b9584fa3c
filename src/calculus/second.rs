//! Second derivatives, and whole matrices of derivatives.

use super::reverse::pull;
use super::{grad, jvp, vjp};
use crate::simd::Float;
use crate::tape::{Bundle, Differentiable, Extent, Var};
use crate::tensor::Tensor;

/// The exact Hessian-vector product `H . direction` by reverse over forward: the gradient of the loss's tangent.
///
/// The preferred mode: it never computes the gradient itself, and costs less than two of them (measured: 1.8).
///
/// # Panics
/// The loss is not a scalar, or a part of `direction` has another shape than its input.
#[track_caller]
pub fn hvp<'t, T, O, B>(loss: Var<'t, T, O>, inputs: &B, direction: &B) -> B
where
    T: Float,
    O: Differentiable,
    B: Bundle<'t, T, O>,
{
    grad(jvp(&loss, inputs, direction), inputs)
}

/// The exact Hessian-vector product `H . direction` by forward over reverse: the tangent of the gradient.
///
/// Where the gradient is at hand, `jvp(&gradient, inputs, direction)` is the same without computing it again, and the
/// cheapest way to both.
///
/// # Panics
/// The loss is not a scalar, or a part of `direction` has another shape than its input.
#[track_caller]
pub fn hvp_forward<'t, T, O, B>(loss: Var<'t, T, O>, inputs: &B, direction: &B) -> B
where
    T: Float,
    O: Differentiable,
    B: Bundle<'t, T, O>,
{
    jvp(&grad(loss, inputs), inputs, direction)
}

/// The exact Hessian-vector product `H . direction` by reverse over reverse: the gradient of `<gradient, direction>`.
///
/// # Panics
/// The loss is not a scalar, or a part of `direction` has another shape than its input.
#[track_caller]
pub fn hvp_reverse<'t, T, O, B>(loss: Var<'t, T, O>, inputs: &B, direction: &B) -> B
where
    T: Float,
    O: Differentiable,
    B: Bundle<'t, T, O>,
{
    // H is symmetric: the vjp of the gradient with the direction as cotangent is H . direction.
    pull(&grad(loss, inputs), inputs, direction, loss.episodes())
}

/// The whole Jacobian `d y / d x`, a matrix of `y`'s length by `x`'s, one row a walk down the tape.
///
/// # Panics
/// `x` or `y` has several episodes.
#[track_caller]
pub fn jacobian<'t, T: Float, O: Differentiable>(y: Var<'t, T, O>, x: Var<'t, T, O>) -> Tensor<T> {
    rows(y.extent(), x.extent(), |row| vjp(&y, &x, &y.tape().leaf(y.extent(), |seed| unit(seed, row))))
}

/// The whole Hessian of a scalar, a symmetric matrix of `x`'s length, one Hessian-vector product a row.
///
/// # Panics
/// The loss is not a scalar, or `x` or the loss has several episodes.
#[track_caller]
pub fn hessian<'t, T: Float, O: Differentiable>(loss: Var<'t, T, O>, x: Var<'t, T, O>) -> Tensor<T> {
    assert!(loss.episodes() == 1, "hessian of a loss with {} episodes", loss.episodes());
    let gradient = grad(loss, &x);
    rows(x.extent(), x.extent(), |row| jvp(&gradient, &x, &x.tape().leaf(x.extent(), |seed| unit(seed, row))))
}

#[track_caller]
fn rows<'t, T: Float, O: Differentiable>(
    y: Extent,
    x: Extent,
    mut row: impl FnMut(usize) -> Var<'t, T, O>,
) -> Tensor<T> {
    assert!(
        y.episodes == 1 && x.episodes == 1,
        "a matrix of derivatives of {y} by {x}: episodes have one each"
    );
    let mut values = Vec::with_capacity(y.len() * x.len());
    for i in 0..y.len() {
        row(i).read(|row| values.extend_from_slice(row));
    }
    Tensor::from_vec([y.len(), x.len()], values)
}

fn unit<T: Float>(seed: &mut [T], at: usize) {
    seed.fill(T::ZERO);
    seed[at] = T::ONE;
}
