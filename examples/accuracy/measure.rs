//! The largest error over many points, on all cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use metatape::kernels::map::{Unary, map};
use metatape::prelude::{Extent, Tape, grad};
use metatape::simd::Float;

use super::error::{SIDE_BY_SIDE, judge};
use super::functions::{Function, Of};
use super::points::{BLOCK, Points};
use super::reference::Judged;

/// The largest error found, in units in the last place of the truth, where, and among how many points.
#[derive(Clone, Copy, Debug)]
pub struct Worst {
    pub ulp: f64,
    pub x: f64,
    pub points: u64,
}

impl Worst {
    pub const NONE: Worst = Worst { ulp: 0.0, x: 0.0, points: 0 };

    /// The larger of both; of equals that at the smaller `x`, so that the order of blocks makes no difference.
    pub fn or(self, other: Worst) -> Worst {
        let points = self.points + other.points;
        let first = self.ulp > other.ulp || (self.ulp == other.ulp && self.x <= other.x);
        Worst { points, ..if first { self } else { other } }
    }
}

/// Judges `function`, or its derivative, at the level in use; `tick` hears of every block that is done.
pub fn worst<T: Judged, F: Function + Unary<T>>(
    function: F,
    of: Of,
    points: &impl Points<T>,
    threads: usize,
    tick: impl Fn() + Sync,
) -> Worst {
    let (next, worst) = (AtomicU64::new(0), Mutex::new(Worst::NONE));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut bench = Bench::new();
                let mut local = Worst::NONE;
                loop {
                    let block = next.fetch_add(1, Ordering::Relaxed);
                    if block >= points.blocks() {
                        break;
                    }
                    points.fill(block, &mut bench.x);
                    local = local.or(bench.judge(function, of));
                    tick();
                }
                let mut worst = worst.lock().expect("no thread panicked");
                *worst = worst.or(local);
            });
        }
    });
    worst.into_inner().expect("no thread panicked")
}

/// The numbers of a block, kept from one to the next.
struct Bench<T: Judged> {
    x: Vec<T>,
    y: Vec<T>,
    wide_x: Vec<f64>,
    wide_y: Vec<f64>,
    errors: Vec<f64>,
    tape: Tape<T>,
}

impl<T: Judged> Bench<T> {
    fn new() -> Self {
        let [wide_x, wide_y, errors] = [const { Vec::new() }; 3];
        Bench { x: Vec::with_capacity(BLOCK), y: Vec::new(), wide_x, wide_y, errors, tape: Tape::new() }
    }

    fn judge<F: Function + Unary<T>>(&mut self, function: F, of: Of) -> Worst {
        let ordinary = |x: f64| x != 0.0 && F::DOMAIN[0] <= x && x <= F::DOMAIN[1];
        let Bench { x, y, wide_x, wide_y, errors, tape } = self;
        if of == Of::Derivative {
            x.retain(|x| ordinary(x.to_f64()));
        }
        if x.is_empty() {
            return Worst::NONE;
        }
        y.resize(x.len(), T::ZERO);
        match of {
            Of::Value => map(x, y, function),
            Of::Derivative => {
                tape.clear();
                let on_tape = tape.leaf(Extent::shared([x.len()]), |leaf| leaf.copy_from_slice(x));
                grad(function.on_tape(on_tape).sum(), &on_tape).read(|slopes| y.copy_from_slice(slopes));
            }
        }
        for (wide, numbers) in [(&mut *wide_x, &*x), (&mut *wide_y, &*y)] {
            wide.clear();
            wide.extend(numbers.iter().map(|number| number.to_f64()));
            wide.resize(x.len().next_multiple_of(SIDE_BY_SIDE), 1.0);
        }
        errors.resize(wide_x.len(), 0.0);
        judge::<T, F>(function, of, wide_x, wide_y, errors);
        let mut worst = Worst { points: x.len() as u64, ..Worst::NONE };
        for ((x, y), error) in wide_x.iter().zip(&*wide_y).zip(&*errors).take(x.len()) {
            let error = if ordinary(*x) { *error } else { special::<T>(*y, function.standard(*x)) };
            // An error that is no number must win.
            if error > worst.ulp || error.is_nan() {
                worst = Worst { ulp: if error.is_nan() { f64::INFINITY } else { error }, x: *x, ..worst };
            }
        }
        worst
    }
}

/// The error of `got` where `wanted` is that of the standard library: NaN for NaN, zeros and infinities with their signs,
/// numbers to a unit or two.
fn special<T: Float>(got: f64, wanted: f64) -> f64 {
    let wanted = T::from_f64(wanted).to_f64();
    if got.to_bits() == wanted.to_bits() || got.is_nan() && wanted.is_nan() {
        0.0
    } else if got.is_finite() && wanted.is_finite() && wanted != 0.0 {
        ((got - wanted) / (wanted * T::EPSILON.to_f64())).abs()
    } else {
        f64::INFINITY
    }
}
