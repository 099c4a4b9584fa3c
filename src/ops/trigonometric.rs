//! Sine and cosine.

use super::kind::Diagonal;
use super::sample::{Domain, Pick};
use super::{Var, unary_methods};
use crate::simd::{Float, Lanes, math};

/// The sine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sin;

impl Diagonal for Sin {
    const NAME: &'static str = "sin";
    const DOMAIN: Domain = Domain::Real;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        math::sin(x)
    }
    fn derivative<'t, T: Float>(self, x: Var<'t, T>, _: Var<'t, T>) -> Var<'t, T> {
        x.cos()
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Sin
    }
}

/// The cosine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cos;

impl Diagonal for Cos {
    const NAME: &'static str = "cos";
    const DOMAIN: Domain = Domain::Real;
    #[inline(always)]
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L {
        math::cos(x)
    }
    fn derivative<'t, T: Float>(self, x: Var<'t, T>, _: Var<'t, T>) -> Var<'t, T> {
        -x.sin()
    }
    fn sample(_: &mut Pick<'_>) -> Self {
        Cos
    }
}

unary_methods! {
    /// The sine, elementwise, of an angle in radians.
    sin = Sin;
    /// The cosine, elementwise, of an angle in radians.
    cos = Cos;
}
