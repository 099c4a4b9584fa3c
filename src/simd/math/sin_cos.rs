use super::polynomial;
use crate::simd::{Float, Lanes, Level};

/// Up to this size the argument is reduced in vectors; lanes beyond it go one by one to the standard library.
const VECTOR_DOMAIN: f64 = 1e5;

/// The lanes of the widest vectors, four of 16 side by side.
const MOST_LANES: usize = 64;

/// `sin x`.
///
/// `x = k pi / 2 + r` with `|r| <= pi / 4` (Cody and Waite's reduction); `k` says whether it is the sine or the cosine
/// of `r`, and with which sign.
#[inline(always)]
pub fn sin<T: Float, L: Lanes<T>>(x: L) -> L {
    let (k, odd, r) = reduce(x);
    let y = L::select(L::splat(T::ZERO).lt(odd), cos_near_zero(r), sin_near_zero(r));
    // Negative for k = 2 and 3 of every four.
    let y = y.mul(sign_of_half(k.sub(odd)));
    let zero = x.eq(L::splat(T::ZERO));
    beyond_domain(x, L::select(zero, x, y), f64::sin)
}

/// `cos x`, by the same reduction as [`sin`].
#[inline(always)]
pub fn cos<T: Float, L: Lanes<T>>(x: L) -> L {
    let (k, odd, r) = reduce(x);
    let y = L::select(L::splat(T::ZERO).lt(odd), sin_near_zero(r), cos_near_zero(r));
    // Negative for k = 1 and 2 of every four.
    let y = y.mul(sign_of_half(k.add(odd)));
    beyond_domain(x, y, f64::cos)
}

/// `k`, whether it is odd (1 or 0), and `r`.
#[inline(always)]
fn reduce<T: Float, L: Lanes<T>>(x: L) -> (L, L, L) {
    let k = x.mul(L::splat(T::FRAC_2_PI)).round();
    let mut r = x;
    if L::LEVEL == Level::Portable {
        // Without a fused multiply-add products must be exact: eight bits of k times a short part.
        let high = k.mul(L::splat(T::from_f64(1.0 / 256.0))).round().mul(L::splat(T::from_f64(256.0)));
        let low = k.sub(high);
        for part in T::HALF_PI_SHORT {
            r = low.mul_add(L::splat(-*part), high.mul_add(L::splat(-*part), r));
        }
    } else {
        for part in T::HALF_PI {
            r = k.mul_add(L::splat(-*part), r);
        }
    }
    (k, k.sub(nearest_even(k)).abs(), r)
}

/// The even integer nearest to `k`.
#[inline(always)]
fn nearest_even<T: Float, L: Lanes<T>>(k: L) -> L {
    let half = k.mul(L::splat(T::from_f64(0.5))).round();
    half.add(half)
}

/// 1 where half of the even number `k` is even, -1 where it is odd.
#[inline(always)]
fn sign_of_half<T: Float, L: Lanes<T>>(k: L) -> L {
    let half = k.mul(L::splat(T::from_f64(0.5)));
    let odd = half.sub(nearest_even(half)).abs();
    odd.mul_add(L::splat(T::from_f64(-2.0)), L::splat(T::ONE))
}

#[inline(always)]
fn sin_near_zero<T: Float, L: Lanes<T>>(r: L) -> L {
    let square = r.mul(r);
    square.mul(r).mul_add(polynomial(square, T::SIN), r)
}

#[inline(always)]
fn cos_near_zero<T: Float, L: Lanes<T>>(r: L) -> L {
    let square = r.mul(r);
    let curve = square.mul_add(polynomial(square, T::COS), L::splat(T::from_f64(-0.5)));
    square.mul_add(curve, L::splat(T::ONE))
}

/// `y` with the lanes where `x` is too large for [`reduce`] replaced by `function(x)`.
#[inline(always)]
fn beyond_domain<T: Float, L: Lanes<T>>(x: L, y: L, function: fn(f64) -> f64) -> L {
    if !L::any(L::splat(T::from_f64(VECTOR_DOMAIN)).lt(x.abs())) {
        return y;
    }
    let (mut xs, mut ys) = ([T::ZERO; MOST_LANES], [T::ZERO; MOST_LANES]);
    x.store(&mut xs);
    y.store(&mut ys);
    replace_beyond_domain(&xs, &mut ys, function);
    L::load(&ys)
}

#[cold]
#[inline(never)]
fn replace_beyond_domain<T: Float>(xs: &[T; MOST_LANES], ys: &mut [T; MOST_LANES], function: fn(f64) -> f64) {
    for (x, y) in xs.iter().zip(ys) {
        if x.abs().to_f64() > VECTOR_DOMAIN {
            *y = T::from_f64(function(x.to_f64()));
        }
    }
}
