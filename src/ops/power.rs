//! Square, square root, reciprocal.

use super::kind::Diagonal;
use super::sample::{Domain, Pick};
use super::{Var, unary_methods};
use crate::simd::{Float, Lanes, math};

/// `x^2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Square;

impl Diagonal for Square {
    const NAME: &'static str = "square";
    const DOMAIN: Domain = Domain::Real;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        x.mul(x)
    }
    fn derivative<'t, T: Float>(self, x: Var<'t, T>, _: Var<'t, T>) -> Var<'t, T> {
        x * T::from_f64(2.0)
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Square
    }
}

/// The square root: NaN below zero. Its derivative at zero is infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sqrt;

impl Diagonal for Sqrt {
    const NAME: &'static str = "sqrt";
    const DOMAIN: Domain = Domain::Positive;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        x.sqrt()
    }
    fn derivative<'t, T: Float>(self, _: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        y.recip() * T::from_f64(0.5)
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Sqrt
    }
}

/// `1 / x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recip;

impl Diagonal for Recip {
    const NAME: &'static str = "recip";
    const DOMAIN: Domain = Domain::NonZero;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        math::recip(x)
    }
    fn derivative<'t, T: Float>(self, _: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        -y.square()
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Recip
    }
}

unary_methods! {
    /// `x^2`, elementwise.
    square = Square;
    /// The square root, elementwise: NaN below zero; its derivative at zero is infinite.
    sqrt = Sqrt;
    /// `1 / x`, elementwise.
    recip = Recip;
}
