//! Products with a vector: one column or one row of `C`, and a column times a row.

use super::blocking::parts;
use super::ends::{Ends, load_row, relu, store_row};
use super::matrix::Matrix;
use super::packing::{MOST_LANES, sums_of_each};
use super::tile::add_row;
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
    let mut sums = [[L::splat(T::ZERO); VECTORS]; CHAINS];
    let row = |p: usize| &m.values[p * m.stride..][..width];
    let mut p = 0;
    while p + CHAINS <= x.len() {
        for chain in 0..CHAINS {
            add_row(&mut sums[chain], x[p + chain], &load_row(row(p + chain)));
        }
        p += CHAINS;
    }
    while p < x.len() {
        add_row(&mut sums[0], x[p], &load_row(row(p)));
        p += 1;
    }
    let mut total = sums[0];
    for v in 0..VECTORS {
        for chain in 1..CHAINS {
            total[v] = total[v].add(sums[chain][v]);
        }
        total[v] = total[v].add(ends.from(v * L::N, 0).column(&y[v * L::N..]));
        if ends.relu {
            total[v] = relu(total[v]);
        }
    }
    store_row(total, y);
}

/// `C = x y` with its [`Ends`]: the column `x` times the row `y`.
#[inline(always)]
pub(super) fn outer<T: Float, L: Lanes<T>>(x: &[T], y: &[T], c: &mut [T], ends: Ends<T>) {
    for (start, vectors) in parts(y.len().div_ceil(L::N), VECTORS) {
        let start = start * L::N;
        let width = (y.len() - start).min(vectors * L::N);
        let (part, c, ends) = (&y[start..][..width], &mut c[start..], ends.from(0, start));
        match vectors {
            1 => outer_strip::<T, L, 1>(x, part, c, y.len(), ends),
            2 => outer_strip::<T, L, 2>(x, part, c, y.len(), ends),
            3 => outer_strip::<T, L, 3>(x, part, c, y.len(), ends),
            _ => outer_strip::<T, L, VECTORS>(x, part, c, y.len(), ends),
        }
    }
}

/// The columns of an outer product under a part `y` of its row, at most `VECTORS` vectors and more than one vector less;
/// rows of `C` are `stride` apart.
#[inline(always)]
fn outer_strip<T: Float, L: Lanes<T>, const VECTORS: usize>(
    x: &[T],
    y: &[T],
    c: &mut [T],
    stride: usize,
    ends: Ends<T>,
) {
    let vectors: [L; VECTORS] = load_row(y);
    for (i, (factor, c)) in x.iter().zip(c.chunks_mut(stride)).enumerate() {
        let c = &mut c[..y.len()];
        let mut sums = match ends.from(i, 0).addend(c, 0) {
            Some(addend) => load_row(&addend.values[..c.len()]),
            None => [L::splat(T::ZERO); VECTORS],
        };
        add_row(&mut sums, *factor, &vectors);
        if ends.relu {
            for v in 0..VECTORS {
                sums[v] = relu(sums[v]);
            }
        }
        store_row(sums, c);
    }
}
