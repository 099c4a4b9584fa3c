//! The five loops around the micro-kernel.

use super::blocking::{
    COLUMNS, DEPTH, PACK_STRIDE, PACK_USES, ROWS, parts, tile_pairs, tile_rows, tile_vectors,
};
use super::ends::Ends;
use super::matrix::Matrix;
use super::packing::{pack_left, pack_right};
use super::pairs::tile_of_pairs;
use super::product::Product;
use super::tile::{Right, tile};
use crate::simd::{Float, Lanes};

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

    /// Whether the product is one column of tiles. Then the episodes can pass one behind the other within the loops, which
    /// are much of the work where the products are small.
    #[inline(always)]
    pub(super) fn is_one_strip<T: Float, L: Lanes<T>>(self, a: Matrix<T>) -> bool {
        let columns = L::N * const { tile_vectors(L::LEVEL) };
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

/// All of `C`, of one episode, or of more where the product [is one strip](Size::is_one_strip).
#[inline(always)]
pub(super) fn multiply<T: Float, L: Lanes<T>>(
    product: Product<T>,
    c: &mut [T],
    (packed_left, packed_right): (&mut [T], &mut [T]),
) {
    let Product { size, a, b, ends, .. } = product;
    let (packs_left, packs_right) = (size.packs_left(a), size.packs_right(b));
    for column in (0..size.columns).step_by(COLUMNS) {
        let columns = COLUMNS.min(size.columns - column);
        let vectors = columns.div_ceil(L::N);
        for p in (0..size.inner).step_by(DEPTH) {
            let depth = DEPTH.min(size.inner - p);
            let ends = ends.step(p == 0, p + depth == size.inner);
            for row in (0..size.rows).step_by(ROWS) {
                let rows = ROWS.min(size.rows - row);
                if packs_left {
                    for (start, length) in parts(rows, tile_rows(L::LEVEL)) {
                        let panel = &mut packed_left[depth * start..][..depth * length];
                        pack_left::<T, L>(a.from(row + start, p), depth, length, panel);
                    }
                }
                for (start, length) in parts(vectors, tile_vectors(L::LEVEL)) {
                    let start = start * L::N;
                    let width = (length * L::N).min(columns - start);
                    let strip = Strip {
                        episodes: product.episodes,
                        strides: product.strides,
                        c_stride: if product.sums { 0 } else { size.rows * size.columns },
                        depth,
                        rows,
                        left: if packs_left { None } else { Some(a.from(row, p)) },
                        packed_left,
                        right: b.from(p, column + start),
                        packs_right,
                        is_packed: row > 0,
                        width,
                        stride: size.columns,
                        ends: ends.from(row, column + start),
                    };
                    let c = &mut c[row * size.columns + column + start..];
                    let panel = if packs_right {
                        &mut packed_right[depth * start..][..depth * length * L::N]
                    } else {
                        &mut []
                    };
                    match length {
                        1 => strip.multiply::<L, 1>(c, panel),
                        2 => strip.multiply::<L, 2>(c, panel),
                        _ => strip.multiply::<L, 3>(c, panel),
                    }
                }
            }
        }
    }
}

/// A column of tiles: all the rows of a block of `A` times one panel of `B`, for each episode.
#[derive(Clone, Copy)]
struct Strip<'a, T> {
    episodes: usize,
    /// From one episode to the next in `A`, `B` and the addend, and in `C`; there 0 for the sum over the episodes.
    strides: [usize; 3],
    c_stride: usize,
    depth: usize,
    rows: usize,
    /// The block of `A` where it lies, if it is not packed.
    left: Option<Matrix<'a, T>>,
    packed_left: &'a [T],
    /// The block of `B` where it lies, whether it is packed into a panel, and whether that is done.
    right: Matrix<'a, T>,
    packs_right: bool,
    is_packed: bool,
    /// How many columns the strip covers.
    width: usize,
    /// From one row of `C` to the next.
    stride: usize,
    ends: Ends<'a, T>,
}

impl<T: Float> Strip<'_, T> {
    #[inline(always)]
    fn multiply<L: Lanes<T>, const VECTORS: usize>(&self, c: &mut [T], panel: &mut [T]) {
        if VECTORS > const { tile_vectors(L::LEVEL) } {
            unreachable!("no strip is wider than a tile");
        }
        let [a, b, addend] = self.strides;
        for episode in 0..self.episodes {
            let right = self.right.skip(episode * b);
            let right = if self.packs_right {
                if !self.is_packed && (episode == 0 || b > 0) {
                    pack_right::<T, L, VECTORS>(right, self.depth, self.width, panel);
                }
                Right { values: panel, stride: VECTORS * L::N, width: self.width }
            } else {
                Right { values: right.values, stride: right.stride, width: self.width }
            };
            let ends = self.ends.skip(episode * addend);
            let sums = self.c_stride == 0;
            let ends = if sums { ends.step(episode == 0, episode + 1 == self.episodes) } else { ends };
            let left = self.left.map(|left| left.skip(episode * a));
            let strip = Strip { left, ends, ..*self };
            strip.tiles::<L, VECTORS>(right, &mut c[episode * self.c_stride..]);
        }
    }

    #[inline(always)]
    fn tiles<L: Lanes<T>, const VECTORS: usize>(&self, right: Right<T>, c: &mut [T]) {
        if const { tile_pairs(L::LEVEL) > 0 && VECTORS > 1 }
            && self.left.is_some()
            && self.width <= (VECTORS - 1) * L::N + L::N / 2
        {
            match VECTORS {
                2 => self.pairs::<L, 1>(right, c),
                _ => self.pairs::<L, 2>(right, c),
            }
        } else if self.packs_right || self.width == VECTORS * L::N {
            self.rows::<L, VECTORS, true>(right, c);
        } else {
            self.rows::<L, VECTORS, false>(right, c);
        }
    }

    #[inline(always)]
    fn rows<L: Lanes<T>, const VECTORS: usize, const WHOLE: bool>(&self, right: Right<T>, c: &mut [T]) {
        for (start, length) in parts(self.rows, tile_rows(L::LEVEL)) {
            let left = match self.left {
                Some(block) => block.from(start, 0),
                None => {
                    let panel = &self.packed_left[self.depth * start..][..self.depth * length];
                    Matrix { values: panel, stride: length, transposed: true }
                }
            };
            let (c, ends) = (&mut c[start * self.stride..], self.ends.from(start, 0));
            match length {
                1 => self.tile::<L, 1, VECTORS, WHOLE>(left, right, c, ends),
                2 => self.tile::<L, 2, VECTORS, WHOLE>(left, right, c, ends),
                3 => self.tile::<L, 3, VECTORS, WHOLE>(left, right, c, ends),
                4 => self.tile::<L, 4, VECTORS, WHOLE>(left, right, c, ends),
                5 => self.tile::<L, 5, VECTORS, WHOLE>(left, right, c, ends),
                6 => self.tile::<L, 6, VECTORS, WHOLE>(left, right, c, ends),
                7 if const { tile_rows(L::LEVEL) > 6 } => {
                    self.tile::<L, 7, VECTORS, WHOLE>(left, right, c, ends)
                }
                _ if const { tile_rows(L::LEVEL) > 6 } => {
                    self.tile::<L, 8, VECTORS, WHOLE>(left, right, c, ends)
                }
                _ => unreachable!("no tile has more rows than its level allows"),
            }
        }
    }

    /// Tiles of pairs of rows that share their last vector, the odd row alone.
    #[inline(always)]
    fn pairs<L: Lanes<T>, const VECTORS: usize>(&self, right: Right<T>, c: &mut [T]) {
        let left = self.left.expect("A is read in place");
        for (start, length) in parts(self.rows / 2, tile_pairs(L::LEVEL)) {
            let (left, ends) = (left.from(2 * start, 0), self.ends.from(2 * start, 0));
            let (depth, stride, c) = (self.depth, self.stride, &mut c[2 * start * self.stride..]);
            match length {
                0 => {}
                1 => tile_of_pairs::<T, L, 1, VECTORS>(depth, left, right, c, stride, ends),
                2 => tile_of_pairs::<T, L, 2, VECTORS>(depth, left, right, c, stride, ends),
                3 => tile_of_pairs::<T, L, 3, VECTORS>(depth, left, right, c, stride, ends),
                4 => tile_of_pairs::<T, L, 4, VECTORS>(depth, left, right, c, stride, ends),
                _ => tile_of_pairs::<T, L, 5, VECTORS>(depth, left, right, c, stride, ends),
            }
        }
        if self.rows % 2 == 1 {
            let last = self.rows - 1;
            let (left, c, ends) = (left.from(last, 0), &mut c[last * self.stride..], self.ends.from(last, 0));
            match VECTORS {
                1 => self.tile::<L, 1, 2, false>(left, right, c, ends),
                _ => self.tile::<L, 1, 3, false>(left, right, c, ends),
            }
        }
    }

    #[inline(always)]
    fn tile<L: Lanes<T>, const ROWS: usize, const VECTORS: usize, const WHOLE: bool>(
        &self,
        left: Matrix<T>,
        right: Right<T>,
        c: &mut [T],
        ends: Ends<T>,
    ) {
        tile::<T, L, ROWS, VECTORS, WHOLE>(self.depth, left, right, c, self.stride, ends);
    }
}
