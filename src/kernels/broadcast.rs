//! Elementwise functions of operands that stand still along some axes: broadcasting as NumPy's.
//!
//! Operands are dense, and each is described by its lengths along all [`AXES`]: 1 where it stands still. What they
//! broadcast to has the others' lengths there. [`super::sum`] has the transpose, sums along axes.

pub use super::axes::{AXES, Counts};
use super::axes::{Loops, advance};
use super::formula::{Formula, Moving, One, Still, Three, Two, write_row};
use super::map::{Binary, Ternary, Unary};
use crate::simd::{self, Float, Kernel, Lanes, Level};

/// `out = x` where `x` stands still along some axes: `x` and `out` have the lengths `operands`.
///
/// # Panics
/// A slice is shorter than its lengths say.
pub fn broadcast<T: Float>(operands: [Counts; 2], x: &[T], out: &mut [T]) {
    if !out.is_empty() {
        let mut loops = Loops::NONE;
        loops.set(&operands);
        simd::run(Repeat { loops: &loops, x, out });
    }
}

/// `out = f(x, y)`, where `x` and `y` have the lengths `operands`.
///
/// # Panics
/// A slice is shorter than its lengths say.
pub fn zip_broadcast<T: Float>(operands: [Counts; 2], x: &[T], y: &[T], out: &mut [T], f: impl Binary<T>) {
    if !out.is_empty() {
        let mut loops = Loops::NONE;
        loops.set(&operands);
        simd::run(Zip { loops: &loops, x, y, out, f });
    }
}

/// `out = f(x, y, z)`, where `x`, `y` and `z` have the lengths `operands`.
///
/// # Panics
/// A slice is shorter than its lengths say.
pub fn zip3_broadcast<T: Float>(
    operands: [Counts; 3],
    x: &[T],
    y: &[T],
    z: &[T],
    out: &mut [T],
    f: impl Ternary<T>,
) {
    if !out.is_empty() {
        let mut loops = Loops::NONE;
        loops.set(&operands);
        simd::run(Zip3 { loops: &loops, x, y, z, out, f });
    }
}

/// Writes every row of `out`, which is not empty.
#[inline(always)]
fn write_rows<T: Float, L: Lanes<T>, const N: usize>(
    loops: &Loops<N>,
    formula: impl Formula<T, N>,
    out: &mut [T],
) {
    let [columns, rows, ..] = loops.counts;
    let mut rest = out;
    for from in loops.outer(2, [0; N]) {
        let mut at = from;
        for _ in 0..rows {
            let (row, behind) = rest.split_at_mut(columns);
            rest = behind;
            write_row::<T, L, N>(formula.columns(at, 0, columns), row);
            advance(&mut at, loops.strides[1]);
        }
    }
}

struct Repeat<'a, T> {
    loops: &'a Loops<2>,
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Float> Kernel<T> for Repeat<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Repeat { loops, x, out } = self;
        match loops.moves(0) {
            true if L::LEVEL != Level::Portable
                && fits_strips::<T, L, 2>(loops)
                && loops.strides[1][0] == 0 =>
            {
                repeat_row::<T, L>(loops, x, out)
            }
            true => write_rows::<T, L, 2>(loops, One { x: Moving(x), f: Same }, out),
            false => write_rows::<T, L, 2>(loops, One { x: Still(x), f: Same }, out),
        }
    }
}

#[derive(Clone, Copy)]
struct Same;

impl<T: Float> Unary<T> for Same {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L) -> L {
        x
    }
}

struct Zip<'a, T, F> {
    loops: &'a Loops<2>,
    x: &'a [T],
    y: &'a [T],
    out: &'a mut [T],
    f: F,
}

impl<T: Float, F: Binary<T>> Kernel<T> for Zip<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Zip { loops, x, y, out, f } = self;
        match (loops.moves(0), loops.moves(1)) {
            (true, true) if fits_strips::<T, L, 2>(loops) && loops.strides[1][1] == 0 => {
                zip_row::<T, L, F>(loops, [0, 1], x, y, out, f);
            }
            (true, true) if fits_strips::<T, L, 2>(loops) && loops.strides[1][0] == 0 => {
                zip_row::<T, L, Swapped<F>>(loops, [1, 0], y, x, out, Swapped(f));
            }
            (true, true) => write_rows::<T, L, 2>(loops, Two { x: Moving(x), y: Moving(y), f }, out),
            (true, false) => write_rows::<T, L, 2>(loops, Two { x: Moving(x), y: Still(y), f }, out),
            _ => write_rows::<T, L, 2>(loops, Two { x: Still(x), y: Moving(y), f }, out),
        }
    }
}

/// The same function with its two arguments exchanged.
#[derive(Clone, Copy)]
struct Swapped<F>(F);

impl<T: Float, F: Binary<T>> Binary<T> for Swapped<F> {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        self.0.apply(y, x)
    }
}

/// Whether there are several rows, and these so short that the work for each, were they written one by one, would be
/// more than that for its numbers.
#[inline(always)]
fn fits_strips<T: Float, L: Lanes<T>, const N: usize>(loops: &Loops<N>) -> bool {
    let [columns, rows, ..] = loops.counts;
    rows > 1 && (L::N..=8 * L::N).contains(&columns)
}

/// `out = f(x, y)` where `y` is one row that meets many of `x`, as a bias does: strip by strip, `y` in a register. These
/// are operands `[m, n]` of the loops. The last strip ends where the row ends, so that some numbers are written twice, the
/// same each time.
#[inline(always)]
fn zip_row<T: Float, L: Lanes<T>, F: Binary<T>>(
    loops: &Loops<2>,
    [m, n]: [usize; 2],
    x: &[T],
    y: &[T],
    out: &mut [T],
    f: F,
) {
    let [columns, rows, ..] = loops.counts;
    let mut rest = out;
    for at in loops.outer(2, [0; 2]) {
        let (plane, behind) = rest.split_at_mut(rows * columns);
        rest = behind;
        let (x, y) = (&x[at[m]..][..rows * columns], &y[at[n]..][..columns]);
        let (mut x, mut plane) = (x, plane);
        while !plane.is_empty() {
            // As many rows at a time as stay in the cache until the last strip has passed.
            let length = plane.len().min(ROWS * columns);
            let (here, behind) = plane.split_at_mut(length);
            zip_strips::<T, L, F>(&x[..length], y, here, f);
            (x, plane) = (&x[length..], behind);
        }
    }
}

/// Zips rows as long as `y`, all of them strip by strip.
#[inline(always)]
fn zip_strips<T: Float, L: Lanes<T>, F: Binary<T>>(x: &[T], y: &[T], out: &mut [T], f: F) {
    let columns = y.len();
    let mut column = 0;
    while column < columns {
        column = column.min(columns - L::N);
        let (mut x, mut out) = (&x[column..], &mut out[column..]);
        let y = L::load(&y[column..]);
        loop {
            f.apply(L::load(x), y).store(out);
            if x.len() <= columns {
                break;
            }
            (x, out) = (&x[columns..], &mut out[columns..]);
        }
        column += L::N;
    }
}

/// How many rows the strips of [`zip_row`] are long.
const ROWS: usize = 32;

/// `out = x` where `x` is one row that is repeated.
#[inline(always)]
fn repeat_row<T: Float, L: Lanes<T>>(loops: &Loops<2>, x: &[T], out: &mut [T]) {
    let [columns, rows, ..] = loops.counts;
    let mut rest = out;
    for [at, _] in loops.outer(2, [0; 2]) {
        let (plane, behind) = rest.split_at_mut(rows * columns);
        rest = behind;
        let x = &x[at..][..columns];
        let mut column = 0;
        while column < columns {
            column = column.min(columns - L::N);
            let mut plane = &mut plane[column..];
            let x = L::load(&x[column..]);
            loop {
                x.store(plane);
                if plane.len() <= columns {
                    break;
                }
                plane = &mut plane[columns..];
            }
            column += L::N;
        }
    }
}

struct Zip3<'a, T, F> {
    loops: &'a Loops<3>,
    x: &'a [T],
    y: &'a [T],
    z: &'a [T],
    out: &'a mut [T],
    f: F,
}

impl<T: Float, F: Ternary<T>> Kernel<T> for Zip3<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Zip3 { loops, x, y, z, out, f } = self;
        macro_rules! rows {
            ($x:ident, $y:ident, $z:ident) => {
                write_rows::<T, L, 3>(loops, Three { x: $x(x), y: $y(y), z: $z(z), f }, out)
            };
        }
        match (loops.moves(0), loops.moves(1), loops.moves(2)) {
            (true, true, true) => rows!(Moving, Moving, Moving),
            (true, true, false) => rows!(Moving, Moving, Still),
            (true, false, true) => rows!(Moving, Still, Moving),
            (true, false, false) => rows!(Moving, Still, Still),
            (false, true, true) => rows!(Still, Moving, Moving),
            (false, true, false) => rows!(Still, Moving, Still),
            _ => rows!(Still, Still, Moving),
        }
    }
}
