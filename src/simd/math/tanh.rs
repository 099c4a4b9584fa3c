use super::polynomial;
use crate::simd::{Float, Lanes};

/// `tanh x`.
///
/// Near zero an odd polynomial; further out `1 - 2 / (e^2|x| + 1)`, where the subtraction no longer cancels and so small
/// an error of the exponential no longer shows that a plain polynomial and `ln 2` in one part will do.
#[inline(always)]
pub fn tanh<T: Float, L: Lanes<T>>(x: L) -> L {
    let one = L::splat(T::ONE);
    let size = x.abs();
    let square = size.mul(size);
    let near = square.mul(size).mul_add(polynomial(square, T::TANH), size);
    let bounded = L::splat(T::TANH_HIGHEST).min(size);
    let n = bounded.mul(L::splat(T::LOG2_E + T::LOG2_E)).round();
    let r = n.mul_add(L::splat(T::from_f64(-0.5 * std::f64::consts::LN_2)), bounded);
    let power = r.mul_add(polynomial(r, T::EXP_TWICE), one).scale(n);
    let far = one.sub(one.add(one).div(power.add(one)));
    L::select(size.lt(L::splat(T::TANH_SMALL)), near, far).copysign(x)
}
