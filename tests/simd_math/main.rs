//! The errors of the elementary functions, against the table in `metatape::simd::math`.

mod double_double;
mod special_values;

use std::sync::Mutex;

use double_double::{self as reference, DoubleDouble};
use metatape::kernels::map::{Unary, map};
use metatape::simd::{Float, Lanes, Level, level, math};

macro_rules! unary {
    ($($name:ident = $function:ident),+) => {$(
        #[derive(Clone, Copy)]
        struct $name;
        impl<T: Float> Unary<T> for $name {
            #[inline(always)]
            fn apply<L: Lanes<T>>(self, x: L) -> L {
                math::$function(x)
            }
        }
    )+};
}
unary!(
    Exp = exp,
    Expm1 = expm1,
    Ln = ln,
    Ln1p = ln1p,
    Tanh = tanh,
    Sigmoid = sigmoid,
    Softplus = softplus,
    Sin = sin,
    Cos = cos,
    Recip = recip
);

/// The largest error found, in units in the last place of the true value, and where.
#[derive(Clone, Copy, Debug)]
struct Worst {
    ulp: f64,
    x: f64,
}

impl Worst {
    const NONE: Worst = Worst { ulp: 0.0, x: 0.0 };
    fn or(self, ulp: f64, x: f64) -> Worst {
        // An error that is no number must win.
        if ulp <= self.ulp { self } else { Worst { ulp, x } }
    }
}

/// What a table row allows: with a fused multiply-add (AVX2, AVX-512), and on the portable level.
struct Bound {
    fused: f64,
    portable: f64,
}

impl Bound {
    fn check(&self, type_and_function: &str, worst: Worst) {
        let allowed = if level() == Level::Portable { self.portable } else { self.fused };
        println!(
            "{type_and_function} {}: {:.3} ULP at {:e} ({allowed} allowed)",
            level(),
            worst.ulp,
            worst.x
        );
        assert!(worst.ulp <= allowed, "{type_and_function} at {}: {worst:?}, {allowed} allowed", level());
    }
}

/// The error of `got` where `wanted` is the true value to double precision; zeros must have the right sign.
fn error_f32(got: f32, wanted: f64) -> f64 {
    let rounded = wanted as f32;
    if rounded.is_nan() || got.is_nan() {
        return if rounded.is_nan() && got.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if wanted == 0.0 || rounded == got {
        let right = got == rounded && got.is_sign_negative() == rounded.is_sign_negative();
        if !right || got.is_infinite() {
            return if right { 0.0 } else { f64::INFINITY };
        }
    }
    if got.is_infinite() {
        return f64::INFINITY;
    }
    let exponent = (wanted.abs().to_bits() >> 52) as i32 - 1023;
    let unit = 2.0_f64.powi(exponent.clamp(-126, 127) - 23);
    (f64::from(got) - wanted).abs() / unit
}

/// The worst error over every `stride`-th bit pattern.
fn sweep_f32(stride: u64, f: impl Unary<f32>, wanted: impl Fn(f64) -> f64) -> Worst {
    let mut worst = Worst::NONE;
    let (mut x, mut y) = (Vec::with_capacity(4096), vec![0.0; 4096]);
    let mut patterns = (0..1_u64 << 32).step_by(stride as usize).map(|bits| f32::from_bits(bits as u32));
    loop {
        x.clear();
        x.extend(patterns.by_ref().take(4096));
        if x.is_empty() {
            return worst;
        }
        let y = &mut y[..x.len()];
        map(&x, y, f);
        for (x, y) in x.iter().zip(y) {
            worst = worst.or(error_f32(*y, wanted(f64::from(*x))), f64::from(*x));
        }
    }
}

/// The same over all bit patterns, on all cores.
fn full_sweep_f32(f: impl Unary<f32> + Send + Sync, wanted: impl Fn(f64) -> f64 + Sync) -> Worst {
    let worst = Mutex::new(Worst::NONE);
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let part = (1_u64 << 32).div_ceil(cores);
    std::thread::scope(|scope| {
        for core in 0..cores {
            let (worst, wanted) = (&worst, &wanted);
            scope.spawn(move || {
                let (mut x, mut y) = (vec![0.0; 4096], vec![0.0; 4096]);
                let mut local = Worst::NONE;
                for start in (core * part..((core + 1) * part).min(1 << 32)).step_by(4096) {
                    for (i, x) in x.iter_mut().enumerate() {
                        *x = f32::from_bits((start + i as u64) as u32);
                    }
                    map(&x, &mut y, f);
                    for (x, y) in x.iter().zip(&y) {
                        local = local.or(error_f32(*y, wanted(f64::from(*x))), f64::from(*x));
                    }
                }
                let mut worst = worst.lock().expect("no sweep panicked");
                *worst = worst.or(local.ulp, local.x);
            });
        }
    });
    worst.into_inner().expect("no sweep panicked")
}

/// The next of a fixed sequence of numbers evenly spread over `[0, 1)` (splitmix64).
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / 2.0_f64.powi(53)
}

/// The worst error over seeded points: half of them even in `[low, high]`, half with sizes even in the logarithm.
fn sample_f64(
    points: usize,
    [low, high]: [f64; 2],
    f: impl Unary<f64>,
    wanted: impl Fn(f64) -> DoubleDouble,
) -> Worst {
    let mut state = 7;
    let x: Vec<f64> = (0..points)
        .map(|i| {
            let u = uniform(&mut state);
            let x = if i % 2 == 0 {
                low + (high - low) * u
            } else {
                let sign = if uniform(&mut state) < 0.5 { -1.0 } else { 1.0 };
                sign * high * 2.0_f64.powf(-60.0 * u)
            };
            x.clamp(low, high)
        })
        .collect();
    let mut y = vec![0.0; points];
    map(&x, &mut y, f);
    let errors = x.iter().zip(&y).map(|(x, y)| {
        let wanted = wanted(*x);
        let exponent = (wanted.high.abs().to_bits() >> 52) as i32 - 1023;
        // In two factors: one alone may be subnormal or infinite.
        let (half, rest) = ((52 - exponent) / 2, (52 - exponent) - (52 - exponent) / 2);
        let error = ((y - wanted.high) - wanted.low).abs();
        (error * 2.0_f64.powi(half) * 2.0_f64.powi(rest), *x)
    });
    errors.fold(Worst::NONE, |worst, (ulp, x)| worst.or(ulp, x))
}

/// One function: its reference in each precision, the interval its doubles are drawn from, its row of the table.
macro_rules! function {
    ($test:ident, $f:expr, $f32_wanted:expr, $f64_wanted:expr, $interval:expr, $f32_bound:expr, $f64_bound:expr) => {
        mod $test {
            use super::*;

            #[test]
            fn f32_stays_within_its_bound() {
                let wanted: fn(f64) -> f64 = $f32_wanted;
                let [fused, portable]: [f64; 2] = $f32_bound;
                // A prime stride meets every exponent with many mantissas.
                Bound { fused, portable }
                    .check(concat!("f32 ", stringify!($test)), sweep_f32(1009, $f, wanted));
            }

            #[test]
            #[ignore = "four billion points: minutes; run with --ignored"]
            fn f32_stays_within_its_bound_on_every_bit_pattern() {
                let wanted: fn(f64) -> f64 = $f32_wanted;
                let [fused, portable]: [f64; 2] = $f32_bound;
                Bound { fused, portable }
                    .check(concat!("f32 full ", stringify!($test)), full_sweep_f32($f, wanted));
            }

            #[test]
            fn f64_stays_within_its_bound() {
                let wanted: fn(f64) -> DoubleDouble = $f64_wanted;
                let [fused, portable]: [f64; 2] = $f64_bound;
                Bound { fused, portable }
                    .check(concat!("f64 ", stringify!($test)), sample_f64(1_000_000, $interval, $f, wanted));
            }
        }
    };
}

function!(exp, Exp, f64::exp, |x| reference::exp(x.into()), [-700.0, 709.0], [1.0, 1.0], [1.0, 1.0]);
function!(
    expm1,
    Expm1,
    f64::exp_m1,
    |x| reference::expm1(x.into()),
    [-40.0, 709.0],
    [1.35, 1.35],
    [1.35, 1.35]
);
function!(ln, Ln, f64::ln, reference::ln, [1e-300, 4.0], [1.0, 1.0], [0.9, 1.0]);
function!(ln1p, Ln1p, f64::ln_1p, reference::ln1p, [-0.999_999, 9.0], [1.0, 1.0], [0.9, 0.95]);
function!(tanh, Tanh, f64::tanh, reference::tanh, [-22.0, 22.0], [1.4, 1.4], [1.45, 1.45]);
function!(sigmoid, Sigmoid, sigmoid_f64, reference::sigmoid, [-700.0, 700.0], [1.4, 1.5], [1.25, 1.25]);
function!(softplus, Softplus, softplus_f64, reference::softplus, [-700.0, 700.0], [1.8, 1.8], [1.6, 1.6]);
function!(sin, Sin, f64::sin, reference::sin, [-1e5, 1e5], [1.55, 3.5], [1.5, 2.4]);
function!(cos, Cos, f64::cos, reference::cos, [-1e5, 1e5], [1.55, 3.5], [1.5, 2.4]);

fn sigmoid_f64(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn softplus_f64(x: f64) -> f64 {
    if x.is_nan() { x } else { x.max(0.0) + (-x.abs()).exp().ln_1p() }
}
