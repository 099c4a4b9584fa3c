//! Copies of blocks of `A` and `B` in the order in which the tiles read them.

use super::blocking::tile_rows;
use super::matrix::Matrix;
use crate::simd::{Float, Lanes};

/// The most lanes that a vector has at any level.
pub(in crate::kernels) const MOST_LANES: usize = 16;

/// Packs `depth` rows and `width` columns of `B` into rows of whole vectors; what stands behind the last column
/// has no meaning.
#[inline(always)]
pub(super) fn pack_right<T: Float, L: Lanes<T>>(b: Matrix<T>, depth: usize, width: usize, panel: &mut [T]) {
    let whole = width.next_multiple_of(L::N);
    if b.transposed {
        for j in (0..width).step_by(L::N) {
            transpose_strip::<T, L>(b.from(0, j), depth, L::N.min(width - j), &mut panel[j..], whole);
        }
    } else {
        for (row, packed) in b.values.chunks(b.stride).zip(panel.chunks_exact_mut(whole)).take(depth) {
            let (from, to) = (row[..width].chunks(L::N), packed.chunks_exact_mut(L::N));
            for (from, to) in from.zip(to) {
                if from.len() == L::N {
                    L::load(from).store(to);
                } else {
                    L::load_partial(from).store(to);
                }
            }
        }
    }
}

/// Packs `depth` columns of `rows` numbers of a transposed `A` one behind the other.
#[inline(always)]
pub(super) fn pack_left<T: Float, L: Lanes<T>>(a: Matrix<T>, depth: usize, rows: usize, panel: &mut [T]) {
    let whole = const { tile_rows(L::LEVEL) };
    for (column, packed) in a.values.chunks(a.stride).zip(panel.chunks_exact_mut(rows)).take(depth) {
        if rows == whole {
            // A length known at compile time spares the call of a copying function.
            packed[..whole].copy_from_slice(&column[..whole]);
        } else {
            packed.copy_from_slice(&column[..rows]);
        }
    }
}

/// Writes `count` stored rows of `depth` numbers as columns: vectors of `N` numbers, `stride` apart. What stands in
/// the lanes behind `count` is a copy of the last row, of no meaning.
#[inline(always)]
fn transpose_strip<T: Float, L: Lanes<T>>(
    b: Matrix<T>,
    depth: usize,
    count: usize,
    to: &mut [T],
    stride: usize,
) {
    let mut rows = [&b.values[..depth]; MOST_LANES];
    for i in 1..L::N {
        rows[i] = &b.values[i.min(count - 1) * b.stride..][..depth];
    }
    let mut block = [L::splat(T::ZERO); MOST_LANES];
    let mut p = 0;
    while p + L::N <= depth {
        for i in 0..L::N {
            block[i] = L::load(&rows[i][p..]);
        }
        store_rows(transpose::<T, L>(block), &mut to[p * stride..], stride);
        // The last block ends with the rows: what it shares with the block before is written twice.
        p = if p + L::N < depth { (p + L::N).min(depth - L::N) } else { depth };
    }
    if p < depth {
        for i in 0..L::N {
            block[i] = L::load_partial(rows[i]);
        }
        store_rows(transpose::<T, L>(block), to, stride);
    }
}

/// Stores up to `N` vectors `stride` apart, as many as there is room for.
#[inline(always)]
fn store_rows<T: Float, L: Lanes<T>>(block: [L; MOST_LANES], to: &mut [T], stride: usize) {
    let mut rows = to.chunks_mut(stride);
    for i in 0..L::N {
        if let Some(row) = rows.next() {
            block[i].store(row);
        }
    }
}

/// Transposes the first `N` vectors of `N` lanes: each pass interleaves the two halves of the rows.
#[inline(always)]
fn transpose<T: Float, L: Lanes<T>>(mut block: [L; MOST_LANES]) -> [L; MOST_LANES] {
    let mut pass = 1;
    while pass < L::N {
        let mut next = block;
        for i in 0..L::N / 2 {
            (next[2 * i], next[2 * i + 1]) = block[i].interleave(block[i + L::N / 2]);
        }
        block = next;
        pass *= 2;
    }
    block
}

/// The sums of the lanes of `N` vectors, as one vector: each pass adds halves and halves the number of vectors.
#[inline(always)]
pub(in crate::kernels) fn sums_of_each<T: Float, L: Lanes<T>>(mut vectors: [L; MOST_LANES]) -> L {
    let mut half = L::N / 2;
    while half > 0 {
        for i in 0..half {
            let (first, second) = vectors[i].interleave(vectors[i + half]);
            vectors[i] = first.add(second);
        }
        half /= 2;
    }
    vectors[0]
}
