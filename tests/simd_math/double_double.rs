//! Elementary functions to about 100 bits, as the sum of two doubles: the reference for the `f64` functions.
//!
//! Slow and plain: reduce the argument, sum the Taylor series, undo the reduction. (Dekker 1971 for the arithmetic.)

use std::ops::{Add, Mul, Neg, Sub};

/// `high + low`, where `high` is the sum rounded to a double.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DoubleDouble {
    pub(crate) high: f64,
    pub(crate) low: f64,
}

const LN_2: DoubleDouble = DoubleDouble { high: std::f64::consts::LN_2, low: 2.3190468138462996e-17 };
/// `pi / 2` to 160 bits.
const HALF_PI: [f64; 3] = [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];

fn exact_sum(a: f64, b: f64) -> DoubleDouble {
    let high = a + b;
    let from_b = high - a;
    DoubleDouble { high, low: (a - (high - from_b)) + (b - from_b) }
}

fn exact_product(a: f64, b: f64) -> DoubleDouble {
    let high = a * b;
    DoubleDouble { high, low: a.mul_add(b, -high) }
}

impl From<f64> for DoubleDouble {
    fn from(high: f64) -> Self {
        DoubleDouble { high, low: 0.0 }
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        DoubleDouble { high: -self.high, low: -self.low }
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (high, low) = (exact_sum(self.high, other.high), exact_sum(self.low, other.low));
        let sum = exact_sum(high.high, high.low + low.high);
        exact_sum(sum.high, sum.low + low.low)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let product = exact_product(self.high, other.high);
        exact_sum(product.high, product.low + (self.high * other.low + self.low * other.high))
    }
}

impl DoubleDouble {
    fn div(self, other: Self) -> Self {
        let mut quotient = Self::from(self.high / other.high);
        for _ in 0..2 {
            let left = self - quotient * other;
            quotient = quotient + Self::from(left.high / other.high);
        }
        quotient
    }

    fn over(self, divisor: f64) -> Self {
        let high = self.high / divisor;
        let left = (-high).mul_add(divisor, self.high);
        exact_sum(high, (left + self.low) / divisor)
    }

    /// Times `2^n`, where nothing becomes subnormal on the way.
    fn scaled(self, n: i32) -> Self {
        let (first, second) = (2.0_f64.powi(n / 2), 2.0_f64.powi(n - n / 2));
        DoubleDouble { high: self.high * first * second, low: self.low * first * second }
    }

    /// `x - x^3/3! + x^5/5! - ...` for `first` 1, `1 - x^2/2! + ...` for 0.
    fn alternating_series(self, first: i32) -> Self {
        let square = self * self;
        let mut term = if first == 0 { Self::from(1.0) } else { self };
        let mut sum = term;
        for n in (first + 2..40).step_by(2) {
            term = -(term * square).over(f64::from(n * (n - 1)));
            sum = sum + term;
            if term.high.abs() < 1e-34 * sum.high.abs() {
                break;
            }
        }
        sum
    }
}

/// `e^x - 1`.
pub(crate) fn expm1(x: DoubleDouble) -> DoubleDouble {
    let n = if x.high.abs() < 0.4 { 0.0 } else { (x.high / LN_2.high).round() };
    let r = (x - LN_2 * DoubleDouble::from(n)).scaled(-5);
    // Horner's rule for r + r^2/2! + ... + r^13/13!, then e^2r - 1 = (e^r - 1)(e^r + 1) five times.
    let one = DoubleDouble::from(1.0);
    let mut sum = one;
    for k in (2..=13).rev() {
        sum = one + (r * sum).over(f64::from(k));
    }
    let mut minus_one = r * sum;
    for _ in 0..5 {
        minus_one = minus_one * (minus_one + DoubleDouble::from(2.0));
    }
    if n == 0.0 { minus_one } else { (minus_one + one).scaled(n as i32) - one }
}

pub(crate) fn exp(x: DoubleDouble) -> DoubleDouble {
    // Far down, adding the one to e^x - 1 would lose everything.
    let n = (x.high / LN_2.high).round();
    (expm1(x - LN_2 * DoubleDouble::from(n)) + DoubleDouble::from(1.0)).scaled(n as i32)
}

/// `n ln 2 + ln(1 + f)` for `f` in `[-1/2, 1]`: one step of Newton's method from the double nearest to `ln(1 + f)`.
fn ln_of_parts(f: DoubleDouble, n: i32) -> DoubleDouble {
    let guess = f.high.ln_1p();
    // (1 + f) e^-guess - 1, of which ln(1 + .) is still to be added.
    let left = f + (f + DoubleDouble::from(1.0)) * expm1(DoubleDouble::from(-guess));
    let correction = left - (left * left).scaled(-1);
    LN_2 * DoubleDouble::from(f64::from(n)) + (DoubleDouble::from(guess) + correction)
}

pub(crate) fn ln(x: f64) -> DoubleDouble {
    let n = x.log2().round() as i32;
    let mantissa = DoubleDouble::from(x).scaled(-n);
    ln_of_parts(mantissa - DoubleDouble::from(1.0), n)
}

pub(crate) fn ln1p(x: f64) -> DoubleDouble {
    if x.abs() < 0.4 {
        return ln_of_parts(DoubleDouble::from(x), 0);
    }
    let sum = exact_sum(x, 1.0);
    let n = sum.high.log2().round() as i32;
    ln_of_parts(sum.scaled(-n) - DoubleDouble::from(1.0), n)
}

pub(crate) fn tanh(x: f64) -> DoubleDouble {
    if x.abs() > 20.0 {
        return DoubleDouble { high: x.signum(), low: -2.0 * (-2.0 * x.abs()).exp() * x.signum() };
    }
    let e = expm1(exact_product(x, 2.0));
    e.div(e + DoubleDouble::from(2.0))
}

pub(crate) fn sigmoid(x: f64) -> DoubleDouble {
    let e = exp(DoubleDouble::from(-x.abs()));
    let numerator = if x < 0.0 { e } else { DoubleDouble::from(1.0) };
    numerator.div(e + DoubleDouble::from(1.0))
}

pub(crate) fn softplus(x: f64) -> DoubleDouble {
    let e = exp(DoubleDouble::from(-x.abs()));
    let sum = e + DoubleDouble::from(1.0);
    let smooth = if e.high < 0.4 {
        ln_of_parts(e, 0)
    } else {
        ln_of_parts(sum.scaled(-1) - DoubleDouble::from(1.0), 1)
    };
    DoubleDouble::from(x.max(0.0)) + smooth
}

/// `sin(x + quarters pi / 2)`.
fn sin_from_quarter(x: f64, quarters: i64) -> DoubleDouble {
    let n = (x / HALF_PI[0]).round();
    let r = HALF_PI.iter().fold(DoubleDouble::from(x), |r, part| r - exact_product(n, *part));
    match (n as i64 + quarters).rem_euclid(4) {
        0 => r.alternating_series(1),
        1 => r.alternating_series(0),
        2 => -r.alternating_series(1),
        _ => -r.alternating_series(0),
    }
}

pub(crate) fn sin(x: f64) -> DoubleDouble {
    sin_from_quarter(x, 0)
}

pub(crate) fn cos(x: f64) -> DoubleDouble {
    sin_from_quarter(x, 1)
}
