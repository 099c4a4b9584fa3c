//! Lanes through `wide`: whatever vectors the target's baseline has.

use super::{Float, Lanes, Level};

/// `wide`'s own vector, computed with its own instructions.
#[derive(Clone, Copy, Debug)]
pub struct Portable<V>(V);

macro_rules! portable {
    ($float:ident, $vector:ty, $n:literal, $mantissa:literal, $bias:literal, $magic:literal) => {
        impl Portable<$vector> {
            #[inline(always)]
            fn map(self, f: impl Fn($float) -> $float) -> Self {
                Portable(<$vector>::from(self.0.to_array().map(f)))
            }
            /// `2^n` for integral `n` in the range of normal exponents: adding one and a half times the magic number moves
            /// `n`, of either sign, to the low bits of the mantissa.
            #[inline(always)]
            fn power_of_two(n: Self) -> Self {
                let low = n.add(Self::splat(1.5 * $magic));
                low.map(|n| $float::from_bits(n.to_bits().wrapping_add($bias) << $mantissa))
            }
        }

        impl Lanes<$float> for Portable<$vector> {
            const N: usize = $n;
            const LEVEL: Level = Level::Portable;
            type Mask = $vector;

            #[inline(always)]
            fn splat(x: $float) -> Self {
                Portable(<$vector>::splat(x))
            }
            #[inline(always)]
            fn load(from: &[$float]) -> Self {
                let lanes: [$float; $n] = from[..$n].try_into().expect("the slice has N floats");
                Portable(<$vector>::from(lanes))
            }
            #[inline(always)]
            fn load_partial(from: &[$float]) -> Self {
                Self::load_or(from, Self::splat(0.0))
            }
            #[inline(always)]
            fn load_or(from: &[$float], rest: Self) -> Self {
                let mut lanes = rest.0.to_array();
                for (lane, x) in lanes.iter_mut().zip(from) {
                    *lane = *x;
                }
                Portable(<$vector>::from(lanes))
            }
            #[inline(always)]
            fn store(self, to: &mut [$float]) {
                to[..$n].copy_from_slice(&self.0.to_array());
            }
            #[inline(always)]
            fn store_partial(self, to: &mut [$float]) {
                for (x, lane) in to.iter_mut().zip(self.0.to_array()) {
                    *x = lane;
                }
            }
            #[inline(always)]
            unsafe fn store_past_caches(self, to: &mut [$float]) {
                self.store(to);
            }
            #[inline(always)]
            fn fence() {}
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Portable(self.0 + other.0)
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Portable(self.0 - other.0)
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Portable(self.0 * other.0)
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                Portable(self.0 / other.0)
            }
            #[inline(always)]
            fn recip_estimate(self) -> Self {
                Self::splat(1.0).div(self)
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                Portable(self.0.mul_add(factor.0, term.0))
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Portable(self.0.sqrt())
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                Self::select(self.lt(other), self, other)
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                Self::select(other.lt(self), self, other)
            }
            #[inline(always)]
            fn round(self) -> Self {
                let magic = Self::splat($magic);
                let nearest = self.abs().add(magic).sub(magic);
                Self::select(self.abs().lt(magic), nearest.copysign(self), self)
            }
            #[inline(always)]
            fn neg(self) -> Self {
                Portable(self.0 ^ <$vector>::splat(-0.0))
            }
            #[inline(always)]
            fn abs(self) -> Self {
                Portable(self.0.abs())
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                Portable(self.abs().0 | (sign.0 & <$vector>::splat(-0.0)))
            }
            #[inline(always)]
            fn lt(self, other: Self) -> $vector {
                self.0.simd_lt(other.0)
            }
            #[inline(always)]
            fn le(self, other: Self) -> $vector {
                self.0.simd_le(other.0)
            }
            #[inline(always)]
            fn eq(self, other: Self) -> $vector {
                self.0.simd_eq(other.0)
            }
            #[inline(always)]
            fn select(mask: $vector, yes: Self, no: Self) -> Self {
                Portable(mask.select(yes.0, no.0))
            }
            #[inline(always)]
            fn any(mask: $vector) -> bool {
                mask.any()
            }
            #[inline(always)]
            fn scale(self, n: Self) -> Self {
                // Two factors: one alone would leave the exponent range before the product does.
                let half = n.mul(Self::splat(0.5)).round();
                self.mul(Self::power_of_two(half)).mul(Self::power_of_two(n.sub(half)))
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                // Subnormals become normal first.
                let tiny = self.lt(Self::splat($float::MIN_POSITIVE));
                let lift = Self::splat((1u64 << ($mantissa + 1)) as $float);
                let normal = Self::select(tiny, self.mul(lift), self);
                let biased = |x: $float| {
                    let from_three_quarters = (1.0 as $float).to_bits() - (0.75 as $float).to_bits();
                    x.to_bits().wrapping_add(from_three_quarters) >> $mantissa
                };
                let mantissa = normal.map(|x| {
                    let shift = biased(x).wrapping_sub($bias) << $mantissa;
                    $float::from_bits(x.to_bits().wrapping_sub(shift))
                });
                // The biased exponent, written into the mantissa of the magic number, is a float after one subtraction.
                let magic: $float = $magic;
                let exponent = normal.map(|x| $float::from_bits(biased(x) | magic.to_bits()));
                let exponent = exponent.sub(Self::splat(magic + $bias as $float));
                let lifted = Self::select(tiny, Self::splat(($mantissa + 1) as $float), Self::splat(0.0));
                (mantissa, exponent.sub(lifted))
            }
            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                let (a, b) = (self.0.to_array(), other.0.to_array());
                let lane = |i: usize| if i % 2 == 0 { a[i / 2] } else { b[i / 2] };
                let first: [$float; $n] = std::array::from_fn(lane);
                let second: [$float; $n] = std::array::from_fn(|i| lane($n + i));
                (Portable(<$vector>::from(first)), Portable(<$vector>::from(second)))
            }
            #[inline(always)]
            fn interleave_parts(self, other: Self) -> (Self, Self) {
                let (a, b) = (self.0.to_array(), other.0.to_array());
                let lane = |i: usize, half: usize| {
                    let from = i - i % Self::PART + half + i % Self::PART / 2;
                    if i % 2 == 0 { a[from] } else { b[from] }
                };
                let first: [$float; $n] = std::array::from_fn(|i| lane(i, 0));
                let second: [$float; $n] = std::array::from_fn(|i| lane(i, Self::PART / 2));
                (Portable(<$vector>::from(first)), Portable(<$vector>::from(second)))
            }
            #[inline(always)]
            fn deal_parts(self, other: Self) -> (Self, Self) {
                // There are two parts.
                let (a, b) = (self.0.to_array(), other.0.to_array());
                let first: [$float; $n] =
                    std::array::from_fn(|i| if i < Self::PART { a[i] } else { b[i - Self::PART] });
                let second: [$float; $n] =
                    std::array::from_fn(|i| if i < Self::PART { a[i + Self::PART] } else { b[i] });
                (Portable(<$vector>::from(first)), Portable(<$vector>::from(second)))
            }
            #[inline(always)]
            fn join_halves(self, other: Self) -> Self {
                let (a, b) = (self.0.to_array(), other.0.to_array());
                let lanes: [$float; $n] =
                    std::array::from_fn(|i| if i < $n / 2 { a[i] } else { b[i - $n / 2] });
                Portable(<$vector>::from(lanes))
            }
            #[inline(always)]
            fn second_half(self) -> Self {
                let a = self.0.to_array();
                let lanes: [$float; $n] = std::array::from_fn(|i| a[$n / 2 + i % ($n / 2)]);
                Portable(<$vector>::from(lanes))
            }
            #[inline(always)]
            fn sum(self) -> $float {
                fold(self.0.to_array(), |a, b| a + b)
            }
            #[inline(always)]
            fn largest(self) -> $float {
                fold(self.0.to_array(), |a, b| if a > b { a } else { b })
            }
        }
    };
}

// The magic numbers are 2^23 and 2^52: the unit in their last place is 1.
portable!(f32, wide::f32x8, 8, 23, 127, 8388608.0);
portable!(f64, wide::f64x4, 4, 52, 1023, 4503599627370496.0);

/// Folds the upper half onto the lower until one lane is left.
#[inline(always)]
pub(super) fn fold<T: Float, const N: usize>(mut lanes: [T; N], f: impl Fn(T, T) -> T) -> T {
    let mut half = N / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] = f(lanes[i], lanes[i + half]);
        }
        half /= 2;
    }
    lanes[0]
}
