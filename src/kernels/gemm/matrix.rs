//! A matrix as it lies in memory.

use crate::simd::Float;

/// A matrix whose element `(i, j)` lies at `values[i * stride + j]`, or at `values[j * stride + i]` if transposed.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a, T> {
    pub(super) values: &'a [T],
    pub(super) stride: usize,
    pub(super) transposed: bool,
}

impl<'a, T: Copy> Matrix<'a, T> {
    /// The part that starts at element `(row, column)`.
    #[inline(always)]
    pub(super) fn from(self, row: usize, column: usize) -> Self {
        let (i, j) = if self.transposed { (column, row) } else { (row, column) };
        self.skip(i * self.stride + j)
    }

    /// The matrix `count` numbers further on.
    #[inline(always)]
    pub(super) fn skip(self, count: usize) -> Self {
        Matrix { values: &self.values[count..], ..self }
    }
}

impl<'a, T: Float> Matrix<'a, T> {
    /// The same matrix under the name of the number that it holds.
    ///
    /// # Panics
    /// It holds another.
    pub(super) fn cast<U: Float>(self) -> Matrix<'a, U> {
        Matrix { values: bytemuck::cast_slice(self.values), stride: self.stride, transposed: self.transposed }
    }
}
