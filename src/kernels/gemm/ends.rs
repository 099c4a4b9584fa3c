//! What the sums of a product begin at, and what is done to them before they are stored.

use super::matrix::Matrix;
use crate::simd::{Float, Lanes};

/// Where the chains of multiply-adds begin.
#[derive(Clone, Copy)]
pub(super) enum Start<'a, T> {
    Zero,
    /// At what is in `C`.
    There,
    /// At a matrix of the size of `C`; a stride of zero repeats one row.
    At(Matrix<'a, T>),
}

/// The start of the chains of multiply-adds, and whether relu is their end.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a, T> {
    pub(super) start: Start<'a, T>,
    pub(super) relu: bool,
}

impl<'a, T: Float> Ends<'a, T> {
    /// The ends of the part of `C` that starts at element `(row, column)`.
    #[inline(always)]
    pub(super) fn from(self, row: usize, column: usize) -> Self {
        match self.start {
            Start::At(addend) => Ends { start: Start::At(addend.from(row, column)), ..self },
            Start::Zero | Start::There => self,
        }
    }

    /// The ends whose addend lies `count` numbers further on.
    #[inline(always)]
    pub(super) fn skip(self, count: usize) -> Self {
        match self.start {
            Start::At(addend) => Ends { start: Start::At(addend.skip(count)), ..self },
            Start::Zero | Start::There => self,
        }
    }

    /// The same ends under the name of the number that they hold.
    pub(super) fn cast<U: Float>(self) -> Ends<'a, U> {
        let start = match self.start {
            Start::Zero => Start::Zero,
            Start::There => Start::There,
            Start::At(addend) => Start::At(addend.cast()),
        };
        Ends { start, relu: self.relu }
    }

    /// The ends of one of the steps into which a sum is cut.
    #[inline(always)]
    pub(super) fn step(self, first: bool, last: bool) -> Self {
        Ends { start: if first { self.start } else { Start::There }, relu: self.relu && last }
    }

    /// The matrix at which the chains begin, if they do not at zero; `c` has rows `stride` apart.
    #[inline(always)]
    pub(super) fn addend<'c>(self, c: &'c [T], stride: usize) -> Option<Matrix<'c, T>>
    where
        'a: 'c,
    {
        match self.start {
            Start::Zero => None,
            Start::There => Some(Matrix { values: c, stride, transposed: false }),
            Start::At(addend) => Some(addend),
        }
    }

    /// The numbers at which the column `c` of `C` begins: at most `VECTORS` vectors and more than one vector less.
    #[inline(always)]
    pub(super) fn column<L: Lanes<T>, const VECTORS: usize>(self, c: &[T]) -> [L; VECTORS] {
        match self.addend(c, 1) {
            None => [L::splat(T::ZERO); VECTORS],
            Some(Matrix { values, stride: 0, .. }) => [L::splat(values[0]); VECTORS],
            Some(Matrix { values, .. }) => load_row(&values[..c.len()]),
        }
    }
}

/// `max(x, 0)`, and NaN where `x` is.
#[inline(always)]
pub(super) fn relu<T: Float, L: Lanes<T>>(x: L) -> L {
    L::select(x.le(L::splat(T::ZERO)), L::splat(T::ZERO), x)
}

/// A row of at most `VECTORS` vectors and more than one vector less, zeros behind it.
#[inline(always)]
pub(super) fn load_row<T: Float, L: Lanes<T>, const VECTORS: usize>(row: &[T]) -> [L; VECTORS] {
    let mut vectors = [L::splat(T::ZERO); VECTORS];
    for v in 0..VECTORS - 1 {
        vectors[v] = L::load(&row[v * L::N..]);
    }
    vectors[VECTORS - 1] = L::load_partial(&row[(VECTORS - 1) * L::N..]);
    vectors
}

/// Writes a row of at most `VECTORS` vectors and more than one vector less.
#[inline(always)]
pub(super) fn store_row<T: Float, L: Lanes<T>, const VECTORS: usize>(vectors: [L; VECTORS], row: &mut [T]) {
    for v in 0..VECTORS - 1 {
        vectors[v].store(&mut row[v * L::N..]);
    }
    let last = &mut row[(VECTORS - 1) * L::N..];
    // Where the row ends with a vector, that is cheaper than any part of one.
    if last.len() == L::N {
        vectors[VECTORS - 1].store(last);
    } else {
        vectors[VECTORS - 1].store_partial(last);
    }
}
