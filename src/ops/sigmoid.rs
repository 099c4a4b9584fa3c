//! The smooth steps: tanh, sigmoid, softplus.

use super::kind::Diagonal;
use super::sample::{Domain, Pick};
use super::{Var, unary_methods};
use crate::simd::{Float, Lanes, math};

/// The hyperbolic tangent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tanh;

impl Diagonal for Tanh {
    const NAME: &'static str = "tanh";
    const DOMAIN: Domain = Domain::Real;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        math::tanh(x)
    }
    fn derivative<'t, T: Float>(self, _: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        y.square().affine(-T::ONE, T::ONE)
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Tanh
    }
}

/// The logistic function `1 / (1 + e^-x)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sigmoid;

impl Diagonal for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const DOMAIN: Domain = Domain::Real;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        math::sigmoid(x)
    }
    fn derivative<'t, T: Float>(self, _: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        y * y.affine(-T::ONE, T::ONE)
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Sigmoid
    }
}

/// `ln(1 + e^x)`, the smooth relu, without overflow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softplus;

impl Diagonal for Softplus {
    const NAME: &'static str = "softplus";
    const DOMAIN: Domain = Domain::Real;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        math::softplus(x)
    }
    fn derivative<'t, T: Float>(self, x: Var<'t, T>, _: Var<'t, T>) -> Var<'t, T> {
        x.sigmoid()
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Softplus
    }
}

unary_methods! {
    /// The hyperbolic tangent, elementwise.
    tanh = Tanh;
    /// The logistic function `1 / (1 + e^-x)`, elementwise.
    sigmoid = Sigmoid;
    /// `ln(1 + e^x)`, elementwise, without overflow.
    softplus = Softplus;
}
