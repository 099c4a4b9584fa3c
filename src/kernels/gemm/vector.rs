//! Products with a vector: one column or one row of `C`, and a column times a row.

use std::ops::Range;
use std::slice::ChunksExact;

use super::blocking::parts;
use super::ends::{Ends, load_row, relu, store_row};
use super::matrix::Matrix;
use super::packing::{MOST_LANES, sums_of_each};
use super::product::Product;
use super::tile::add_row;
use crate::simd::{Float, Lanes};

/// The rows that [`dots`] multiplies side by side: their sums do not wait for one another.
const ROWS: usize = 4;

/// The most vectors of columns that [`combine`] sums side by side.
const VECTORS: usize = 4;

/// `y = M x` for each episode, `M` of the rows and the inner dimension of `product`. Within a strip of columns the episodes
/// are the inner loop, so that what depends on the shape alone is done once: a transposed 40x10 takes 37 cycles (of the
/// time stamp counter) an episode in place of 60.
#[inline(always)]
pub(super) fn times_vector<T: Float, L: Lanes<T>>(product: &Product<T>, y: &mut [T]) {
    let rows = product.size.rows;
    if product.a.transposed {
        for (start, vectors) in parts(rows.div_ceil(L::N), VECTORS) {
            let start = start * L::N;
            let strip = start..rows.min(start + vectors * L::N);
            match vectors {
                1 => combine_each::<T, L, 1, 6>(product, strip, y),
                2 => combine_each::<T, L, 2, 4>(product, strip, y),
                3 => combine_each::<T, L, 3, 3>(product, strip, y),
                _ => combine_each::<T, L, VECTORS, 2>(product, strip, y),
            }
        }
    } else {
        for episode in 0..product.episodes {
            let (Product { a, b, ends, size, .. }, y) = product.part(episode, 1, y);
            let mut m = a.values[..rows * size.inner].chunks_exact(size.inner);
            for (block, y) in y.chunks_mut(L::N).enumerate() {
                dots::<T, L>(&mut m, &b.values[..size.inner], y, ends.from(block * L::N, 0));
            }
        }
    }
}

/// The part `strip` of `y = M x` for each episode.
#[inline(always)]
fn combine_each<T: Float, L: Lanes<T>, const VECTORS: usize, const CHAINS: usize>(
    product: &Product<T>,
    strip: Range<usize>,
    y: &mut [T],
) {
    for episode in 0..product.episodes {
        let (Product { a, b, ends, size, .. }, y) = product.part(episode, 1, y);
        let (y, ends) = (&mut y[strip.clone()], ends.from(strip.start, 0));
        combine::<T, L, VECTORS, CHAINS>(a, strip.start, &b.values[..size.inner], y, ends);
    }
}

/// `y[i]` is the product of the next row of `m` with `x`, for at most `N` rows: lane by lane along the row, then the lanes
/// of all rows at once.
#[inline(always)]
fn dots<T: Float, L: Lanes<T>>(m: &mut ChunksExact<T>, x: &[T], y: &mut [T], ends: Ends<T>) {
    let mut sums = [L::splat(T::ZERO); MOST_LANES];
    for i in (0..L::N).step_by(ROWS) {
        if i < y.len() {
            let totals = dot_rows::<T, L>(m, x);
            for j in 0..ROWS {
                sums[i + j] = totals[j];
            }
        }
    }
    let sums = sums_of_each::<T, L>(sums);
    let [addend] = ends.column::<L, 1>(y);
    let sums = sums.add(addend);
    let sums = if ends.relu { relu(sums) } else { sums };
    sums.store_partial(y);
}

/// The products of the next `ROWS` rows with `x`, their lanes not yet added; of the last row again where there are fewer.
#[inline(always)]
fn dot_rows<T: Float, L: Lanes<T>>(rest: &mut ChunksExact<T>, x: &[T]) -> [L; ROWS] {
    let whole = x.len() - x.len() % L::N;
    let mut rows = [x; ROWS];
    let mut last = x;
    for i in 0..ROWS {
        last = rest.next().unwrap_or(last);
        rows[i] = &last[..x.len()];
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

/// `y` is the sum over `p` of `x[p]` times stored row `p` of the transposed `m` from column `start`, for at most `VECTORS`
/// vectors of columns and more than one vector less. `CHAINS` rows in turn have sums of their own, for the latency of one
/// sum would be longer than the work on one row.
#[inline(always)]
fn combine<T: Float, L: Lanes<T>, const VECTORS: usize, const CHAINS: usize>(
    m: Matrix<T>,
    start: usize,
    x: &[T],
    y: &mut [T],
    ends: Ends<T>,
) {
    let (stride, columns) = (m.stride, start..start + y.len());
    let mut sums = [[L::splat(T::ZERO); VECTORS]; CHAINS];
    let mut rows = &m.values[..x.len() * stride];
    let mut factors = x.chunks_exact(CHAINS);
    for factors in &mut factors {
        for chain in 0..CHAINS {
            let (row, rest) = rows.split_at(stride);
            add_row(&mut sums[chain], factors[chain], &load_row(&row[columns.clone()]));
            rows = rest;
        }
    }
    for factor in factors.remainder() {
        let (row, rest) = rows.split_at(stride);
        add_row(&mut sums[0], *factor, &load_row(&row[columns.clone()]));
        rows = rest;
    }
    let addends = ends.column::<L, VECTORS>(y);
    let mut total = sums[0];
    for v in 0..VECTORS {
        for chain in 1..CHAINS {
            total[v] = total[v].add(sums[chain][v]);
        }
        total[v] = total[v].add(addends[v]);
    }
    if ends.relu {
        for v in 0..VECTORS {
            total[v] = relu(total[v]);
        }
    }
    store_row(total, y);
}

/// `C = x y` for each episode: the column `x` times the row `y`.
#[inline(always)]
pub(super) fn outer<T: Float, L: Lanes<T>>(product: &Product<T>, c: &mut [T]) {
    let columns = product.size.columns;
    for (start, vectors) in parts(columns.div_ceil(L::N), VECTORS) {
        let start = start * L::N;
        let strip = start..columns.min(start + vectors * L::N);
        match vectors {
            1 => outer_each::<T, L, 1>(product, strip, c),
            2 => outer_each::<T, L, 2>(product, strip, c),
            3 => outer_each::<T, L, 3>(product, strip, c),
            _ => outer_each::<T, L, VECTORS>(product, strip, c),
        }
    }
}

/// The columns `strip` of `C = x y` for each episode.
#[inline(always)]
fn outer_each<T: Float, L: Lanes<T>, const VECTORS: usize>(
    product: &Product<T>,
    strip: Range<usize>,
    c: &mut [T],
) {
    let start = strip.start;
    for episode in 0..product.episodes {
        let (Product { a, b, ends, size, .. }, c) = product.part(episode, 1, c);
        let (x, y) = (&a.values[..size.rows], &b.values[strip.clone()]);
        outer_strip::<T, L, VECTORS>(x, y, &mut c[start..], size.columns, ends.from(0, start));
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
