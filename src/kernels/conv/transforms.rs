//! The transforms of Winograd's F(2x2, 3x3): five small matrices, each as what it does to one column.

// Arrays of vectors are registers: written with indices their loops unroll, and no closure, which would be compiled
// without the level's instructions, stands between.
#![allow(clippy::needless_range_loop)]

use crate::simd::{Float, Lanes};

/// A matrix of `TO` rows and `FROM` columns.
pub(super) trait Transform<const FROM: usize, const TO: usize>: Copy {
    /// The matrix times a column.
    fn of<T: Float, L: Lanes<T>>(self, column: [L; FROM]) -> [L; TO];
}

/// `B^T`: of a tile of images.
#[derive(Clone, Copy)]
pub(super) struct OfImages;
/// `G`: of a window of weights.
#[derive(Clone, Copy)]
pub(super) struct OfWeights;
/// `A^T`: to a tile of results.
#[derive(Clone, Copy)]
pub(super) struct ToResults;
/// `A`, the transpose of [`ToResults`]: of a tile of cotangents.
#[derive(Clone, Copy)]
pub(super) struct OfResults;
/// `G^T`, the transpose of [`OfWeights`]: to a window of weights.
#[derive(Clone, Copy)]
pub(super) struct ToWeights;

impl Transform<4, 4> for OfImages {
    #[inline(always)]
    fn of<T: Float, L: Lanes<T>>(self, [a, b, c, d]: [L; 4]) -> [L; 4] {
        [a.sub(c), b.add(c), c.sub(b), b.sub(d)]
    }
}

impl Transform<3, 4> for OfWeights {
    #[inline(always)]
    fn of<T: Float, L: Lanes<T>>(self, [a, b, c]: [L; 3]) -> [L; 4] {
        let half = L::splat(T::from_f64(0.5));
        let (ends, middle) = (a.add(c).mul(half), b.mul(half));
        [a, ends.add(middle), ends.sub(middle), c]
    }
}

impl Transform<4, 2> for ToResults {
    #[inline(always)]
    fn of<T: Float, L: Lanes<T>>(self, [a, b, c, d]: [L; 4]) -> [L; 2] {
        [a.add(b.add(c)), b.sub(c).sub(d)]
    }
}

impl Transform<2, 4> for OfResults {
    #[inline(always)]
    fn of<T: Float, L: Lanes<T>>(self, [a, b]: [L; 2]) -> [L; 4] {
        [a, a.add(b), a.sub(b), b.neg()]
    }
}

impl Transform<4, 3> for ToWeights {
    #[inline(always)]
    fn of<T: Float, L: Lanes<T>>(self, [a, b, c, d]: [L; 4]) -> [L; 3] {
        let half = L::splat(T::from_f64(0.5));
        let both = b.add(c).mul(half);
        [a.add(both), b.sub(c).mul(half), both.add(d)]
    }
}

/// The matrix times a tile times the transpose of the matrix.
#[inline(always)]
pub(super) fn both_ways<M: Transform<FROM, TO>, T: Float, L: Lanes<T>, const FROM: usize, const TO: usize>(
    matrix: M,
    tile: [[L; FROM]; FROM],
) -> [[L; TO]; TO] {
    let zero = L::splat(T::ZERO);
    let mut tall = [[zero; FROM]; TO];
    for j in 0..FROM {
        let mut column = [zero; FROM];
        for i in 0..FROM {
            column[i] = tile[i][j];
        }
        let column = matrix.of(column);
        for i in 0..TO {
            tall[i][j] = column[i];
        }
    }
    let mut out = [[zero; TO]; TO];
    for i in 0..TO {
        out[i] = matrix.of(tall[i]);
    }
    out
}
