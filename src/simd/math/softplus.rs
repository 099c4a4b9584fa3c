use super::exp::exp_in_two;
use super::ln::ln_in_two;
use crate::simd::{Float, Lanes};

/// `ln(1 + e^x)`, as `max(x, 0) + ln(1 + e)` with `e = e^-|x|`, which cannot overflow.
///
/// Where `e` is at least 1/2, `ln(1 + e) = ln 2 + ln(1 + (e - 1) / 2)`, and the halved difference is exact. What the
/// rounding of `e` lost comes in at the end, times the slope `1 / (1 + e)`, for which `1 - e / 2` is near enough.
#[inline(always)]
pub fn softplus<T: Float, L: Lanes<T>>(x: L) -> L {
    let (zero, one, half) = (L::splat(T::ZERO), L::splat(T::ONE), L::splat(T::from_f64(0.5)));
    let (e, lost) = exp_in_two(L::splat(T::EXP_DOMAIN[0]).max(x.abs().neg()));
    let small = e.lt(half);
    let f = L::select(small, e, e.sub(one).mul(half));
    let (sum, rest) = ln_in_two(f, L::select(small, zero, one));
    let slope = e.mul_add(half.neg(), one);
    let smooth = sum.add(lost.mul_add(slope, rest));
    zero.max(x).add(smooth)
}
