//! Copies of blocks of `A` and `B` in the order in which the tiles read them.

use super::blocking::{parts, tile_rows};
use super::ends::{load_row, store_row};
use super::matrix::Matrix;
use crate::simd::{Float, Kernel, Lanes};

/// The most lanes that a vector has at any level.
pub(in crate::kernels) const MOST_LANES: usize = 16;

/// Packs `depth` rows and `width` columns of `B` into rows of `VECTORS` vectors; what stands behind the last column has no
/// meaning.
#[inline(always)]
pub(super) fn pack_right<T: Float, L: Lanes<T>, const VECTORS: usize>(
    b: Matrix<T>,
    depth: usize,
    width: usize,
    panel: &mut [T],
) {
    if b.transposed {
        for v in 0..VECTORS {
            let start = v * L::N;
            let count = L::N.min(width - start);
            transpose_strip::<T, L, VECTORS>(b.from(0, start), depth, count, &mut panel[start..]);
        }
    } else {
        let rows = b.values.chunks(b.stride).zip(panel.chunks_exact_mut(VECTORS * L::N));
        for (row, packed) in rows.take(depth) {
            store_row(load_row::<T, L, VECTORS>(&row[..width]), packed);
        }
    }
}

/// Packs a block of `rows` rows and `depth` columns of a transposed `A`, tile by tile, its columns one behind the other.
pub(super) struct PackLeft<'a, T> {
    pub(super) block: Matrix<'a, T>,
    pub(super) depth: usize,
    pub(super) rows: usize,
    pub(super) packed: &'a mut [T],
}

impl<T: Float> Kernel<T> for PackLeft<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let whole = const { tile_rows(L::LEVEL) };
        for (start, rows) in parts(self.rows, whole) {
            let panel = &mut self.packed[self.depth * start..][..self.depth * rows];
            let columns = self.block.from(start, 0).values.chunks(self.block.stride);
            for (column, packed) in columns.zip(panel.chunks_exact_mut(rows)) {
                if rows == whole {
                    // A length known at compile time spares the call of a copying function.
                    packed[..whole].copy_from_slice(&column[..whole]);
                } else {
                    packed.copy_from_slice(&column[..rows]);
                }
            }
        }
    }
}

/// Writes `count` stored rows of `depth` numbers as columns: vectors of `N` numbers, `VECTORS` vectors apart. What stands in
/// the lanes behind `count` is a copy of the last row, of no meaning.
#[inline(always)]
fn transpose_strip<T: Float, L: Lanes<T>, const VECTORS: usize>(
    b: Matrix<T>,
    depth: usize,
    count: usize,
    to: &mut [T],
) {
    let mut rows = [&b.values[..depth]; MOST_LANES];
    let mut rest = b.values.chunks(b.stride).take(count);
    let mut row = rows[0];
    for i in 0..L::N {
        if let Some(next) = rest.next() {
            row = &next[..depth];
        }
        rows[i] = row;
    }
    let mut block = [L::splat(T::ZERO); MOST_LANES];
    let mut p = 0;
    while p + L::N <= depth {
        for i in 0..L::N {
            block[i] = L::load(&rows[i][p..]);
        }
        block = transpose::<T, L>(block);
        let to = &mut to[p * VECTORS * L::N..][..((L::N - 1) * VECTORS + 1) * L::N];
        for i in 0..L::N {
            block[i].store(&mut to[i * VECTORS * L::N..]);
        }
        // The last block ends with the rows: what it shares with the block before is written twice.
        p = if p + L::N < depth { (p + L::N).min(depth - L::N) } else { depth };
    }
    if p < depth {
        for i in 0..L::N {
            block[i] = L::load_partial(rows[i]);
        }
        block = transpose::<T, L>(block);
        for i in 0..L::N {
            if i < depth {
                block[i].store(&mut to[i * VECTORS * L::N..]);
            }
        }
    }
}

/// Transposes the first `N` vectors of `N` lanes: first whole parts change places, between rows that stand `PART` apart,
/// then the lanes within the parts. Interleaving whole vectors in place of both made 10x40x40 with a transposed `B` a
/// tenth slower.
#[inline(always)]
pub(in crate::kernels) fn transpose<T: Float, L: Lanes<T>>(mut block: [L; MOST_LANES]) -> [L; MOST_LANES] {
    let parts = const { L::N / L::PART };
    let mut pass = 1;
    while pass < parts {
        let mut next = block;
        for row in 0..L::PART {
            for i in 0..parts / 2 {
                let pair = (block[2 * i * L::PART + row], block[(2 * i + 1) * L::PART + row]);
                let (even, odd) = pair.0.deal_parts(pair.1);
                (next[i * L::PART + row], next[(i + parts / 2) * L::PART + row]) = (even, odd);
            }
        }
        block = next;
        pass *= 2;
    }
    pass = 1;
    while pass < L::PART {
        let mut next = block;
        for part in (0..L::N).step_by(L::PART) {
            for i in 0..L::PART / 2 {
                let (low, high) = block[part + i].interleave_parts(block[part + i + L::PART / 2]);
                (next[part + 2 * i], next[part + 2 * i + 1]) = (low, high);
            }
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
