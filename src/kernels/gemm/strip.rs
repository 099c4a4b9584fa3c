//! The kernel that a product is made of: a column of tiles.

use super::blocking::{parts, tile_pairs, tile_rows, tile_vectors};
use super::ends::Ends;
use super::matrix::Matrix;
use super::packing::pack_right;
use super::pairs::tile_of_pairs;
use super::product::Product;
use super::tile::{Right, tile};
use crate::simd::{Float, Kernel, Lanes};

/// A product that is not wider than a tile, for each episode.
pub(super) struct Strip<'a, T> {
    pub(super) product: &'a Product<'a, T>,
    pub(super) c: &'a mut [T],
    /// From one row of `C` to the next.
    pub(super) stride: usize,
    /// `A`, if it is packed.
    pub(super) left: Option<&'a [T]>,
    /// Where `B` is packed, if it is, and whether that is done.
    pub(super) right: Option<(&'a mut [T], bool)>,
}

impl<T: Float> Kernel<T> for Strip<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        match self.product.size.columns.div_ceil(L::N) {
            1 => self.multiply::<L, 1>(),
            2 if const { tile_vectors(L::LEVEL) > 1 } => self.multiply::<L, 2>(),
            3 if const { tile_vectors(L::LEVEL) > 2 } => self.multiply::<L, 3>(),
            _ => unreachable!("no strip is wider than a tile"),
        }
    }
}

impl<T: Float> Strip<'_, T> {
    #[inline(always)]
    fn multiply<L: Lanes<T>, const VECTORS: usize>(mut self) {
        let Product { episodes, size, sums, strides: [_, b_stride, _], .. } = *self.product;
        for episode in 0..episodes {
            let Product { a, b, ends, .. } = self.product.episodes_from(episode, 1);
            let ends = if sums { ends.step(episode == 0, episode + 1 == episodes) } else { ends };
            let (right, whole) = match &mut self.right {
                Some((panel, is_packed)) => {
                    if !*is_packed && (episode == 0 || b_stride > 0) {
                        pack_right::<T, L, VECTORS>(b, size.inner, size.columns, panel);
                    }
                    (Right { values: panel, stride: VECTORS * L::N, width: size.columns }, true)
                }
                None => {
                    let right = Right { values: b.values, stride: b.stride, width: size.columns };
                    (right, size.columns == VECTORS * L::N)
                }
            };
            let c = &mut self.c[if sums { 0 } else { episode * size.rows * size.columns }..];
            let tiles = Tiles {
                depth: size.inner,
                rows: size.rows,
                left: if self.left.is_some() { None } else { Some(a) },
                packed_left: self.left.unwrap_or(&[]),
                stride: self.stride,
                ends,
            };
            tiles.multiply::<L, VECTORS>(right, whole, c);
        }
    }
}

/// The tiles of a strip for one episode.
struct Tiles<'a, T> {
    depth: usize,
    rows: usize,
    /// `A` where it lies, if it is not packed.
    left: Option<Matrix<'a, T>>,
    packed_left: &'a [T],
    /// From one row of `C` to the next.
    stride: usize,
    ends: Ends<'a, T>,
}

impl<T: Float> Tiles<'_, T> {
    #[inline(always)]
    fn multiply<L: Lanes<T>, const VECTORS: usize>(&self, right: Right<T>, whole: bool, c: &mut [T]) {
        if const { tile_pairs(L::LEVEL) > 0 && VECTORS > 1 }
            && self.left.is_some()
            && right.width <= (VECTORS - 1) * L::N + L::N / 2
            && self.rows > 1
        {
            match VECTORS {
                2 => self.pairs::<L, 1>(right, c),
                _ => self.pairs::<L, 2>(right, c),
            }
        } else if whole {
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

    /// Tiles of pairs of rows that share their last vector.
    #[inline(always)]
    fn pairs<L: Lanes<T>, const VECTORS: usize>(&self, right: Right<T>, c: &mut [T]) {
        let left = self.left.expect("A is read in place");
        for (start, pairs) in parts(self.rows.div_ceil(2), tile_pairs(L::LEVEL)) {
            let start = 2 * start;
            let rows = (2 * pairs).min(self.rows - start);
            let (left, ends) = (left.from(start, 0), self.ends.from(start, 0));
            let (depth, stride, c) = (self.depth, self.stride, &mut c[start * self.stride..]);
            match pairs {
                1 => tile_of_pairs::<T, L, 1, VECTORS>(rows, depth, left, right, c, stride, ends),
                2 => tile_of_pairs::<T, L, 2, VECTORS>(rows, depth, left, right, c, stride, ends),
                3 => tile_of_pairs::<T, L, 3, VECTORS>(rows, depth, left, right, c, stride, ends),
                4 => tile_of_pairs::<T, L, 4, VECTORS>(rows, depth, left, right, c, stride, ends),
                _ => tile_of_pairs::<T, L, 5, VECTORS>(rows, depth, left, right, c, stride, ends),
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
