//! The loops around the strips of tiles.

use super::blocking::{COLUMNS, DEPTH, PACK_STRIDE, PACK_USES, ROWS, lanes, parts, tile_vectors};
use super::matrix::Matrix;
use super::packing::PackLeft;
use super::product::Product;
use super::strip::Strip;
use crate::simd::{self, Float, level};

/// The rows, the inner dimension and the columns of one product.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) rows: usize,
    pub(super) inner: usize,
    pub(super) columns: usize,
}

impl Size {
    /// Whether blocks of `A` are copied before they are read.
    pub(super) fn packs_left<T>(self, a: Matrix<T>) -> bool {
        a.transposed && a.stride * size_of::<T>() >= PACK_STRIDE && self.columns >= PACK_USES
    }

    /// Whether blocks of `B` are copied before they are read: always where its rows are not contiguous.
    pub(super) fn packs_right<T>(self, b: Matrix<T>) -> bool {
        b.transposed || (b.stride * size_of::<T>() >= PACK_STRIDE && self.rows >= PACK_USES)
    }

    /// Whether the product is one column of tiles.
    #[inline]
    pub(super) fn is_one_strip<T>(self, a: Matrix<T>) -> bool {
        let columns = lanes::<T>(level()) * tile_vectors(level());
        self.rows <= ROWS && self.inner <= DEPTH && self.columns <= columns && !self.packs_left(a)
    }

    /// The numbers that a packed block of `A` and of `B` hold at most, at any level.
    pub(super) fn packed<T>(self, a: Matrix<T>, b: Matrix<T>) -> (usize, usize) {
        let depth = self.inner.min(DEPTH);
        let left = if self.packs_left(a) { depth * self.rows.min(ROWS) } else { 0 };
        let columns = self.columns.min(COLUMNS).next_multiple_of(64 / size_of::<T>());
        (left, if self.packs_right(b) { depth * columns } else { 0 })
    }
}

/// All of `C`, of one episode, strip by strip.
pub(super) fn multiply<T: Float>(
    product: &Product<T>,
    c: &mut [T],
    (packed_left, packed_right): (&mut [T], &mut [T]),
) {
    let Product { size, a, b, ends, .. } = *product;
    let (packs_left, packs_right) = (size.packs_left(a), size.packs_right(b));
    let lanes = lanes::<T>(level());
    for column in (0..size.columns).step_by(COLUMNS) {
        let columns = COLUMNS.min(size.columns - column);
        for (p, inner) in parts(size.inner, DEPTH) {
            let ends = ends.step(p == 0, p + inner == size.inner);
            for row in (0..size.rows).step_by(ROWS) {
                let rows = ROWS.min(size.rows - row);
                if packs_left {
                    simd::run(PackLeft { block: a.from(row, p), depth: inner, rows, packed: packed_left });
                }
                for (start, length) in parts(columns.div_ceil(lanes), tile_vectors(level())) {
                    let start = start * lanes;
                    let panel = inner * start..inner * (start + length * lanes);
                    let columns = (length * lanes).min(columns - start);
                    let strip = Product {
                        size: Size { rows, inner, columns },
                        a: a.from(row, p),
                        b: b.from(p, column + start),
                        ends: ends.from(row, column + start),
                        ..*product
                    };
                    simd::run(Strip {
                        product: &strip,
                        c: &mut c[row * size.columns + column + start..],
                        stride: size.columns,
                        left: if packs_left { Some(packed_left) } else { None },
                        right: if packs_right { Some((&mut packed_right[panel], row > 0)) } else { None },
                    });
                }
            }
        }
    }
}
