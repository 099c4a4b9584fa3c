//! Lanes through AVX-512: `wide`'s vectors, `core::arch`'s instructions on the same bits.

use std::arch::x86_64::{__m512, __m512d, __m512i, __mmask8, __mmask16, _mm_sfence};
use std::mem::transmute;

use super::{Lanes, Level};

/// `wide`'s vector, computed with AVX-512.
#[derive(Clone, Copy, Debug)]
pub struct Avx512<V>(V);

mod single {
    pub(super) use std::arch::x86_64::{
        _CMP_EQ_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_SRC, _mm512_add_ps as add,
        _mm512_and_ps as and, _mm512_andnot_ps as and_not, _mm512_cmp_ps_mask as compare,
        _mm512_div_ps as div, _mm512_fmadd_ps as mul_add, _mm512_getexp_ps as exponent,
        _mm512_getmant_ps as mantissa, _mm512_loadu_ps as load, _mm512_mask_blend_ps as blend,
        _mm512_mask_loadu_ps as load_over, _mm512_mask_storeu_ps as store_masked,
        _mm512_maskz_loadu_ps as load_masked, _mm512_max_ps as max, _mm512_min_ps as min,
        _mm512_mul_ps as mul, _mm512_or_ps as or, _mm512_permutex2var_ps as permute,
        _mm512_rcp14_ps as recip_estimate, _mm512_reduce_add_ps as reduce_add,
        _mm512_reduce_max_ps as reduce_max, _mm512_roundscale_ps as round, _mm512_scalef_ps as scale,
        _mm512_set1_ps as splat, _mm512_shuffle_f32x4 as shuffle_parts, _mm512_sqrt_ps as sqrt,
        _mm512_storeu_ps as store, _mm512_stream_ps as stream, _mm512_sub_ps as sub,
        _mm512_unpackhi_ps as unpack_high, _mm512_unpacklo_ps as unpack_low, _mm512_xor_ps as xor,
    };
}

mod double {
    pub(super) use std::arch::x86_64::{
        _CMP_EQ_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_SRC, _mm512_add_pd as add,
        _mm512_and_pd as and, _mm512_andnot_pd as and_not, _mm512_cmp_pd_mask as compare,
        _mm512_div_pd as div, _mm512_fmadd_pd as mul_add, _mm512_getexp_pd as exponent,
        _mm512_getmant_pd as mantissa, _mm512_loadu_pd as load, _mm512_mask_blend_pd as blend,
        _mm512_mask_loadu_pd as load_over, _mm512_mask_storeu_pd as store_masked,
        _mm512_maskz_loadu_pd as load_masked, _mm512_max_pd as max, _mm512_min_pd as min,
        _mm512_mul_pd as mul, _mm512_or_pd as or, _mm512_permutex2var_pd as permute,
        _mm512_reduce_add_pd as reduce_add, _mm512_reduce_max_pd as reduce_max,
        _mm512_roundscale_pd as round, _mm512_scalef_pd as scale, _mm512_set1_pd as splat,
        _mm512_shuffle_f64x2 as shuffle_parts, _mm512_sqrt_pd as sqrt, _mm512_storeu_pd as store,
        _mm512_stream_pd as stream, _mm512_sub_pd as sub, _mm512_unpackhi_pd as unpack_high,
        _mm512_unpacklo_pd as unpack_low, _mm512_xor_pd as xor,
    };

    /// The quotient itself, for an estimate of 14 bits would want two improvements.
    #[inline(always)]
    pub(super) unsafe fn recip_estimate(x: super::__m512d) -> super::__m512d {
        // SAFETY: the caller's, who has AVX-512.
        unsafe { div(splat(1.0), x) }
    }
}

/// Runs one expression of intrinsics.
macro_rules! isa {
    ($body:expr) => {
        // SAFETY: the intrinsics need AVX-512 F and DQ; these methods are reached only through `simd::run`, since nothing
        // else names this type, and it enters this level only where the machine has both. Loads and stores stay inside
        // slices whose length was checked (or, masked, inside the lanes that the slice has).
        unsafe { $body }
    };
}

macro_rules! avx512 {
    ($float:ident, $vector:ty, $raw:ident, $ops:ident, $n:literal, $int:ident, $mask:ident) => {
        impl Avx512<$vector> {
            #[inline(always)]
            fn raw(self) -> $raw {
                // SAFETY: both are 64 bytes of plain floats.
                unsafe { transmute(self.0) }
            }
            #[inline(always)]
            fn of(raw: $raw) -> Self {
                // SAFETY: both are 64 bytes of plain floats.
                Avx512(unsafe { transmute::<$raw, $vector>(raw) })
            }
            /// Ones for the first `count` lanes.
            #[inline(always)]
            fn head(count: usize) -> $mask {
                if count >= $n { $mask::MAX } else { ((1 as $mask) << count) - 1 }
            }
            /// Indices into two vectors laid end to end: `from`, `N + from`, `from + 1`, `N + from + 1`, and so on.
            #[inline(always)]
            fn in_turn(from: $int) -> __m512i {
                let indices: [$int; $n] = std::array::from_fn(|i| from + i as $int / 2 + i as $int % 2 * $n);
                // SAFETY: both are 64 bytes, and any bits are an integer vector.
                unsafe { transmute(indices) }
            }
        }

        impl Lanes<$float> for Avx512<$vector> {
            const N: usize = $n;
            const LEVEL: Level = Level::Avx512;
            type Mask = $mask;

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
                isa!(Self::of($ops::load_masked(Self::head(from.len()), from.as_ptr())))
            }
            #[inline(always)]
            fn load_or(from: &[$float], rest: Self) -> Self {
                isa!(Self::of($ops::load_over(rest.raw(), Self::head(from.len()), from.as_ptr())))
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
                isa!(Self::of($ops::recip_estimate(self.raw())))
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
            fn lt(self, other: Self) -> $mask {
                isa!($ops::compare::<{ $ops::_CMP_LT_OQ }>(self.raw(), other.raw()))
            }
            #[inline(always)]
            fn le(self, other: Self) -> $mask {
                isa!($ops::compare::<{ $ops::_CMP_LE_OQ }>(self.raw(), other.raw()))
            }
            #[inline(always)]
            fn eq(self, other: Self) -> $mask {
                isa!($ops::compare::<{ $ops::_CMP_EQ_OQ }>(self.raw(), other.raw()))
            }
            #[inline(always)]
            fn select(mask: $mask, yes: Self, no: Self) -> Self {
                isa!(Self::of($ops::blend(mask, no.raw(), yes.raw())))
            }
            #[inline(always)]
            fn any(mask: $mask) -> bool {
                mask != 0
            }
            #[inline(always)]
            fn scale(self, n: Self) -> Self {
                isa!(Self::of($ops::scale(self.raw(), n.raw())))
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                let mantissa = isa!($ops::mantissa::<
                    { $ops::_MM_MANT_NORM_P75_1P5 },
                    { $ops::_MM_MANT_SIGN_SRC },
                >(self.raw()));
                // The instruction for the exponent counts from 1, not from 3/4.
                let (mantissa, floor) = (Self::of(mantissa), isa!(Self::of($ops::exponent(self.raw()))));
                let one = Self::splat(1.0);
                (mantissa, Self::select(mantissa.lt(one), floor.add(one), floor))
            }
            #[inline(always)]
            fn interleave(self, other: Self) -> (Self, Self) {
                isa!((
                    Self::of($ops::permute(self.raw(), Self::in_turn(0), other.raw())),
                    Self::of($ops::permute(self.raw(), Self::in_turn($n / 2), other.raw())),
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
                    Self::of($ops::shuffle_parts::<0x88>(self.raw(), other.raw())),
                    Self::of($ops::shuffle_parts::<0xdd>(self.raw(), other.raw())),
                ))
            }
            #[inline(always)]
            fn join_halves(self, other: Self) -> Self {
                isa!(Self::of($ops::shuffle_parts::<0x44>(self.raw(), other.raw())))
            }
            #[inline(always)]
            fn second_half(self) -> Self {
                isa!(Self::of($ops::shuffle_parts::<0xee>(self.raw(), self.raw())))
            }
            #[inline(always)]
            fn sum(self) -> $float {
                isa!($ops::reduce_add(self.raw()))
            }
            #[inline(always)]
            fn largest(self) -> $float {
                isa!($ops::reduce_max(self.raw()))
            }
        }
    };
}

avx512!(f32, wide::f32x16, __m512, single, 16, i32, __mmask16);
avx512!(f64, wide::f64x8, __m512d, double, 8, i64, __mmask8);
