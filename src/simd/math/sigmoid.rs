use super::polynomial;
use crate::simd::{Float, Lanes};

/// The logistic function `1 / (1 + e^-x)`.
///
/// With `-|x| = n ln 2 + r`, `p = 2^n` and `w = tanh(r / 2)`, so that `e^r = (1 + w) / (1 - w)`,
///
/// ```text
/// 1 / (1 + e^|x|) = p (1 + w) / ((1 - w) + p (1 + w)) = p (1 + w) / ((1 + p) + (p - 1) w),
/// ```
///
/// where the rounding of the denominator and of its inverse are taken back. For positive `x` the result is one minus
/// this.
#[inline(always)]
pub fn sigmoid<T: Float, L: Lanes<T>>(x: L) -> L {
    let (one, half) = (L::splat(T::ONE), L::splat(T::from_f64(0.5)));
    let down = L::splat(T::EXP_DOMAIN[0]).max(x.abs().neg());
    let n = down.mul(L::splat(T::LOG2_E)).round();
    let r = n.mul_add(L::splat(-T::LN_2[0]), down);
    let r = n.mul_add(L::splat(-T::LN_2[1]), r);
    let square = r.mul(r);
    let w = square.mul_add(polynomial(square, T::HALF_TANH), half).mul(r);
    let p = one.scale(n);
    let inverse = one.div(p.sub(one).mul_add(w, one.add(p)));
    let share = p.mul(inverse);
    // 1 - inverse * denominator, the denominator taken apart so that nothing of it is lost.
    let error = share.sub(inverse).neg().mul_add(w, one.sub(inverse).sub(share));
    let lower = share.mul_add(w.add(error), share);
    L::select(x.lt(L::splat(T::ZERO)), lower, one.sub(lower))
}
