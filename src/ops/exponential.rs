//! `exp`, `ln` and their forms near zero and one.

use super::kind::Diagonal;
use super::sample::{Domain, Pick};
use super::{Var, unary_methods};
use crate::simd::{Float, Lanes, math};

/// `e^x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exp;

impl Diagonal for Exp {
    const NAME: &'static str = "exp";
    const DOMAIN: Domain = Domain::Real;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        math::exp(x)
    }
    fn derivative<'t, T: Float>(self, _: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        y
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Exp
    }
}

/// The natural logarithm: NaN below zero, negative infinity at zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ln;

impl Diagonal for Ln {
    const NAME: &'static str = "ln";
    const DOMAIN: Domain = Domain::Positive;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        math::ln(x)
    }
    fn derivative<'t, T: Float>(self, x: Var<'t, T>, _: Var<'t, T>) -> Var<'t, T> {
        x.recip()
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Ln
    }
}

/// `e^x - 1`, exact near zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expm1;

impl Diagonal for Expm1 {
    const NAME: &'static str = "expm1";
    const DOMAIN: Domain = Domain::Real;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        math::expm1(x)
    }
    fn derivative<'t, T: Float>(self, _: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        y + T::ONE
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Expm1
    }
}

/// `ln(1 + x)`, exact near zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ln1p;

impl Diagonal for Ln1p {
    const NAME: &'static str = "ln1p";
    const DOMAIN: Domain = Domain::Positive;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        math::ln1p(x)
    }
    fn derivative<'t, T: Float>(self, x: Var<'t, T>, _: Var<'t, T>) -> Var<'t, T> {
        (x + T::ONE).recip()
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Ln1p
    }
}

unary_methods! {
    /// `e^x`, elementwise.
    exp = Exp;
    /// The natural logarithm, elementwise: NaN below zero, negative infinity at zero.
    ln = Ln;
    /// `e^x - 1`, elementwise, exact near zero.
    expm1 = Expm1;
    /// `ln(1 + x)`, elementwise, exact near zero.
    ln1p = Ln1p;
}
