use super::ln::{ln_of_parts, with_poles};
use crate::simd::{Float, Lanes};

/// `ln(1 + x)`, accurate near zero: negative infinity at -1, NaN below.
///
/// `1 + x = 2^e (1 + f)` as in [`ln`](super::ln()), but with `f = 2^-e x + (2^-e - 1)`, which loses nothing of `x`.
#[inline(always)]
pub fn ln1p<T: Float, L: Lanes<T>>(x: L) -> L {
    let one = L::splat(T::ONE);
    let u = x.add(one);
    let (_, e) = u.split();
    let shrink = one.scale(e.neg());
    let y = ln_of_parts(shrink.mul_add(x, shrink.sub(one)), e);
    // The result has the sign of x; for zero only this says so.
    with_poles(x, u, y.copysign(x))
}
