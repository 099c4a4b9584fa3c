//! The numbers: `f32` and `f64`, sealed, and named nowhere else.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use super::Kernel;
use super::math::Coefficients;
use super::portable::Portable;

#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, avx512::Avx512};

/// A floating-point number that the engine computes with: `f32` or `f64`.
pub trait Float:
    sealed::Sealed
    + Coefficients
    + Copy
    + Default
    + PartialOrd
    + Debug
    + Display
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Sum
    + bytemuck::Pod
{
    /// Sixty-four aligned bytes of it, the unit of storage.
    type Line: bytemuck::Pod + Send + Sync + Debug;

    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// The name of the type: `"f32"` or `"f64"`.
    const NAME: &'static str;

    /// The nearest number to `x`.
    fn from_f64(x: f64) -> Self;
    /// The same number in double precision.
    fn to_f64(self) -> f64;
    /// The nearest number to `n`.
    fn from_usize(n: usize) -> Self {
        Self::from_f64(n as f64)
    }
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// `|self|`.
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// Does the work for this type; see [`Compiled`].
    fn call<W: Compiled>(work: W) -> W::Output;
}

/// The smaller of the two numbers.
pub type Single = f32;

/// The larger of the two numbers.
pub type Double = f64;

/// Work with an entry for each of the two numbers, so that generic code leads to code that is not.
///
/// What is generic is compiled again in every crate that uses it; the kernels, at three levels each, are too much for
/// that. An entry that is no longer generic is compiled once, here.
pub trait Compiled {
    /// What the work gives.
    type Output;
    /// The work in [`Single`] precision.
    fn single(self) -> Self::Output;
    /// The work in [`Double`] precision.
    fn double(self) -> Self::Output;
}

mod sealed {
    use crate::simd::Kernel;

    /// Where a kernel meets the vectors of each level. They are no associated types, for whoever can name the vectors of a
    /// level can compute with them, also on a machine that lacks it.
    pub trait Sealed: Sized {
        /// With the vectors of the target's baseline.
        fn portable<K: Kernel<Self>>(kernel: K) -> K::Output
        where
            Self: super::Float;
        /// With those of AVX2.
        ///
        /// # Safety
        /// The machine has AVX2 and FMA.
        #[cfg(target_arch = "x86_64")]
        unsafe fn avx2<K: Kernel<Self>>(kernel: K) -> K::Output
        where
            Self: super::Float;
        /// With those of AVX-512.
        ///
        /// # Safety
        /// The machine has AVX-512 F, BW, DQ and VL.
        #[cfg(target_arch = "x86_64")]
        unsafe fn avx512<K: Kernel<Self>>(kernel: K) -> K::Output
        where
            Self: super::Float;
    }
}

macro_rules! float {
    ($float:ident, $portable:ty, $line:ty, $entry:ident) => {
        impl sealed::Sealed for $float {
            #[inline(always)]
            fn portable<K: Kernel<Self>>(kernel: K) -> K::Output {
                kernel.run::<Portable<$portable>>()
            }
            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn avx2<K: Kernel<Self>>(kernel: K) -> K::Output {
                kernel.run::<Avx2<$portable>>()
            }
            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn avx512<K: Kernel<Self>>(kernel: K) -> K::Output {
                kernel.run::<Avx512<$line>>()
            }
        }

        impl Float for $float {
            type Line = $line;

            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = $float::EPSILON;
            const INFINITY: Self = $float::INFINITY;
            const NAME: &'static str = stringify!($float);

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $float
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn call<W: Compiled>(work: W) -> W::Output {
                work.$entry()
            }
        }
    };
}

float!(f32, wide::f32x8, wide::f32x16, single);
float!(f64, wide::f64x4, wide::f64x8, double);
