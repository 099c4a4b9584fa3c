//! What is to be multiplied: the matrices of all episodes, and parts of it.

use super::ends::{Ends, Start};
use super::loops::Size;
use super::matrix::Matrix;
use super::{Addend, Operand};
use crate::simd::Float;

/// The loops that a product runs through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// `C` has one column: a matrix times a vector.
    Column,
    /// `inner` is one: a column times a row.
    Outer,
    Tiles,
}

/// One product for each episode, or the sum of all.
#[derive(Clone, Copy)]
pub(super) struct Product<'a, T> {
    pub(super) episodes: usize,
    pub(super) size: Size,
    pub(super) a: Matrix<'a, T>,
    pub(super) b: Matrix<'a, T>,
    /// For the first episode.
    pub(super) ends: Ends<'a, T>,
    /// From the matrix of one episode to that of the next, in `A`, in `B` and in the addend.
    pub(super) strides: [usize; 3],
    /// Whether there is one `C`, the sum over the episodes.
    pub(super) sums: bool,
    /// Asked of the whole product, for its parts may have one row too.
    pub(super) path: Path,
}

impl<'a, T: Float> Product<'a, T> {
    #[inline(always)]
    pub(super) fn new(
        episodes: usize,
        size: Size,
        [a, b]: [Operand<'a, T>; 2],
        addend: Option<Addend<'a, T>>,
        relu: bool,
        sums: bool,
    ) -> Self {
        // A row vector lies in memory as a column does: C^T = B^T A^T.
        let turns = size.rows == 1 && size.columns > 1;
        let (rows, inner, columns) =
            if turns { (size.columns, size.inner, 1) } else { (size.rows, size.inner, size.columns) };
        let (a, b) = if turns { (b, a) } else { (a, b) };
        let addend = addend.map(|addend| if turns { Addend { row_stride: 1, ..addend } } else { addend });
        // What has one row or one column lies in memory as its transpose does; these are the ways that read it best.
        let a_transposed = rows > 1 && (a.transposed != turns || inner == 1);
        let b_transposed = columns > 1 && inner > 1 && b.transposed != turns;
        let a_stride = if a_transposed { rows } else { inner };
        let b_stride = if b_transposed { inner } else { columns };
        Product {
            episodes,
            size: Size { rows, inner, columns },
            a: Matrix { values: a.values, stride: a_stride, transposed: a_transposed },
            b: Matrix { values: b.values, stride: b_stride, transposed: b_transposed },
            ends: Ends { start: addend.map_or(Start::Zero, |addend| Start::At(addend.first())), relu },
            strides: [a.episode_stride, b.episode_stride, addend.map_or(0, |addend| addend.episode_stride)],
            sums,
            path: match (inner, columns) {
                (_, 1) => Path::Column,
                (1, _) => Path::Outer,
                _ => Path::Tiles,
            },
        }
    }

    /// The same product, added to what is in `C`.
    #[inline(always)]
    pub(super) fn onto_what_is_there(self) -> Self {
        Product { ends: Ends { start: Start::There, ..self.ends }, ..self }
    }

    /// The same product under the name of the number that it holds.
    #[inline(always)]
    pub(super) fn cast<U: Float>(self) -> Product<'a, U> {
        let Product { episodes, size, strides, sums, path, .. } = self;
        let (a, b, ends) = (self.a.cast(), self.b.cast(), self.ends.cast());
        Product { episodes, size, a, b, ends, strides, sums, path }
    }

    /// The product of the episodes from `first`.
    #[inline(always)]
    pub(super) fn episodes_from(self, first: usize, episodes: usize) -> Self {
        let [a, b, addend] = self.strides;
        let (a, b) = (self.a.skip(first * a), self.b.skip(first * b));
        Product { episodes, a, b, ends: self.ends.skip(first * addend), ..self }
    }

    pub(super) fn rows_from(self, first: usize, rows: usize) -> Self {
        Product {
            size: Size { rows, ..self.size },
            a: self.a.from(first, 0),
            ends: self.ends.from(first, 0),
            ..self
        }
    }

    /// The product of some of the episodes, and their `C`.
    #[inline(always)]
    pub(super) fn part(self, first: usize, episodes: usize, c: &mut [T]) -> (Self, &mut [T]) {
        let part = self.episodes_from(first, episodes);
        if self.sums {
            let ends = part.ends.step(first == 0, first + episodes == self.episodes);
            return (Product { ends, ..part }, c);
        }
        let length = self.size.rows * self.size.columns;
        (part, &mut c[first * length..][..episodes * length])
    }
}
