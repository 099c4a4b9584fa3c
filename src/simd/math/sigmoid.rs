use super::exp::exp;
use super::polynomial;
use crate::simd::{Float, Lanes};

/// Beyond this `1 / (1 + e^-x)` rounds to 1 where `x` is positive, to `e^x` where it is negative.
const FAR: f64 = 64.0;

/// The logistic function `1 / (1 + e^-x)`.
///
/// With `-x = n ln 2 + r`, `p = 2^n` and `m = e^r - 1` it is `1 / (1 + p + p m)`, where a step of Newton's method corrects an
/// estimate of the inverse and takes back the rounding of the denominator too. The chain of instructions that wait for each
/// other is what takes the time: without bounds on `x` at its start, an estimated inverse and a shorter polynomial
/// 1e5 elements pass at 7.9 in place of 6.5 G a second in `f32`.
#[inline(always)]
pub fn sigmoid<T: Float, L: Lanes<T>>(x: L) -> L {
    let one = L::splat(T::ONE);
    let down = x.neg();
    let n = down.mul(L::splat(T::LOG2_E)).round();
    let r = n.mul_add(L::splat(-T::LN_2[0]), down);
    let r = n.mul_add(L::splat(-T::LN_2[1]), r);
    let m = r.mul(r).mul_add(polynomial(r, T::EXP_SHORT), r);
    let p = one.scale(n);
    let inverse = p.mul_add(m, one.add(p)).recip_estimate();
    let share = p.mul(inverse);
    // 1 - inverse * denominator, the denominator taken apart so that nothing of it is lost.
    let residual = share.neg().mul_add(m, one.sub(inverse).sub(share));
    let y = inverse.mul_add(residual, inverse);
    // What is rare costs only the question whether it is there.
    let far = L::splat(T::from_f64(FAR)).lt(x.abs());
    if L::any(far) { L::select(far, exp(L::splat(T::ZERO).min(x)), y) } else { y }
}
