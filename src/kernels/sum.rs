//! Sums along axes, of numbers and of products: the transpose of [broadcasting](super::broadcast).
//!
//! The order of every sum is fixed by the lengths and the [`Level`] alone. NaN anywhere in a sum makes it NaN. Long sums
//! are cut into blocks of 128 additions, so that rounding errors grow with the length of a block and the number of
//! blocks, not with their product.

use super::axes::{Counts, Loops, Split, advance};
use super::formula::{Moving, Still};
use super::gemm::{MOST_LANES, sums_of_each};
use super::reduce::{BLOCK, Products, SHORT, Terms, Values, sum_of, sum_of_short};
use crate::simd::{self, Float, Kernel, Lanes, Level};

/// `out = sum of x` over the axes along which `out` has length 1: `x` and `out` have the lengths `operands`, and `out`
/// broadcasts to `x`.
///
/// # Panics
/// A slice is shorter than its lengths say.
pub fn sum_to<T: Float>(operands: [Counts; 2], x: &[T], out: &mut [T]) {
    if !out.is_empty() {
        let mut axes = Split::NONE;
        axes.set(&operands);
        simd::run(Sum { axes: &axes, x, out });
    }
}

/// `out = factor * sum of x y` over the axes along which `out` has length 1: `x`, `y` and `out` have the lengths
/// `operands`, and `out` broadcasts to what `x` and `y` broadcast to. The products are nowhere written.
///
/// # Panics
/// A slice is shorter than its lengths say.
pub fn dot_to<T: Float>(operands: [Counts; 3], x: &[T], y: &[T], factor: T, out: &mut [T]) {
    if !out.is_empty() {
        let mut axes = Split::NONE;
        axes.set(&operands);
        simd::run(Dot { axes: &axes, x, y, factor, out });
    }
}

struct Sum<'a, T> {
    axes: &'a Split<2>,
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Float> Kernel<T> for Sum<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        sums::<T, L, 2>(self.axes, Values(Moving(self.x)), T::ONE, self.out);
    }
}

struct Dot<'a, T> {
    axes: &'a Split<3>,
    x: &'a [T],
    y: &'a [T],
    factor: T,
    out: &'a mut [T],
}

impl<T: Float> Kernel<T> for Dot<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Dot { axes, x, y, factor, out } = self;
        match (axes.moves(0), axes.moves(1)) {
            (true, true) => sums::<T, L, 3>(axes, Products(Moving(x), Moving(y)), factor, out),
            (true, false) => sums::<T, L, 3>(axes, Products(Moving(x), Still(y)), factor, out),
            _ => sums::<T, L, 3>(axes, Products(Still(x), Moving(y)), factor, out),
        }
    }
}

/// All sums; the last operand of `axes` is the output, which is not empty.
#[inline(always)]
fn sums<T: Float, L: Lanes<T>, const N: usize>(
    axes: &Split<N>,
    terms: impl Terms<T, N>,
    factor: T,
    out: &mut [T],
) {
    let Split { moving: kept, still: summed, .. } = axes;
    let mut rest = out;
    if axes.moves(N - 1) {
        for from in kept.outer(1, [0; N]) {
            let (row, behind) = rest.split_at_mut(kept.counts[0]);
            rest = behind;
            sum_rows::<T, L, N>(terms, from, summed, factor, row);
        }
    } else {
        for from in kept.outer(1, [0; N]) {
            let (row, behind) = rest.split_at_mut(kept.counts[0]);
            rest = behind;
            sum_runs::<T, L, N>(terms, from, kept.strides[0], summed, factor, row);
        }
    }
}

/// Sums rows as long as `out`, strip by strip, the sums of a strip in registers while the rows pass.
#[inline(always)]
fn sum_rows<T: Float, L: Lanes<T>, const N: usize>(
    terms: impl Terms<T, N>,
    from: [usize; N],
    summed: &Loops<N>,
    factor: T,
    out: &mut [T],
) {
    let mut column = 0;
    while column < out.len() {
        let left = out.len() - column;
        // The wider strip, which needs 32 registers, reads rows from the second cache 1.06 to 1.2 times as fast.
        let widest = if L::LEVEL == Level::Avx512 && left >= 8 * L::N { 8 } else { 4 };
        let width = left.min(widest * L::N);
        let strip = &mut out[column..column + width];
        match width.div_ceil(L::N) {
            1 if width < L::N => {
                let [sum] = sum_strip::<T, L, N, 1, true>(terms, from, summed, column, width);
                sum.mul(L::splat(factor)).store_partial(strip);
            }
            1 => store(sum_strip::<T, L, N, 1, false>(terms, from, summed, column, width), factor, strip),
            2 => store(sum_strip::<T, L, N, 2, false>(terms, from, summed, column, width), factor, strip),
            3 => store(sum_strip::<T, L, N, 3, false>(terms, from, summed, column, width), factor, strip),
            8 if L::LEVEL == Level::Avx512 => {
                store(sum_strip::<T, L, N, 8, false>(terms, from, summed, column, width), factor, strip)
            }
            _ => store(sum_strip::<T, L, N, 4, false>(terms, from, summed, column, width), factor, strip),
        }
        column += width;
    }
}

/// Where vector `w` of the `W` that cover a strip begins: the last one ends where the strip ends.
#[inline(always)]
fn place<T: Float, L: Lanes<T>, const W: usize>(w: usize, width: usize) -> usize {
    if w + 1 < W { w * L::N } else { width - L::N }
}

#[inline(always)]
fn store<T: Float, L: Lanes<T>, const W: usize>(sums: [L; W], factor: T, strip: &mut [T]) {
    let width = strip.len();
    for w in 0..W {
        sums[w].mul(L::splat(factor)).store(&mut strip[place::<T, L, W>(w, width)..]);
    }
}

/// The sums over all rows in `width` columns, which `W` vectors cover, or a `PART` of one.
#[inline(always)]
fn sum_strip<T: Float, L: Lanes<T>, const N: usize, const W: usize, const PART: bool>(
    terms: impl Terms<T, N>,
    from: [usize; N],
    summed: &Loops<N>,
    column: usize,
    width: usize,
) -> [L; W] {
    let mut totals = [L::splat(T::ZERO); W];
    let mut sums = totals;
    let mut length = 0;
    for mut at in summed.outer(1, from) {
        let mut left = summed.counts[0];
        while left > 0 {
            if length == BLOCK {
                for w in 0..W {
                    totals[w] = totals[w].add(sums[w]);
                    sums[w] = L::splat(T::ZERO);
                }
                length = 0;
            }
            let rows = left.min(BLOCK - length);
            for _ in 0..rows {
                let row = terms.columns(at, column, width);
                for (w, sum) in sums.iter_mut().enumerate() {
                    *sum = match PART {
                        true => row.add_part_to(0, width, *sum),
                        false => row.add_to(place::<T, L, W>(w, width), *sum),
                    };
                }
                advance(&mut at, summed.strides[0]);
            }
            left -= rows;
            length += rows;
        }
    }
    for w in 0..W {
        totals[w] = totals[w].add(sums[w]);
    }
    totals
}

/// Sums what lies side by side for each number of `out`. The lanes of many sums are added together, but for the level to
/// which their transposition is no instruction.
#[inline(always)]
fn sum_runs<T: Float, L: Lanes<T>, const N: usize>(
    terms: impl Terms<T, N>,
    from: [usize; N],
    strides: [usize; N],
    summed: &Loops<N>,
    factor: T,
    out: &mut [T],
) {
    let mut at = from;
    for group in out.chunks_mut(L::N) {
        if group.len() < L::N / 2 || L::LEVEL == Level::Portable {
            for out in group {
                *out = factor * sum_run::<T, L, N>(terms, at, summed).sum();
                advance(&mut at, strides);
            }
        } else {
            let mut sums = [L::splat(T::ZERO); MOST_LANES];
            for sum in &mut sums[..group.len()] {
                *sum = sum_run::<T, L, N>(terms, at, summed);
                advance(&mut at, strides);
            }
            sums_of_each::<T, L>(sums).mul(L::splat(factor)).store_partial(group);
        }
    }
}

/// The terms of one sum, added up to one vector.
#[inline(always)]
fn sum_run<T: Float, L: Lanes<T>, const N: usize>(
    terms: impl Terms<T, N>,
    from: [usize; N],
    summed: &Loops<N>,
) -> L {
    let length = summed.counts[0];
    if summed.is_one() && length <= SHORT * L::N {
        return sum_of_short::<T, L, N>(terms.columns(from, 0, length), length);
    }
    let mut total = L::splat(T::ZERO);
    let mut sum = total;
    for (step, at) in summed.outer(1, from).enumerate() {
        if step % BLOCK == 0 {
            total = total.add(sum);
            sum = L::splat(T::ZERO);
        }
        sum = sum.add(sum_of(terms.columns(at, 0, length), length));
    }
    total.add(sum)
}
