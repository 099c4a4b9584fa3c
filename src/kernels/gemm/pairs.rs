//! The micro-kernel for tiles whose last vector of columns is at most half full: two rows share that vector.
//!
//! 40 columns are two and a half vectors of 16; without sharing a sixth of the work is on lanes that hold nothing. Shared, 10x40x40
//! takes 400 cycles (of the time stamp counter) in place of 453, and 350 in place of 400 among many.

use super::ends::{Ends, load_row, relu, store_row};
use super::matrix::Matrix;
use super::tile::{Right, add_row};
use crate::simd::{Float, Lanes};

/// `C = A B`, with its [`Ends`], for `rows` rows of `C`, twice `PAIRS` or one less but not one, and `right.width` columns: `VECTORS` whole vectors and at
/// most half a vector more. The same chains of multiply-adds as those of [`tile`](super::tile::tile).
#[inline(always)]
pub(super) fn tile_of_pairs<T: Float, L: Lanes<T>, const PAIRS: usize, const VECTORS: usize>(
    rows: usize,
    depth: usize,
    left: Matrix<T>,
    right: Right<T>,
    c: &mut [T],
    stride: usize,
    ends: Ends<T>,
) {
    let whole = VECTORS * L::N;
    assert!(rows >= 2 && (2 * PAIRS - 1..=2 * PAIRS).contains(&rows));
    // The first row of each pair. Where the rows are odd the last two pairs share one, computed twice: alone it would take
    // as long as a tile, for each step waits for the one before.
    let mut starts = [0; PAIRS];
    for i in 0..PAIRS {
        starts[i] = if i + 1 < PAIRS { 2 * i } else { rows - 2 };
    }
    let mut sums = [[[L::splat(T::ZERO); VECTORS]; 2]; PAIRS];
    let mut tails = [L::splat(T::ZERO); PAIRS];
    if let Some(addend) = ends.addend(c, stride) {
        for i in 0..PAIRS {
            let row = |i: usize| &addend.values[i * addend.stride..][..right.width];
            let (first, second) = (row(starts[i]), row(starts[i] + 1));
            sums[i] = [load_row(&first[..whole]), load_row(&second[..whole])];
            tails[i] = L::load_partial(&first[whole..]).join_halves(L::load_partial(&second[whole..]));
        }
    }
    if left.transposed {
        for p in 0..depth {
            let (vectors, tail) = row_and_tail::<T, L, VECTORS>(right, p);
            let column = &left.values[p * left.stride..][..rows];
            for i in 0..PAIRS {
                let (first, second) = (column[starts[i]], column[starts[i] + 1]);
                add_row(&mut sums[i][0], first, &vectors);
                add_row(&mut sums[i][1], second, &vectors);
                tails[i] = L::splat(first).join_halves(L::splat(second)).mul_add(tail, tails[i]);
            }
        }
    } else {
        let mut lines = [[&left.values[..depth]; 2]; PAIRS];
        for i in 0..PAIRS {
            for j in 0..2 {
                lines[i][j] = &left.values[(starts[i] + j) * left.stride..][..depth];
            }
        }
        for p in 0..depth {
            let (vectors, tail) = row_and_tail::<T, L, VECTORS>(right, p);
            for i in 0..PAIRS {
                let (first, second) = (lines[i][0][p], lines[i][1][p]);
                add_row(&mut sums[i][0], first, &vectors);
                add_row(&mut sums[i][1], second, &vectors);
                tails[i] = L::splat(first).join_halves(L::splat(second)).mul_add(tail, tails[i]);
            }
        }
    }
    for i in 0..PAIRS {
        if ends.relu {
            for v in 0..VECTORS {
                sums[i][0][v] = relu(sums[i][0][v]);
                sums[i][1][v] = relu(sums[i][1][v]);
            }
            tails[i] = relu(tails[i]);
        }
        let (first, second) = c[starts[i] * stride..].split_at_mut(stride);
        store_row(sums[i][0], &mut first[..whole]);
        tails[i].store_partial(&mut first[whole..right.width]);
        store_row(sums[i][1], &mut second[..whole]);
        tails[i].second_half().store_partial(&mut second[whole..right.width]);
    }
}

/// The whole vectors of row `p` under the tile, and what is behind them, twice.
#[inline(always)]
fn row_and_tail<T: Float, L: Lanes<T>, const VECTORS: usize>(right: Right<T>, p: usize) -> ([L; VECTORS], L) {
    let row = &right.values[p * right.stride..][..right.width];
    let tail = L::load_partial(&row[VECTORS * L::N..]);
    (load_row(&row[..VECTORS * L::N]), tail.join_halves(tail))
}
