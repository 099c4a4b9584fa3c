//! Matrix products, one for each episode or summed over the episodes.
//!
//! `C_e = op(A_e) op(B_e)`, where `op` is the matrix or its transpose, in `f32` and `f64`; with an addend at its start and
//! a relu at its end, its `ends`, while `C` is in registers. A `product` is cut by `loops` into the blocks of `blocking`,
//! with `packing` where that pays; a block is made of strips, a `strip` of tiles, and a `tile`, or one of `pairs` of rows,
//! is a part of `C` in registers. Products with a `vector` need no tile; `threads` share what is large.
//!
//! # Which bits
//!
//! Each element of `C` is one chain of multiply-adds along `inner`, in order, fused where the level has fused
//! multiply-adds, and begins at its addend. Where `C` has one row or one column, the sum is split over the lanes of the
//! level instead, and the addend comes last. So the order of addition depends on the shape and on the
//! [`Level`](crate::simd::Level), never on the number of threads.
//! No product is skipped: `0 * NaN` is NaN.

// Arrays of vectors are registers: written with indices their loops unroll, and no closure, which would be compiled
// without the level's instructions, stands between.
#![allow(clippy::needless_range_loop, clippy::manual_memcpy)]

mod blocking;
mod ends;
mod loops;
mod matrix;
mod packing;
mod pairs;
mod product;
mod strip;
mod threads;
mod tile;
mod vector;

use self::loops::Size;
use self::matrix::Matrix;
pub(super) use self::packing::{MOST_LANES, sums_of_each, transpose};
use self::product::Product;
use crate::simd::Float;

/// One operand: row-major matrices, one an episode.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a, T> {
    /// The matrices of all episodes.
    pub values: &'a [T],
    /// Whether each matrix is stored as its transpose.
    pub transposed: bool,
    /// From the matrix of one episode to that of the next; 0 for one matrix shared by all.
    pub episode_stride: usize,
}

/// What is added to a product: for each episode a row-major matrix, or one row for all rows.
#[derive(Clone, Copy, Debug)]
pub struct Addend<'a, T> {
    /// The matrices, or rows, of all episodes.
    pub values: &'a [T],
    /// From one row to the next: the columns of the product, or 0 for one row repeated, as a bias is.
    pub row_stride: usize,
    /// From the first row of one episode to that of the next; 0 where all episodes share them.
    pub episode_stride: usize,
}

impl<'a, T> Addend<'a, T> {
    /// The matrix of the first episode.
    fn first(self) -> Matrix<'a, T> {
        Matrix { values: self.values, stride: self.row_stride, transposed: false }
    }
}

/// The size of a product: for each of `episodes`, `rows` x `inner` times `inner` x `columns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimensions {
    /// How many products.
    pub episodes: usize,
    /// Rows of `op(A)` and of `C`.
    pub rows: usize,
    /// Columns of `op(A)`, rows of `op(B)`.
    pub inner: usize,
    /// Columns of `op(B)` and of `C`.
    pub columns: usize,
}

/// `C_e = op(A_e) op(B_e)` for each episode `e`; `C` is `[episodes, rows, columns]`, all of it written.
///
/// # Panics
/// If an operand is too short for its dimensions, or `c` does not have just the length of `C`.
///
/// # Examples
/// ```
/// use metatape::kernels::gemm::{Dimensions, Operand, gemm};
///
/// let size = Dimensions { episodes: 1, rows: 1, inner: 2, columns: 2 };
/// let a = Operand { values: &[1.0, 2.0], transposed: false, episode_stride: 0 };
/// let b = Operand { values: &[3.0, 4.0, 5.0, 6.0], transposed: true, episode_stride: 0 };
/// let mut c = [0.0; 2];
/// gemm(size, a, b, &mut c);
/// assert_eq!(c, [1.0 * 3.0 + 2.0 * 4.0, 1.0 * 5.0 + 2.0 * 6.0]);
/// ```
#[track_caller]
pub fn gemm<T: Float>(size: Dimensions, a: Operand<T>, b: Operand<T>, c: &mut [T]) {
    gemm_add(size, a, b, None, false, c);
}

/// `C_e = op(A_e) op(B_e) + D_e` for each episode `e`, then, where `relu`, `max(C, 0)` (NaN stays NaN): a layer in one
/// pass. Without an addend `D` is zero.
///
/// # Panics
/// As [`gemm`], and if the addend is too short or its row stride neither 0 nor `columns`.
///
/// # Examples
/// ```
/// use metatape::kernels::gemm::{Addend, Dimensions, Operand, gemm_add};
///
/// let size = Dimensions { episodes: 1, rows: 2, inner: 1, columns: 2 };
/// let a = Operand { values: &[1.0, 2.0], transposed: false, episode_stride: 0 };
/// let b = Operand { values: &[3.0, -4.0], transposed: false, episode_stride: 0 };
/// let bias = Addend { values: &[0.5, 6.0], row_stride: 0, episode_stride: 0 };
/// let mut c = [0.0; 4];
/// gemm_add(size, a, b, Some(bias), true, &mut c);
/// assert_eq!(c, [3.5, 2.0, 6.5, 0.0]);
/// ```
#[track_caller]
pub fn gemm_add<T: Float>(
    size: Dimensions,
    a: Operand<T>,
    b: Operand<T>,
    addend: Option<Addend<T>>,
    relu: bool,
    c: &mut [T],
) {
    check("gemm", size, a, b, addend, c, size.episodes * size.rows * size.columns);
    let Dimensions { episodes, rows, inner, columns } = size;
    // A row vector, and a column vector, is stored as its transpose is.
    let upright = !a.transposed || rows == 1 || inner == 1;
    let stacks = addend.is_none_or(|addend| addend.episode_stride == rows * addend.row_stride);
    let folds = upright && stacks && (b.episode_stride == 0 && a.episode_stride == rows * inner);
    let (episodes, rows) = if folds { (1, episodes * rows) } else { (episodes, rows) };
    let a = Operand { transposed: a.transposed && !folds, ..a };
    Product::new(episodes, Size { rows, inner, columns }, [a, b], addend, relu, false).compiled(c);
}

/// `C += op(A) op(B)`, for one episode.
#[track_caller]
pub(super) fn gemm_onto<T: Float>(size: Dimensions, a: Operand<T>, b: Operand<T>, c: &mut [T]) {
    check("gemm_onto", size, a, b, None, c, size.rows * size.columns);
    let Dimensions { rows, inner, columns, .. } = size;
    if inner > 0 {
        let product = Product::new(1, Size { rows, inner, columns }, [a, b], None, false, false);
        product.onto_what_is_there().compiled(c);
    }
}

/// `C = sum over e of op(A_e) op(B_e)`, the episodes in order; `C` is `[rows, columns]`, all of it written.
///
/// # Panics
/// As [`gemm`], with `C` of one matrix.
///
/// # Examples
/// ```
/// use metatape::kernels::gemm::{Dimensions, Operand, gemm_fold};
///
/// let size = Dimensions { episodes: 3, rows: 1, inner: 1, columns: 2 };
/// let a = Operand { values: &[1.0, 2.0, 3.0], transposed: true, episode_stride: 1 };
/// let b = Operand { values: &[10.0, 20.0], transposed: false, episode_stride: 0 };
/// let mut c = [0.0; 2];
/// gemm_fold(size, a, b, &mut c);
/// assert_eq!(c, [60.0, 120.0]);
/// ```
#[track_caller]
pub fn gemm_fold<T: Float>(size: Dimensions, a: Operand<T>, b: Operand<T>, c: &mut [T]) {
    gemm_fold_add(size, a, b, None, false, c);
}

/// `C = D + sum over e of op(A_e) op(B_e)`, then, where `relu`, `max(C, 0)` (NaN stays NaN). There is one `D`: the episode
/// stride of the addend is not read.
///
/// # Panics
/// As [`gemm_add`], with `C` of one matrix.
///
/// # Examples
/// ```
/// use metatape::kernels::gemm::{Addend, Dimensions, Operand, gemm_fold_add};
///
/// let size = Dimensions { episodes: 3, rows: 1, inner: 1, columns: 2 };
/// let a = Operand { values: &[1.0, 2.0, 3.0], transposed: true, episode_stride: 1 };
/// let b = Operand { values: &[10.0, 20.0], transposed: false, episode_stride: 0 };
/// let d = Addend { values: &[0.5, -200.0], row_stride: 2, episode_stride: 0 };
/// let mut c = [0.0; 2];
/// gemm_fold_add(size, a, b, Some(d), false, &mut c);
/// assert_eq!(c, [60.5, -80.0]);
/// ```
#[track_caller]
pub fn gemm_fold_add<T: Float>(
    size: Dimensions,
    a: Operand<T>,
    b: Operand<T>,
    addend: Option<Addend<T>>,
    relu: bool,
    c: &mut [T],
) {
    let addend = addend.map(|addend| Addend { episode_stride: 0, ..addend });
    check("gemm_fold", size, a, b, addend, c, size.rows * size.columns);
    let Dimensions { episodes, rows, inner, columns } = size;
    let lying = a.transposed || rows == 1 || inner == 1;
    let upright = !b.transposed || columns == 1 || inner == 1;
    let contiguous = a.episode_stride == rows * inner && b.episode_stride == inner * columns;
    let folds = lying && upright && contiguous;
    let (episodes, inner) = if folds { (1, episodes * inner) } else { (episodes, inner) };
    let a = Operand { transposed: a.transposed || folds, ..a };
    let b = Operand { transposed: b.transposed && !folds, ..b };
    Product::new(episodes, Size { rows, inner, columns }, [a, b], addend, relu, true).compiled(c);
}

#[track_caller]
fn check<T: Float>(
    name: &str,
    size: Dimensions,
    a: Operand<T>,
    b: Operand<T>,
    addend: Option<Addend<T>>,
    c: &[T],
    length: usize,
) {
    let needed = |episode_stride: usize, numbers: usize| {
        if size.episodes == 0 || numbers == 0 { 0 } else { (size.episodes - 1) * episode_stride + numbers }
    };
    let a_needed = needed(a.episode_stride, size.rows * size.inner);
    let b_needed = needed(b.episode_stride, size.inner * size.columns);
    assert!(
        a.values.len() >= a_needed && b.values.len() >= b_needed && c.len() == length,
        "{name}: {size:?} needs A of at least {a_needed} numbers, B of at least {b_needed} and C of {length}, \
         not {}, {} and {}",
        a.values.len(),
        b.values.len(),
        c.len()
    );
    if let Some(Addend { values, row_stride, episode_stride }) = addend {
        let one = if size.rows == 0 { 0 } else { (size.rows - 1) * row_stride + size.columns };
        let addend_needed = if length == 0 { 0 } else { needed(episode_stride, one).max(one) };
        assert!(
            values.len() >= addend_needed && (row_stride == 0 || row_stride == size.columns),
            "{name}: {size:?} needs an addend of at least {addend_needed} numbers and a row stride of 0 or {}, \
             not {} and {row_stride}",
            size.columns,
            values.len()
        );
    }
}
