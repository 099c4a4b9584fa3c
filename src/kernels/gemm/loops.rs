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

    /// Whether the product is one column of tiles, read in place. Then the episodes can pass one behind the other within
    /// the loops, which are much of the work where the products are small.
    #[inline(always)]
    pub(super) fn is_one_strip<T: Float, L: Lanes<T>>(self, a: Matrix<T>, b: Matrix<T>) -> bool {
        self.columns <= L::N * const { tile_vectors(L::LEVEL) }
            && self.rows <= ROWS
            && self.inner <= DEPTH
            && !self.packs_left(a)
            && !self.packs_right(b)
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
            if packs_right {
                for (start, length) in parts(vectors, tile_vectors(L::LEVEL)) {
                    let start = start * L::N;
                    let width = (length * L::N).min(columns - start);
                    pack_right::<T, L>(
                        b.from(p, column + start),
                        depth,
                        width,
                        &mut packed_right[depth * start..][..depth * length * L::N],
                    );
                }
            }
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
                    let right = if packs_right {
                        let values = &packed_right[depth * start..][..depth * length * L::N];
                        Right { values, stride: length * L::N, width }
                    } else {
                        let b = b.from(p, column + start);
                        Right { values: b.values, stride: b.stride, width }
                    };
                    let strip = Strip {
                        episodes: product.episodes,
                        strides: product.strides,
                        c_stride: if product.sums { 0 } else { size.rows * size.columns },
                        depth,
                        rows,
                        left: if packs_left { None } else { Some(a.from(row, p)) },
                        packed_left,
                        right,
                        whole: packs_right || width == length * L::N,
                        stride: size.columns,
                        ends: ends.from(row, column + start),
                    };
                    let c = &mut c[row * size.columns + column + start..];
                    match length {
                        1 => strip.multiply::<L, 1>(c),
                        2 => strip.multiply::<L, 2>(c),
                        _ => strip.multiply::<L, 3>(c),
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
    right: Right<'a, T>,
    /// Whether the rows of the panel are whole vectors.
    whole: bool,
    /// From one row of `C` to the next.
    stride: usize,
    ends: Ends<'a, T>,
}

impl<T: Float> Strip<'_, T> {
    #[inline(always)]
    fn multiply<L: Lanes<T>, const VECTORS: usize>(&self, c: &mut [T]) {
        if VECTORS > const { tile_vectors(L::LEVEL) } {
            unreachable!("no strip is wider than a tile");
        } else if const { tile_pairs(L::LEVEL) > 0 && VECTORS > 1 }
            && self.left.is_some()
            && self.right.width <= (VECTORS - 1) * L::N + L::N / 2
        {
            match VECTORS {
                2 => self.each_episode::<L, 1, false, true>(c),
                _ => self.each_episode::<L, 2, false, true>(c),
            }
        } else if self.whole {
            self.each_episode::<L, VECTORS, true, false>(c);
        } else {
            self.each_episode::<L, VECTORS, false, false>(c);
        }
    }

    #[inline(always)]
    fn each_episode<L: Lanes<T>, const VECTORS: usize, const WHOLE: bool, const PAIRS: bool>(
        &self,
        c: &mut [T],
    ) {
        let [a, b, addend] = self.strides;
        for episode in 0..self.episodes {
            let left = match self.left {
                Some(left) => Some(left.skip(episode * a)),
                None => None,
            };
            let right = Right { values: &self.right.values[episode * b..], ..self.right };
            let ends = self.ends.skip(episode * addend);
            let ends =
                if self.c_stride == 0 { ends.step(episode == 0, episode + 1 == self.episodes) } else { ends };
            let strip = Strip { left, right, ends, ..*self };
            let c = &mut c[episode * self.c_stride..];
            if PAIRS {
                strip.pairs::<L, VECTORS>(c);
            } else {
                strip.tiles::<L, VECTORS, WHOLE>(c);
            }
        }
    }

    #[inline(always)]
    fn tiles<L: Lanes<T>, const VECTORS: usize, const WHOLE: bool>(&self, c: &mut [T]) {
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
                1 => self.tile::<L, 1, VECTORS, WHOLE>(left, c, ends),
                2 => self.tile::<L, 2, VECTORS, WHOLE>(left, c, ends),
                3 => self.tile::<L, 3, VECTORS, WHOLE>(left, c, ends),
                4 => self.tile::<L, 4, VECTORS, WHOLE>(left, c, ends),
                5 => self.tile::<L, 5, VECTORS, WHOLE>(left, c, ends),
                6 => self.tile::<L, 6, VECTORS, WHOLE>(left, c, ends),
                7 if const { tile_rows(L::LEVEL) > 6 } => self.tile::<L, 7, VECTORS, WHOLE>(left, c, ends),
                _ if const { tile_rows(L::LEVEL) > 6 } => self.tile::<L, 8, VECTORS, WHOLE>(left, c, ends),
                _ => unreachable!("no tile has more rows than its level allows"),
            }
        }
    }

    /// Tiles of pairs of rows that share their last vector, the odd row alone.
    #[inline(always)]
    fn pairs<L: Lanes<T>, const VECTORS: usize>(&self, c: &mut [T]) {
        let left = self.left.expect("A is read in place");
        for (start, length) in parts(self.rows / 2, tile_pairs(L::LEVEL)) {
            let (left, ends) = (left.from(2 * start, 0), self.ends.from(2 * start, 0));
            let (depth, right, stride, c) =
                (self.depth, self.right, self.stride, &mut c[2 * start * self.stride..]);
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
                1 => self.tile::<L, 1, 2, false>(left, c, ends),
                _ => self.tile::<L, 1, 3, false>(left, c, ends),
            }
        }
    }

    #[inline(always)]
    fn tile<L: Lanes<T>, const ROWS: usize, const VECTORS: usize, const WHOLE: bool>(
        &self,
        left: Matrix<T>,
        c: &mut [T],
        ends: Ends<T>,
    ) {
        tile::<T, L, ROWS, VECTORS, WHOLE>(self.depth, left, self.right, c, self.stride, ends);
    }
}
