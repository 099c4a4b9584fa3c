use super::polynomial;
use crate::simd::{Float, Lanes};

/// `ln x`: negative infinity at zero of either sign, NaN below.
///
/// `x = 2^e (1 + f)` with `1 + f` in `[3/4, 3/2)`, so that `ln x = e ln 2 + ln(1 + f)`.
#[inline(always)]
pub fn ln<T: Float, L: Lanes<T>>(x: L) -> L {
    let (mantissa, e) = x.split();
    let y = ln_of_parts(mantissa.sub(L::splat(T::ONE)), e);
    with_poles(x, x, y)
}

/// `e ln 2 + ln(1 + f)` for `f` in `[-1/4, 1/2]`: the large terms added exactly, the rest behind them.
#[inline(always)]
pub(super) fn ln_of_parts<T: Float, L: Lanes<T>>(f: L, e: L) -> L {
    let (sum, rest) = ln_in_two(f, e);
    sum.add(rest)
}

/// The same as a rounded sum and a small rest.
#[inline(always)]
pub(super) fn ln_in_two<T: Float, L: Lanes<T>>(f: L, e: L) -> (L, L) {
    let exponent = e.mul(L::splat(T::LN_2[0]));
    let sum = exponent.add(f);
    let lost = f.sub(sum.sub(exponent));
    let [half, curve @ ..] = T::LN else { unreachable!("a polynomial has coefficients") };
    // What is tiny goes together first, and the square by itself: without a fused multiply-add, all in one polynomial rounds
    // too often where most of f is lost to the exponent's term.
    let tiny = e.mul_add(L::splat(T::LN_2[1]), lost);
    let square = f.mul(f);
    let flat = square.mul_add(L::splat(*half), tiny);
    (sum, square.mul(f).mul_add(polynomial(f, curve), flat))
}

/// `y`, the logarithm of `u` for finite positive `u`, made right everywhere else; `x` is what the caller was given.
#[inline(always)]
pub(super) fn with_poles<T: Float, L: Lanes<T>>(x: L, u: L, y: L) -> L {
    let zero = L::splat(T::ZERO);
    let infinity = L::splat(T::INFINITY);
    let pole = L::select(u.eq(zero), infinity.neg(), infinity.sub(infinity));
    let y = L::select(u.le(zero), pole, y);
    // Positive infinity and NaN are their own logarithms.
    L::select(x.lt(infinity), y, x)
}
