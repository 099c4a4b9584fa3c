use super::polynomial;
use crate::simd::{Float, Lanes};

/// `e^x`.
///
/// `x = n ln 2 + r` with integral `n` and `|r| <= ln 2 / 2`, so that `e^x = 2^n e^r`; a polynomial gives `e^r`.
#[inline(always)]
pub fn exp<T: Float, L: Lanes<T>>(x: L) -> L {
    let [lowest, highest] = T::EXP_DOMAIN;
    // In this order the bounds let NaN through.
    exp_in_domain(L::splat(highest).min(L::splat(lowest).max(x)))
}

/// `e^x` for `x` in [`T::EXP_DOMAIN`](super::Coefficients::EXP_DOMAIN) or NaN.
#[inline(always)]
pub(super) fn exp_in_domain<T: Float, L: Lanes<T>>(x: L) -> L {
    let (n, above_one) = reduce(x);
    L::splat(T::ONE).add(above_one).scale(n)
}

/// The same, and what its last addition lost.
#[inline(always)]
pub(super) fn exp_in_two<T: Float, L: Lanes<T>>(x: L) -> (L, L) {
    let one = L::splat(T::ONE);
    let (n, above_one) = reduce(x);
    let sum = one.add(above_one);
    (sum.scale(n), one.sub(sum).add(above_one).scale(n))
}

/// `n` and `e^r - 1`.
#[inline(always)]
fn reduce<T: Float, L: Lanes<T>>(x: L) -> (L, L) {
    let n = x.mul(L::splat(T::LOG2_E)).round();
    let r = n.mul_add(L::splat(-T::LN_2[0]), x);
    let r = n.mul_add(L::splat(-T::LN_2[1]), r);
    (n, r.mul(r).mul_add(polynomial(r, T::EXP), r))
}
