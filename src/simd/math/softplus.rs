use super::{exp, ln1p};
use crate::simd::{Float, Lanes};

/// `ln(1 + e^x)`, as `max(x, 0) + ln(1 + e^-|x|)`, which cannot overflow.
#[inline(always)]
pub fn softplus<T: Float, L: Lanes<T>>(x: L) -> L {
    let smooth = ln1p(exp(x.abs().neg()));
    L::splat(T::ZERO).max(x).add(smooth)
}
