//! Lanes through AVX2 and FMA: `wide`'s vectors, `core::arch`'s instructions on the same bits.

use std::arch::x86_64::{__m256, __m256d, __m256i, _mm_sfence, _mm256_loadu_si256};
use std::mem::transmute;

use super::portable::fold;
use super::{Lanes, Level};

/// `wide`'s vector, computed with AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2<V>(V);

mod single {
    pub(super) use std::arch::x86_64::{
        _CMP_EQ_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _mm256_add_epi32 as add_int, _mm256_add_ps as add,
        _mm256_and_ps as and, _mm256_andnot_ps as and_not, _mm256_blendv_ps as blend,
        _mm256_cmp_ps as compare, _mm256_div_ps as div, _mm256_fmadd_ps as mul_add, _mm256_loadu_ps as load,
        _mm256_maskload_ps as load_masked, _mm256_maskstore_ps as store_masked, _mm256_max_ps as max,
        _mm256_min_ps as min, _mm256_movemask_ps as signs, _mm256_mul_ps as mul, _mm256_or_ps as or,
        _mm256_permute2f128_ps as permute_halves, _mm256_round_ps as round, _mm256_set1_epi32 as splat_int,
        _mm256_set1_ps as splat, _mm256_slli_epi32 as shift_left, _mm256_sqrt_ps as sqrt,
        _mm256_srli_epi32 as shift_right, _mm256_storeu_ps as store, _mm256_stream_ps as stream,
        _mm256_sub_epi32 as sub_int, _mm256_sub_ps as sub, _mm256_unpackhi_ps as unpack_high,
        _mm256_unpacklo_ps as unpack_low, _mm256_xor_ps as xor,
    };
}

mod double {
    pub(super) use std::arch::x86_64::{
        _CMP_EQ_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _mm256_add_epi64 as add_int, _mm256_add_pd as add,
        _mm256_and_pd as and, _mm256_andnot_pd as and_not, _mm256_blendv_pd as blend,
        _mm256_cmp_pd as compare, _mm256_div_pd as div, _mm256_fmadd_pd as mul_add, _mm256_loadu_pd as load,
        _mm256_maskload_pd as load_masked, _mm256_maskstore_pd as store_masked, _mm256_max_pd as max,
        _mm256_min_pd as min, _mm256_movemask_pd as signs, _mm256_mul_pd as mul, _mm256_or_pd as or,
        _mm256_permute2f128_pd as permute_halves, _mm256_round_pd as round, _mm256_set1_epi64x as splat_int,
        _mm256_set1_pd as splat, _mm256_slli_epi64 as shift_left, _mm256_sqrt_pd as sqrt,
        _mm256_srli_epi64 as shift_right, _mm256_storeu_pd as store, _mm256_stream_pd as stream,
        _mm256_sub_epi64 as sub_int, _mm256_sub_pd as sub, _mm256_unpackhi_pd as unpack_high,
        _mm256_unpacklo_pd as unpack_low, _mm256_xor_pd as xor,
    };
}

/// Runs one expression of intrinsics.
macro_rules! isa {
    ($body:expr) => {
        // SAFETY: the intrinsics need AVX2 and FMA; these methods are reached only through `simd::run`, since nothing
        // else names this type, and it enters this level only where the machine has both. Loads and stores stay inside
        // slices whose length was checked (or, masked, inside the lanes that the slice has).
        unsafe { $body }
    };
}

macro_rules! avx2 {
    ($float:ident, $vector:ty, $raw:ident, $ops:ident, $n:literal, $int:ident, $mantissa:literal, $bias:literal, $magic:literal) => {
        impl Avx2<$vector> {
            #[inline(always)]
            fn raw(self) -> $raw {
                // SAFETY: both are 32 bytes of plain floats.
                unsafe { transmute(self.0) }
            }
            #[inline(always)]
            fn of(raw: $raw) -> Self {
                // SAFETY: both are 32 bytes of plain floats.
                Avx2(unsafe { transmute::<$raw, $vector>(raw) })
            }
            #[inline(always)]
            fn bits(self) -> __m256i {
                // SAFETY: both are 32 bytes, and any bits are an integer vector.
                unsafe { transmute(self.0) }
            }
            #[inline(always)]
            fn of_bits(bits: __m256i) -> Self {
                // SAFETY: both are 32 bytes, and any bits are floats.
                Avx2(unsafe { transmute::<__m256i, $vector>(bits) })
            }
            /// All ones in the first `count` lanes.
            #[inline(always)]
            fn head(count: usize) -> __m256i {
                const ONES_THEN_ZEROS: [$int; 2 * $n] = {
                    let mut lanes = [0; 2 * $n];
                    let mut i = 0;
                    while i < $n {
                        lanes[i] = -1;
                        i += 1;
                    }
                    lanes
                };
                let from = &ONES_THEN_ZEROS[$n - count.min($n)..][..$n];
                isa!(_mm256_loadu_si256(from.as_ptr().cast()))
            }
            /// `2^n` for integral `n` in the range of normal exponents: adding one and a half times the magic number moves
            /// `n`, of either sign, to the low bits of the mantissa.
            #[inline(always)]
            fn power_of_two(n: Self) -> Self {
                let low = n.add(Self::splat(1.5 * $magic)).bits();
                isa!(Self::of_bits($ops::shift_left::<$mantissa>($ops::add_int(low, $ops::splat_int($bias)))))
            }
        }

        impl Lanes<$float> for Avx2<$vector> {
            const N: usize = $n;
            const LEVEL: Level = Level::Avx2;
            type Mask = $raw;

            #[inline(always)]
            fn splat(x: $float) -> Self {
                isa!(Self::of($ops::splat(x)))
            }
            #[inline(always)]
            fn load(from: &[$float]) -> Self {
                let from = &from[..$n];
                isa!(Self::of($ops::load(from.as_ptr())))
            }
            #[inline(always)]
            fn load_partial(from: &[$float]) -> Self {
                isa!(Self::of($ops::load_masked(from.as_ptr(), Self::head(from.len()))))
            }
            #[inline(always)]
            fn load_or(from: &[$float], rest: Self) -> Self {
                let head = Self::of_bits(Self::head(from.len())).raw();
                Self::select(head, Self::load_partial(from), rest)
            }
            #[inline(always)]
            fn store(self, to: &mut [$float]) {
                let to = &mut to[..$n];
                isa!($ops::store(to.as_mut_ptr(), self.raw()))
            }
            #[inline(always)]
            fn store_partial(self, to: &mut [$float]) {
                isa!($ops::store_masked(to.as_mut_ptr(), Self::head(to.len()), self.raw()))
            }
            #[inline(always)]
            unsafe fn store_past_caches(self, to: &mut [$float]) {
                let to = &mut to[..$n];
                assert!(
                    to.as_ptr().cast::<$raw>().is_aligned(),
                    "the place of a vector past the caches is aligned"
                );
                isa!($ops::stream(to.as_mut_ptr(), self.raw()))
            }
            #[inline(always)]
            fn fence() {
                isa!(_mm_sfence())
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                isa!(Self::of($ops::add(self.raw(), other.raw())))
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                isa!(Self::of($ops::sub(self.raw(), other.raw())))
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                isa!(Self::of($ops::mul(self.raw(), other.raw())))
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                isa!(Self::of($ops::div(self.raw(), other.raw())))
            }
            #[inline(always)]
            fn recip_estimate(self) -> Self {
                Self::splat(1.0).div(self)
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                isa!(Self::of($ops::mul_add(self.raw(), factor.raw(), term.raw())))
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                isa!(Self::of($ops::sqrt(self.raw())))
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                isa!(Self::of($ops::min(self.raw(), other.raw())))
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                isa!(Self::of($ops::max(self.raw(), other.raw())))
            }
            #[inline(always)]
            fn round(self) -> Self {
                isa!(Self::of($ops::round::<0x08>(self.raw())))
            }
            #[inline(always)]
            fn neg(self) -> Self {
                isa!(Self::of($ops::xor(self.raw(), $ops::splat(-0.0))))
            }
            #[inline(always)]
            fn abs(self) -> Self {
                isa!(Self::of($ops::and_not($ops::splat(-0.0), self.raw())))
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                isa!(Self::of($ops::or(self.abs().raw(), $ops::and(sign.raw(), $ops::splat(-0.0)))))
            }
            #[inline(always)]
            fn lt(self, other: Self) -> $raw {
                isa!($ops::compare::<{ $ops::_CMP_LT_OQ }>(self.raw(), other.raw()))
            }
            #[inline(always)]
            fn le(self, other: Self) -> $raw {
                isa!($ops::compare::<{ $ops::_CMP_LE_OQ }>(self.raw(), other.raw()))
            }
            #[inline(always)]
            fn eq(self, other: Self) -> $raw {
                isa!($ops::compare::<{ $ops::_CMP_EQ_OQ }>(self.raw(), other.raw()))
            }
            #[inline(always)]
            fn select(mask: $raw, yes: Self, no: Self) -> Self {
                isa!(Self::of($ops::blend(no.raw(), yes.raw(), mask)))
            }
            #[inline(always)]
            fn any(mask: $raw) -> bool {
                isa!($ops::signs(mask)) != 0
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
                let lift = ($mantissa + 1) as $float;
                let normal =
                    Self::select(tiny, self.mul(Self::splat((1u64 << ($mantissa + 1)) as $float)), self);
                let from_three_quarters = (1.0 as $float).to_bits() - (0.75 as $float).to_bits();
                let bits = normal.bits();
                let biased = isa!($ops::shift_right::<$mantissa>($ops::add_int(
                    bits,
                    $ops::splat_int(from_three_quarters as $int)
                )));
                let shift =
                    isa!($ops::shift_left::<$mantissa>($ops::sub_int(biased, $ops::splat_int($bias))));
                let mantissa = isa!(Self::of_bits($ops::sub_int(bits, shift)));
                // The biased exponent, written into the mantissa of the magic number, is a float after one subtraction.
                let exponent = isa!(Self::of($ops::or(Self::of_bits(biased).raw(), $ops::splat($magic))));
                let exponent = exponent.sub(Self::splat($magic + $bias as $float));
                (mantissa, exponent.sub(Self::select(tiny, Self::splat(lift), Self::splat(0.0))))
            }
            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                // Unpacking works within each half of the register; the halves are put in order afterwards.
                let low = isa!($ops::unpack_low(self.raw(), other.raw()));
                let high = isa!($ops::unpack_high(self.raw(), other.raw()));
                isa!((
                    Self::of($ops::permute_halves::<0x20>(low, high)),
                    Self::of($ops::permute_halves::<0x31>(low, high)),
                ))
            }
            #[inline(always)]
            fn interleave_parts(self, other: Self) -> (Self, Self) {
                isa!((
                    Self::of($ops::unpack_low(self.raw(), other.raw())),
                    Self::of($ops::unpack_high(self.raw(), other.raw())),
                ))
            }
            #[inline(always)]
            fn deal_parts(self, other: Self) -> (Self, Self) {
                isa!((
                    Self::of($ops::permute_halves::<0x20>(self.raw(), other.raw())),
                    Self::of($ops::permute_halves::<0x31>(self.raw(), other.raw())),
                ))
            }
            #[inline(always)]
            fn join_halves(self, other: Self) -> Self {
                isa!(Self::of($ops::permute_halves::<0x20>(self.raw(), other.raw())))
            }
            #[inline(always)]
            fn second_half(self) -> Self {
                isa!(Self::of($ops::permute_halves::<0x11>(self.raw(), self.raw())))
            }
            #[inline(always)]
            fn sum(self) -> $float {
                let mut lanes = [0.0; $n];
                self.store(&mut lanes);
                fold(lanes, |a, b| a + b)
            }
            #[inline(always)]
            fn largest(self) -> $float {
                let mut lanes = [0.0; $n];
                self.store(&mut lanes);
                fold(lanes, |a, b| if a > b { a } else { b })
            }
        }
    };
}

// The magic numbers are 2^23 and 2^52: the unit in their last place is 1.
avx2!(f32, wide::f32x8, __m256, single, 8, i32, 23, 127, 8388608.0);
avx2!(f64, wide::f64x4, __m256d, double, 4, i64, 52, 1023, 4503599627370496.0);
