//! Products with a vector: one column or one row of `C`, and a column times a row.

use super::blocking::parts;
use super::ends::{Ends, relu};
use super::matrix::Matrix;
use super::packing::{MOST_LANES, sums_of_each};
use crate::simd::{Float, Lanes};

/// The rows that [`dots`] multiplies side by side: their sums do not wait for one another.
const ROWS: usize = 4;

/// The most vectors of columns that [`combine`] sums side by side.
const VECTORS: usize = 4;

/// `y = M x` with its [`Ends`], `M` of `y.len()` rows and `x.len()` columns.
#[inline(always)]
pub(super) fn times_vector<T: Float, L: Lanes<T>>(m: Matrix<T>, x: &[T], y: &mut [T], ends: Ends<T>) {
    if m.transposed {
        for (start, vectors) in parts(y.len().div_ceil(L::N), VECTORS) {
            let start = start * L::N;
            let end = y.len().min(start + vectors * L::N);
            let (rows, y, ends) = (m.from(start, 0), &mut y[start..end], ends.from(start, 0));
            match vectors {
                1 => combine::<T, L, 1, 6>(rows, x, y, ends),
                2 => combine::<T, L, 2, 4>(rows, x, y, ends),
                3 => combine::<T, L, 3, 3>(rows, x, y, ends),
                _ => combine::<T, L, VECTORS, 2>(rows, x, y, ends),
            }
        }
    } else {
        for (block, y) in y.chunks_mut(L::N).enumerate() {
            dots::<T, L>(m.from(block * L::N, 0), x, y, ends.from(block * L::N, 0));
        }
    }
}

/// `y[i]` is the product of row `i` of `m` with `x`, for at most `N` rows: lane by lane along the row, then the lanes
/// of all rows at once.
#[inline(always)]
fn dots<T: Float, L: Lanes<T>>(m: Matrix<T>, x: &[T], y: &mut [T], ends: Ends<T>) {
    let mut sums = [L::splat(T::ZERO); MOST_LANES];
    for i in (0..L::N).step_by(ROWS) {
        if i < y.len() {
            let totals = dot_rows::<T, L>(m.from(i, 0), y.len() - i, x);
            for j in 0..ROWS {
                sums[i + j] = totals[j];
            }
        }
    }
    let sums = sums_of_each::<T, L>(sums);
    let sums = sums.add(ends.column(y));
    let sums = if ends.relu { relu(sums) } else { sums };
    sums.store_partial(y);
}

/// The products of `ROWS` rows with `x`, their lanes not yet added; of the last of `count` rows again, where there are
/// fewer.
#[inline(always)]
fn dot_rows<T: Float, L: Lanes<T>>(m: Matrix<T>, count: usize, x: &[T]) -> [L; ROWS] {
    let whole = x.len() - x.len() % L::N;
    let mut rows = [x; ROWS];
    for i in 0..ROWS {
        rows[i] = &m.values[i.min(count - 1) * m.stride..][..x.len()];
    }
    let mut totals = [L::splat(T::ZERO); ROWS];
    for p in (0..whole).step_by(L::N) {
        let factor = L::load(&x[p..]);
        for i in 0..ROWS {
            totals[i] = factor.mul_add(L::load(&rows[i][p..]), totals[i]);
        }
    }
    if whole < x.len() {
        let factor = L::load_partial(&x[whole..]);
        for i in 0..ROWS {
            totals[i] = factor.mul_add(L::load_partial(&rows[i][whole..]), totals[i]);
        }
    }
    totals
}

/// `y` is the sum over `p` of `x[p]` times stored row `p` of the transposed `m`, for at most `VECTORS` vectors of
/// columns and more than one vector less. `CHAINS` rows in turn have sums of their own, for the latency of one sum
/// would be longer than the work on one row.
#[inline(always)]
fn combine<T: Float, L: Lanes<T>, const VECTORS: usize, const CHAINS: usize>(
    m: Matrix<T>,
    x: &[T],
    y: &mut [T],
    ends: Ends<T>,
) {
    let width = y.len();
    let last = (VECTORS - 1) * L::N;
    let mut sums = [[L::splat(T::ZERO); VECTORS]; CHAINS];
    let row = |p: usize| &m.values[p * m.stride..][..width];
    let mut p = 0;
    while p + CHAINS <= x.len() {
        for chain in 0..CHAINS {
            add_row::<T, L, VECTORS>(&mut sums[chain], x[p + chain], row(p + chain));
        }
        p += CHAINS;
    }
    while p < x.len() {
        add_row::<T, L, VECTORS>(&mut sums[0], x[p], row(p));
        p += 1;
    }
    for v in 0..VECTORS {
        let mut sum = sums[0][v];
        for chain in 1..CHAINS {
            sum = sum.add(sums[chain][v]);
        }
        let to = &mut y[v * L::N..];
        let sum = sum.add(ends.from(v * L::N, 0).column(to));
        let sum = if ends.relu { relu(sum) } else { sum };
        if v * L::N < last || width == VECTORS * L::N {
            sum.store(to);
        } else {
            sum.store_partial(to);
        }
    }
}

#[inline(always)]
fn add_row<T: Float, L: Lanes<T>, const VECTORS: usize>(sums: &mut [L; VECTORS], factor: T, row: &[T]) {
    let factor = L::splat(factor);
    for v in 0..VECTORS - 1 {
        sums[v] = factor.mul_add(L::load(&row[v * L::N..]), sums[v]);
    }
    let last = L::load_partial(&row[(VECTORS - 1) * L::N..]);
    sums[VECTORS - 1] = factor.mul_add(last, sums[VECTORS - 1]);
}

/// `C = x y` with its [`Ends`]: the column `x` times the row `y`.
#[inline(always)]
pub(super) fn outer<T: Float, L: Lanes<T>>(x: &[T], y: &[T], c: &mut [T], ends: Ends<T>) {
    let whole = y.len() - y.len() % L::N;
    for (i, (factor, row)) in x.iter().zip(c.chunks_exact_mut(y.len())).enumerate() {
        let (factor, ends) = (L::splat(*factor), ends.from(i, 0));
        for j in (0..whole).step_by(L::N) {
            let begin = match ends.addend(row, 0) {
                Some(addend) => L::load(&addend.values[j..]),
                None => L::splat(T::ZERO),
            };
            let sum = factor.mul_add(L::load(&y[j..]), begin);
            let sum = if ends.relu { relu(sum) } else { sum };
            sum.store(&mut row[j..]);
        }
        if whole < y.len() {
            let begin = match ends.addend(row, 0) {
                Some(addend) => L::load_partial(&addend.values[whole..y.len()]),
                None => L::splat(T::ZERO),
            };
            let sum = factor.mul_add(L::load_partial(&y[whole..]), begin);
            let sum = if ends.relu { relu(sum) } else { sum };
            sum.store_partial(&mut row[whole..]);
        }
    }
}
