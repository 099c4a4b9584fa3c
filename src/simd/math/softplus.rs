use super::exp::exp_in_domain;
use super::ln::ln_of_parts;
use crate::simd::{Float, Lanes};

/// `ln(1 + e^x)`, as `max(x, 0) + ln(1 + e)` with `e = e^-|x|`, which cannot overflow.
///
/// Where `e` is at least 1/2, `ln(1 + e) = ln 2 + ln(1 + (e - 1) / 2)`, and the halved difference is exact.
#[inline(always)]
pub fn softplus<T: Float, L: Lanes<T>>(x: L) -> L {
    let (zero, one, half) = (L::splat(T::ZERO), L::splat(T::ONE), L::splat(T::from_f64(0.5)));
    let e = exp_in_domain(L::splat(T::EXP_DOMAIN[0]).max(x.abs().neg()));
    let small = e.lt(half);
    let f = L::select(small, e, e.sub(one).mul(half));
    let smooth = ln_of_parts(f, L::select(small, zero, one));
    zero.max(x).add(smooth)
}
