//! Elementary functions over [`Lanes`]: one vector in, one vector out, the same source at every level.
//!
//! ```
//! use metatape::kernels::map::{Unary, map};
//! use metatape::simd::{Float, Lanes, math};
//!
//! #[derive(Clone, Copy)]
//! struct Exp;
//! impl<T: Float> Unary<T> for Exp {
//!     #[inline(always)]
//!     fn apply<L: Lanes<T>>(self, x: L) -> L {
//!         math::exp(x)
//!     }
//! }
//!
//! let mut y = [0.0; 2];
//! map(&[0.0_f64, f64::NEG_INFINITY], &mut y, Exp);
//! assert_eq!(y, [1.0, 0.0]);
//! ```
//!
//! # Largest errors
//!
//! In units in the last place (ULP) of the true value, measured and rounded up; a correctly rounded result is within 0.5. The
//! second table is of what [`grad`](crate::calculus::grad()) makes of the derivative rules. Those of `expm1`, `tanh` and
//! `sigmoid` subtract numbers that are nearly equal where the derivative is small (`1 - y^2`), so no number of its own units bounds
//! their error there: where the derivative is below 1 (`expm1`, `tanh`) or 1/4 (`sigmoid`), theirs is in units of the machine's
//! epsilon times that number.
//!
#![doc = include_str!("accuracy.md")]
//!
//! `cargo run --release --example accuracy -- --write` measures this anew and writes it; the tests hold a sample of the same points
//! against bounds close to it. The judge is a sum of two doubles that is right to 97 bits or more (48 for results in `f32`). Where
//! the sine's argument is beyond 100 000, both it and its judge are the standard library's.
//!
//! # Special values
//!
//! NaN gives NaN, infinities and poles give their limits, zeros keep their sign where the function has one, and
//! subnormal arguments and results are as right as any others. [`sin`] and [`cos`] reduce arguments up to 100 000 in
//! size in vectors; larger ones they leave to the standard library, lane by lane: right, but slow.

mod coefficients;
mod exp;
mod expm1;
mod ln;
mod ln1p;
mod recip;
mod sigmoid;
mod sin_cos;
mod softplus;
mod tanh;

pub(super) use coefficients::Coefficients;
pub use exp::exp;
pub use expm1::expm1;
pub use ln::ln;
pub use ln1p::ln1p;
pub use recip::recip;
pub use sigmoid::sigmoid;
pub use sin_cos::{cos, sin};
pub use softplus::softplus;
pub use tanh::tanh;

use super::{Float, Lanes};

/// `c[0] + c[1] x + c[2] x^2 + ...` for at least two coefficients.
///
/// The lowest power, whose rounding counts, is added last as in Horner's rule. Above it even and odd powers are two
/// independent chains of Horner's rule in `x^2`, at half the latency of one.
#[inline(always)]
fn polynomial<T: Float, L: Lanes<T>>(x: L, coefficients: &[T]) -> L {
    let [lowest, middle @ .., second, highest] = coefficients else {
        let [lowest, highest] = coefficients else {
            unreachable!("a polynomial has two coefficients or more")
        };
        return L::splat(*highest).mul_add(x, L::splat(*lowest));
    };
    let square = x.mul(x);
    let (mut next, mut last) = (L::splat(*highest), L::splat(*second));
    for c in middle.iter().rev() {
        (next, last) = (last, next.mul_add(square, L::splat(*c)));
    }
    next.mul_add(x, last).mul_add(x, L::splat(*lowest))
}
