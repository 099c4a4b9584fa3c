use crate::simd::{Float, Lanes};

/// `1 / x`, correctly rounded.
#[inline(always)]
pub fn recip<T: Float, L: Lanes<T>>(x: L) -> L {
    L::splat(T::ONE).div(x)
}
