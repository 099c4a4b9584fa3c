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
    let (quarter, r) = reduce(x);
    let one = L::splat(T::ONE);
    let y = L::select(quarter.abs().eq(one), cos_near_zero(r), sin_near_zero(r));
    // Negative in the quarters 2, -2 and -1.
    let y = L::select(one.lt(quarter.sub(L::splat(T::from_f64(0.5))).abs()), y.neg(), y);
    let zero = x.eq(L::splat(T::ZERO));
    beyond_domain(x, L::select(zero, x, y), f64::sin)
}

/// `cos x`, by the same reduction as [`sin`].
#[inline(always)]
pub fn cos<T: Float, L: Lanes<T>>(x: L) -> L {
    let (quarter, r) = reduce(x);
    let one = L::splat(T::ONE);
    let y = L::select(quarter.abs().eq(one), sin_near_zero(r), cos_near_zero(r));
    // Negative in the quarters 2, -2 and 1.
    let y = L::select(one.lt(quarter.add(L::splat(T::from_f64(0.5))).abs()), y.neg(), y);
    beyond_domain(x, y, f64::cos)
}

/// `k` of the circle's four quarters, from -2 to 2, and `r`.
#[inline(always)]
fn reduce<T: Float, L: Lanes<T>>(x: L) -> (L, Reduced<L>) {
    let k = x.mul(L::splat(T::FRAC_2_PI)).round();
    let r = if L::LEVEL == Level::Portable { reduce_unfused(x, k) } else { reduce_fused(x, k) };
    let circles = k.mul(L::splat(T::from_f64(0.25))).round();
    (circles.mul_add(L::splat(T::from_f64(-4.0)), k), r)
}

/// An argument near zero: rounded, and what the rounding lost. Without the second part sines just below 1/2 would be off by
/// nearly a unit more.
#[derive(Clone, Copy)]
struct Reduced<L> {
    r: L,
    lost: L,
}

#[inline(always)]
fn reduce_fused<T: Float, L: Lanes<T>>(x: L, k: L) -> Reduced<L> {
    let [first, second, third] = T::HALF_PI;
    let (first, second, third) = (L::splat(first), L::splat(second), L::splat(third));
    // Exact: a multiple of the last place of x or of the first part.
    let most = k.neg().mul_add(first, x);
    let product = k.mul(second);
    let r = most.sub(product);
    let lost = most.sub(r).sub(product).sub(k.mul_add(second, product.neg()));
    Reduced { r, lost: k.neg().mul_add(third, lost) }
}

/// Without a fused multiply-add products must be exact: eight bits of `k` times a short part.
#[inline(always)]
fn reduce_unfused<T: Float, L: Lanes<T>>(x: L, k: L) -> Reduced<L> {
    let high = k.mul(L::splat(T::from_f64(1.0 / 256.0))).round().mul(L::splat(T::from_f64(256.0)));
    let low = k.sub(high);
    let (mut r, mut lost) = (x, L::splat(T::ZERO));
    for part in T::HALF_PI_SHORT {
        for factor in [high, low] {
            // Knuth's exact sum.
            let product = factor.mul(L::splat(-*part));
            let sum = r.add(product);
            let from_product = sum.sub(r);
            lost = lost.add(r.sub(sum.sub(from_product)).add(product.sub(from_product)));
            r = sum;
        }
    }
    Reduced { r, lost }
}

#[inline(always)]
fn sin_near_zero<T: Float, L: Lanes<T>>(Reduced { r, lost }: Reduced<L>) -> L {
    let square = r.mul(r);
    r.add(square.mul(r).mul_add(polynomial(square, T::SIN), lost))
}

#[inline(always)]
fn cos_near_zero<T: Float, L: Lanes<T>>(Reduced { r, lost }: Reduced<L>) -> L {
    let square = r.mul(r);
    let curve = square.mul_add(polynomial(square, T::COS), L::splat(T::from_f64(-0.5)));
    L::splat(T::ONE).add(square.mul_add(curve, r.neg().mul(lost)))
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
