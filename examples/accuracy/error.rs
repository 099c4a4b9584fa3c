//! How far a result is from the truth, in units in the last place (ULP).

use std::marker::PhantomData;

use metatape::simd::{Float, Kernel, Lanes, Level, Pair, Single, run_at};

use super::functions::{Function, Of};
use super::reference::{Judged, Truth};

/// Where the numbers of a type lie: the digits behind the first, and the exponents of the smallest and the largest normal one.
#[derive(Clone, Copy)]
struct Format {
    digits: f64,
    lowest: f64,
    highest: f64,
}

impl Format {
    fn of<T: Float>() -> Format {
        if T::NAME == Single::NAME {
            Format { digits: 23.0, lowest: -126.0, highest: 127.0 }
        } else {
            Format { digits: 52.0, lowest: -1022.0, highest: 1023.0 }
        }
    }
}

/// The numbers that are judged side by side: a multiple of every vector.
pub const SIDE_BY_SIDE: usize = 32;

/// The error of each `y`, taken for a result in `T`, at `x` in the domain of `function`: in units in the last place of the
/// truth, but none smaller than [`Function::LARGEST_SLOPE`] says. NaN is never right here.
///
/// The slices are as long as each other, a multiple of [`SIDE_BY_SIDE`]. The truth is found with all that the machine has, whatever the level that is judged.
pub fn judge<T: Judged, F: Function>(function: F, of: Of, x: &[f64], y: &[f64], errors: &mut [f64]) {
    let mut format = Format::of::<T>();
    if let (Of::Derivative, Some(exponent)) = (of, F::LARGEST_SLOPE) {
        format.lowest = format.lowest.max(f64::from(exponent));
    }
    run_at(Level::best(), Errors { float: PhantomData::<T>, function, of, format, x, y, errors });
}

struct Errors<'a, T, F> {
    float: PhantomData<T>,
    function: F,
    of: Of,
    format: Format,
    x: &'a [f64],
    y: &'a [f64],
    errors: &'a mut [f64],
}

impl<T: Judged, F: Function> Kernel<f64> for Errors<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<f64>>(self) {
        self.side_by_side::<Pair<Pair<L>>>();
    }
}

impl<T: Judged, F: Function> Errors<'_, T, F> {
    /// With several vectors as one: the sums are long chains of instructions that wait for each other.
    #[inline(always)]
    fn side_by_side<L: Lanes<f64>>(self) {
        let points = self.x.chunks_exact(L::N).zip(self.y.chunks_exact(L::N));
        for ((x, y), error) in points.zip(self.errors.chunks_exact_mut(L::N)) {
            let x = L::load(x);
            let truth = match self.of {
                Of::Value => self.function.value::<L, T>(x),
                Of::Derivative => self.function.derivative::<L, T>(x),
            };
            error_of(L::load(y), truth, self.format).store(error);
        }
    }
}

/// `x * 2^n`, in two factors: one alone may be subnormal or infinite.
#[inline(always)]
fn times_power<L: Lanes<f64>>(x: L, n: L) -> L {
    let half = n.mul(L::splat(0.5)).round();
    let one = L::splat(1.0);
    x.mul(one.scale(half)).mul(one.scale(n.sub(half)))
}

#[inline(always)]
fn error_of<L: Lanes<f64>>(got: L, Truth { value, exponent }: Truth<L>, format: Format) -> L {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let highest = L::splat(format.highest);
    // The exponent of the truth; just below a power of two only the low part tells.
    let (mantissa, e) = value.high.abs().split();
    let inward = value.low.mul(value.high).lt(zero);
    let first_below = L::select(inward, one, L::splat(0.75));
    let below_one = L::select(mantissa.le(first_below), one, L::select(mantissa.lt(one), one, zero));
    let size = exponent.add(e.sub(below_one));
    // Infinity stands for the number behind the largest, and so does all that is larger.
    let too_large = highest.lt(size);
    let high = L::select(too_large, one.copysign(value.high), value.high);
    let low = L::select(too_large, zero, value.low);
    let exponent = L::select(too_large, highest.add(one), exponent);
    let unit = L::splat(format.lowest).max(highest.min(size)).sub(L::splat(format.digits));
    let in_units = times_power(got, unit.neg());
    let behind_largest = L::splat(2.0_f64.powf(format.digits + 1.0)).copysign(got);
    let saturated = L::select(got.abs().eq(L::splat(f64::INFINITY)), behind_largest, in_units);
    let got = L::select(highest.le(size), saturated, in_units);
    let shift = exponent.sub(unit);
    got.sub(times_power(high, shift)).sub(times_power(low, shift)).abs()
}
