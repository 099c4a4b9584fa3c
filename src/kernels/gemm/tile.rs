//! The micro-kernel: a tile of `C` held in registers while `inner` passes by.

use super::ends::{Ends, load_row, relu, store_row};
use super::matrix::Matrix;
use crate::simd::{Float, Lanes};

/// The rows of `B`, or of a packed panel of it, under one tile.
#[derive(Clone, Copy)]
pub(super) struct Right<'a, T> {
    /// Row `p` starts at `p * stride`.
    pub(super) values: &'a [T],
    pub(super) stride: usize,
    /// How many columns of `C` the tile covers.
    pub(super) width: usize,
}

/// `C = A B`, with its [`Ends`], for `ROWS` rows and `right.width` columns of `C`, at most `VECTORS` vectors and more than
/// one vector less. `WHOLE` says that every row of `right` has whole vectors, whatever the width.
///
/// Each element is one chain of multiply-adds, begun at zero, at its value in `C` or at its addend: cutting `inner` into blocks, or
/// the rows and columns into other tiles, changes no bit.
#[inline(always)]
pub(super) fn tile<T: Float, L: Lanes<T>, const ROWS: usize, const VECTORS: usize, const WHOLE: bool>(
    depth: usize,
    left: Matrix<T>,
    right: Right<T>,
    c: &mut [T],
    stride: usize,
    ends: Ends<T>,
) {
    let mut sums = [[L::splat(T::ZERO); VECTORS]; ROWS];
    if let Some(addend) = ends.addend(c, stride) {
        for i in 0..ROWS {
            sums[i] = load_row(&addend.values[i * addend.stride..][..right.width]);
        }
    }
    if left.transposed {
        for p in 0..depth {
            let vectors = right.row::<L, VECTORS, WHOLE>(p);
            let column: &[T; ROWS] = left.values[p * left.stride..][..ROWS].try_into().expect("ROWS numbers");
            for i in 0..ROWS {
                add_row(&mut sums[i], column[i], &vectors);
            }
        }
    } else {
        let mut rows = [&left.values[..depth]; ROWS];
        for i in 1..ROWS {
            rows[i] = &left.values[i * left.stride..][..depth];
        }
        for p in 0..depth {
            let vectors = right.row::<L, VECTORS, WHOLE>(p);
            for i in 0..ROWS {
                add_row(&mut sums[i], rows[i][p], &vectors);
            }
        }
    }
    if ends.relu {
        for i in 0..ROWS {
            for v in 0..VECTORS {
                sums[i][v] = relu(sums[i][v]);
            }
        }
    }
    for i in 0..ROWS {
        store_row(sums[i], &mut c[i * stride..][..right.width]);
    }
}

impl<T: Float> Right<'_, T> {
    /// The part of row `p` under the tile, zeros behind it.
    #[inline(always)]
    fn row<L: Lanes<T>, const VECTORS: usize, const WHOLE: bool>(self, p: usize) -> [L; VECTORS] {
        let row = &self.values[p * self.stride..][..if WHOLE { VECTORS * L::N } else { self.width }];
        let mut vectors = [L::splat(T::ZERO); VECTORS];
        for v in 0..VECTORS {
            vectors[v] = if WHOLE || v + 1 < VECTORS {
                L::load(&row[v * L::N..])
            } else {
                L::load_partial(&row[v * L::N..])
            };
        }
        vectors
    }
}

/// `sums += factor * vectors`.
#[inline(always)]
pub(super) fn add_row<T: Float, L: Lanes<T>, const VECTORS: usize>(
    sums: &mut [L; VECTORS],
    factor: T,
    vectors: &[L; VECTORS],
) {
    let factor = L::splat(factor);
    for v in 0..VECTORS {
        sums[v] = factor.mul_add(vectors[v], sums[v]);
    }
}
