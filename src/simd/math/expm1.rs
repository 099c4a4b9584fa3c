use super::polynomial;
use crate::simd::{Float, Lanes};

/// `e^x - 1`, accurate near zero.
///
/// With `x = n ln 2 + r` as in [`exp`](super::exp()), `e^x - 1 = 2^n r + (2^n - 1) + 2^n (e^r - 1 - r)`, added in
/// this order, the small term last; what the rounding of `r` lost goes with the small term. Everything is halved
/// until the end, because `2^n` alone may overflow.
#[inline(always)]
pub fn expm1<T: Float, L: Lanes<T>>(x: L) -> L {
    let half = L::splat(T::from_f64(0.5));
    let bounded = L::splat(T::EXP_DOMAIN[1]).min(L::splat(T::EXPM1_LOWEST).max(x));
    let n = bounded.mul(L::splat(T::LOG2_E)).round();
    let high = n.mul_add(L::splat(-T::LN_2[0]), bounded);
    let r = n.mul_add(L::splat(-T::LN_2[1]), high);
    let lost = n.mul_add(L::splat(-T::LN_2[1]), high.sub(r));
    let curve = r.mul(r).mul_add(polynomial(r, T::EXP), lost);
    let power = half.scale(n);
    let halved = power.mul_add(curve, power.mul_add(r, power.sub(half)));
    // So small that e^x - 1 rounds to x: this keeps subnormals, which halving would cut, and the sign of zero.
    let tiny = x.abs().lt(L::splat(T::EPSILON * T::from_f64(0.25)));
    L::select(tiny, x, halved.add(halved))
}
