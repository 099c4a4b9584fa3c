//! The functions and their derivatives to about 100 bits (50 where results in `f32` are judged), a vector of points at a time.
//!
//! Plain on purpose: reduce the argument, sum the Taylor series, undo the reduction. Nothing is taken from the functions
//! that are judged but a first guess at logarithms, whose error comes back in what Newton's method adds to it.

use metatape::simd::{Double, Float, Lanes, Single, math};

use super::double_double::DoubleDouble;

/// `value * 2^exponent`, which may be larger or smaller than any double.
#[derive(Clone, Copy)]
pub struct Truth<L> {
    pub value: DoubleDouble<L>,
    pub exponent: L,
}

impl<L: Lanes<f64>> Truth<L> {
    #[inline(always)]
    fn from(value: DoubleDouble<L>) -> Self {
        Truth { value, exponent: L::splat(0.0) }
    }

    #[inline(always)]
    fn select(mask: L::Mask, yes: Self, no: Self) -> Self {
        Truth {
            value: DoubleDouble::select(mask, yes.value, no.value),
            exponent: L::select(mask, yes.exponent, no.exponent),
        }
    }
}

/// A type whose numbers are judged.
pub trait Judged: Float {
    /// How many terms of the series of `e^x` and of the sine are summed in two doubles: enough for 100 bits, or for the 50
    /// that make a good judge of `f32`.
    const TERMS: [usize; 2];
}

impl Judged for Single {
    const TERMS: [usize; 2] = [0, 0];
}

impl Judged for Double {
    const TERMS: [usize; 2] = [12, 9];
}

/// `ln 2` and `pi / 2` to 160 bits.
const LN_2: [f64; 3] = [std::f64::consts::LN_2, 2.3190468138462996e-17, 5.707708438416212e-34];
const HALF_PI: [f64; 3] = [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];

const ONE: [f64; 2] = [1.0, 0.0];

/// `1 / n!` as sums of two doubles.
static INVERSE_FACTORIALS: [[f64; 2]; 32] = inverse_factorials();

const fn inverse_factorials() -> [[f64; 2]; 32] {
    let mut table = [ONE; 32];
    let mut n = 1;
    while n < table.len() {
        let ([high, low], divisor) = (table[n - 1], n as f64);
        let quotient = high / divisor;
        // 48 bits of the quotient times the divisor's five are exact, and so is what is left.
        let spread = quotient * 33.0;
        let most = spread - (spread - quotient);
        let left = (high - most * divisor) - (quotient - most) * divisor;
        let rest = (left + low) / divisor;
        let sum = quotient + rest;
        table[n] = [sum, rest - (sum - quotient)];
        n += 1;
    }
    table
}

/// `c[0] + c[1] x + ...`, each term several times smaller than the one before: the first terms as sums of two doubles, the others, which no longer count for more than the last
/// 50 bits, as doubles.
#[inline(always)]
fn series<L: Lanes<f64>, const N: usize>(
    x: DoubleDouble<L>,
    exact: usize,
    coefficients: [DoubleDouble<L>; N],
) -> DoubleDouble<L> {
    let mut tail = coefficients[N - 1].high;
    for k in (exact..N - 1).rev() {
        tail = tail.mul_add(x.high, coefficients[k].high);
    }
    let mut sum = DoubleDouble::from(tail);
    for k in (0..exact).rev() {
        sum = coefficients[k].add_smaller(sum.mul(x));
    }
    sum
}

/// `e^x - 1` for `|x|` up to 0.41.
#[inline(always)]
fn expm1_near_zero<L: Lanes<f64>, T: Judged>(x: DoubleDouble<L>) -> DoubleDouble<L> {
    let mut coefficients = [DoubleDouble::splat(ONE); 24];
    for (k, coefficient) in coefficients.iter_mut().enumerate() {
        *coefficient = DoubleDouble::splat(INVERSE_FACTORIALS[k + 1]);
    }
    x.mul(series(x, T::TERMS[0], coefficients))
}

/// `e^r - 1` and `n` with `x = n ln 2 + r`; beyond 800 `x` makes no difference any more.
#[inline(always)]
fn exponential<L: Lanes<f64>, T: Judged>(x: L) -> (DoubleDouble<L>, L) {
    let x = L::splat(800.0).min(L::splat(-800.0).max(x));
    let n = x.mul(L::splat(std::f64::consts::LOG2_E)).round();
    let r = DoubleDouble::from(x).sub(DoubleDouble::product(n, L::splat(LN_2[0])));
    let r = r.sub(DoubleDouble::product(n, L::splat(LN_2[1])));
    let r = r.sub(DoubleDouble::from(n.mul(L::splat(LN_2[2]))));
    (expm1_near_zero::<L, T>(r), n)
}

/// `2^n`, 0 where that is far too small.
#[inline(always)]
fn power_of_two<L: Lanes<f64>>(n: L) -> L {
    L::splat(1.0).scale(n)
}

#[inline(always)]
pub fn exp<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (minus_one, n) = exponential::<L, T>(x);
    Truth { value: DoubleDouble::splat(ONE).add(minus_one), exponent: n }
}

#[inline(always)]
pub fn expm1<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (minus_one, n) = exponential::<L, T>(x);
    // 2^n (e^r - 1) + (2^n - 1), divided by 2^n where that is large.
    let zero = L::splat(0.0);
    let (power, one) = (power_of_two(zero.min(n)), power_of_two(zero.min(n.neg())));
    let value = minus_one.times_power(power).add(DoubleDouble::sum(power, one.neg()));
    Truth { value, exponent: zero.max(n) }
}

/// `e ln 2 + ln(1 + f)` for `f` in `[-1/4, 1/2]`, by one step of Newton's method.
#[inline(always)]
fn ln_of_parts<L: Lanes<f64>, T: Judged>(f: DoubleDouble<L>, e: L) -> DoubleDouble<L> {
    let guess = math::ln1p(f.high);
    // (1 + f) e^-guess - 1, of which ln(1 + .) is still to be added.
    let one = DoubleDouble::splat(ONE);
    let left = f.add(one.add(f).mul(expm1_near_zero::<L, T>(DoubleDouble::from(guess.neg()))));
    let left = left.sub(left.mul(left).times_power(L::splat(0.5)));
    let exponent =
        DoubleDouble::product(e, L::splat(LN_2[0])).add(DoubleDouble::product(e, L::splat(LN_2[1])));
    exponent.add(DoubleDouble::from(guess).add(left))
}

#[inline(always)]
pub fn ln<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (mantissa, e) = x.split();
    Truth::from(ln_of_parts::<L, T>(DoubleDouble::sum(mantissa, L::splat(-1.0)), e))
}

/// `1 + x` as `m 2^e`, exactly: `m` and `e`.
#[inline(always)]
fn one_plus<L: Lanes<f64>>(x: L) -> (DoubleDouble<L>, L) {
    let sum = DoubleDouble::sum(x, L::splat(1.0));
    let (_, e) = sum.high.split();
    (sum.times_power(power_of_two(e.neg())), e)
}

#[inline(always)]
pub fn ln1p<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (mantissa, e) = one_plus(x);
    // The high part first: near zero the low one is all of x.
    let f = DoubleDouble::sum(mantissa.high.sub(L::splat(1.0)), mantissa.low);
    Truth::from(ln_of_parts::<L, T>(f, e))
}

#[inline(always)]
pub fn inverse_of_one_plus<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (mantissa, e) = one_plus(x);
    Truth { value: DoubleDouble::splat(ONE).div(mantissa), exponent: e.neg() }
}

#[inline(always)]
pub fn tanh<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let size = L::splat(40.0).min(x.abs());
    let e = expm1::<L, T>(size.add(size));
    let e = e.value.times_power(power_of_two(e.exponent));
    let y = e.div(e.add(DoubleDouble::splat([2.0, 0.0])));
    Truth::from(DoubleDouble::select(x.lt(L::splat(0.0)), y.neg(), y))
}

/// `e^-|x|` as `w 2^n`, and `1 + e^-|x|`: `w`, the sum, and `n`.
#[inline(always)]
fn decay<L: Lanes<f64>, T: Judged>(x: L) -> (DoubleDouble<L>, DoubleDouble<L>, L) {
    let Truth { value, exponent } = exp::<L, T>(x.abs().neg());
    (value, DoubleDouble::splat(ONE).add(value.times_power(power_of_two(exponent))), exponent)
}

/// `1 / cosh^2 x`.
#[inline(always)]
pub fn tanh_derivative<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (mantissa, sum, n) = decay::<L, T>(x.add(x));
    Truth { value: mantissa.div(sum.mul(sum)), exponent: n.add(L::splat(2.0)) }
}

#[inline(always)]
pub fn sigmoid<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (mantissa, sum, n) = decay::<L, T>(x);
    let below = Truth { value: mantissa.div(sum), exponent: n };
    Truth::select(x.lt(L::splat(0.0)), below, Truth::from(DoubleDouble::splat(ONE).div(sum)))
}

#[inline(always)]
pub fn sigmoid_derivative<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (mantissa, sum, n) = decay::<L, T>(x);
    Truth { value: mantissa.div(sum.mul(sum)), exponent: n }
}

#[inline(always)]
pub fn softplus<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (zero, half) = (L::splat(0.0), L::splat(0.5));
    let (mantissa, sum, n) = decay::<L, T>(x);
    let e = mantissa.times_power(power_of_two(n));
    let small = e.high.lt(half);
    let halved = sum.times_power(half).sub(DoubleDouble::splat(ONE));
    let smooth =
        ln_of_parts::<L, T>(DoubleDouble::select(small, e, halved), L::select(small, zero, L::splat(1.0)));
    let y = Truth::from(DoubleDouble::from(zero.max(x)).add(smooth));
    // Far down ln(1 + e) = e - e^2 / 2 as well as can be told.
    let far = Truth { value: mantissa.sub(mantissa.mul(e).times_power(half)), exponent: n };
    Truth::select(x.lt(L::splat(-40.0)), far, y)
}

/// `sin(x + quarters pi / 2)`, for `|x|` up to 100 000.
#[inline(always)]
fn sin_from_quarter<L: Lanes<f64>, T: Judged>(x: L, quarters: f64) -> Truth<L> {
    let n = x.mul(L::splat(std::f64::consts::FRAC_2_PI)).round();
    let mut r = DoubleDouble::from(x);
    for part in HALF_PI {
        r = r.sub(DoubleDouble::product(n, L::splat(part)));
    }
    // Which quarter of the circle, from -2 to 2.
    let quarter = n.add(L::splat(quarters));
    let quarter = quarter.mul(L::splat(0.25)).round().mul_add(L::splat(-4.0), quarter);
    let odd = quarter.abs().eq(L::splat(1.0));
    // (-1)^k / (2 k + 1)! for the sine, (-1)^k / (2 k)! for the cosine.
    let mut coefficients = [DoubleDouble::splat(ONE); 15];
    for (k, coefficient) in coefficients.iter_mut().enumerate() {
        let [sine, cosine] = [INVERSE_FACTORIALS[2 * k + 1], INVERSE_FACTORIALS[2 * k]];
        let size = DoubleDouble::select(odd, DoubleDouble::splat(cosine), DoubleDouble::splat(sine));
        *coefficient = if k % 2 == 0 { size } else { size.neg() };
    }
    let sum = series(r.mul(r), T::TERMS[1], coefficients);
    let y = DoubleDouble::select(odd, sum, r.mul(sum));
    // Negative in the quarters 2, -2 and -1.
    let from_middle = quarter.sub(L::splat(0.5)).abs();
    Truth::from(DoubleDouble::select(L::splat(1.0).lt(from_middle), y.neg(), y))
}

#[inline(always)]
pub fn sin<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    sin_from_quarter::<L, T>(x, 0.0)
}

#[inline(always)]
pub fn negative_sin<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    sin_from_quarter::<L, T>(x, 2.0)
}

#[inline(always)]
pub fn cos<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    sin_from_quarter::<L, T>(x, 1.0)
}

/// `sqrt(m)` and `h` with `x = m 4^h`.
#[inline(always)]
fn root<L: Lanes<f64>>(x: L) -> (DoubleDouble<L>, L) {
    let (mantissa, e) = x.split();
    let half = e.mul(L::splat(0.5)).round();
    let odd = half.mul_add(L::splat(-2.0), e);
    (DoubleDouble::sqrt(mantissa.mul(power_of_two(odd))), half)
}

#[inline(always)]
pub fn sqrt<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (value, exponent) = root(x);
    Truth { value, exponent }
}

#[inline(always)]
pub fn sqrt_derivative<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (root, half) = root(x);
    Truth { value: DoubleDouble::splat([0.5, 0.0]).div(root), exponent: half.neg() }
}

#[inline(always)]
pub fn recip<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (mantissa, e) = x.abs().split();
    let value = DoubleDouble::from(L::splat(1.0).copysign(x)).div(DoubleDouble::from(mantissa));
    Truth { value, exponent: e.neg() }
}

#[inline(always)]
pub fn recip_derivative<L: Lanes<f64>, T: Judged>(x: L) -> Truth<L> {
    let (mantissa, e) = x.abs().split();
    let value = DoubleDouble::splat([-1.0, 0.0]).div(DoubleDouble::product(mantissa, mantissa));
    Truth { value, exponent: e.mul(L::splat(-2.0)) }
}
