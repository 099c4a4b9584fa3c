//! Matrix products, one for each episode or summed over the episodes.
//!
//! `C_e = op(A_e) op(B_e)`, where `op` is the matrix or its transpose, in `f32` and `f64`. What the loops are built
//! from: a `tile` of `C` in registers; five `loops` around it that cut the operands into the blocks of
//! `blocking`, with `packing` where that pays; products with a `vector`, which need no tile; and `threads`
//! for large products.
//!
//! # Which bits
//!
//! Each element of `C` is one chain of multiply-adds along `inner`, in order, fused where the level has fused
//! multiply-adds. Where `C` has one row or one column, the sum is split over the lanes of the level instead. So the
//! order of addition depends on the shape and on the [`Level`](crate::simd::Level), never on the number of threads.
//! No product is skipped: `0 * NaN` is NaN.

// Arrays of vectors are registers: written with indices their loops unroll, and no closure, which would be compiled
// without the level's instructions, stands between.
#![allow(clippy::needless_range_loop, clippy::manual_memcpy)]

mod blocking;
mod loops;
mod matrix;
mod packing;
mod threads;
mod tile;
mod vector;

use self::loops::Size;
pub(super) use self::packing::{MOST_LANES, sums_of_each};
use self::threads::Product;
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
    check("gemm", size, a, b, c, size.episodes * size.rows * size.columns);
    let Dimensions { episodes, rows, inner, columns } = size;
    // A row vector, and a column vector, is stored as its transpose is.
    let upright = !a.transposed || rows == 1 || inner == 1;
    let folds = upright && (b.episode_stride == 0 && a.episode_stride == rows * inner);
    let (episodes, rows) = if folds { (1, episodes * rows) } else { (episodes, rows) };
    let a = Operand { transposed: a.transposed && !folds, ..a };
    Product::new(episodes, Size { rows, inner, columns }, a, b, false).compiled(c);
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
    check("gemm_fold", size, a, b, c, size.rows * size.columns);
    let Dimensions { episodes, rows, inner, columns } = size;
    let lying = a.transposed || rows == 1 || inner == 1;
    let upright = !b.transposed || columns == 1 || inner == 1;
    let contiguous = a.episode_stride == rows * inner && b.episode_stride == inner * columns;
    let folds = lying && upright && contiguous;
    let (episodes, inner) = if folds { (1, episodes * inner) } else { (episodes, inner) };
    let a = Operand { transposed: a.transposed || folds, ..a };
    let b = Operand { transposed: b.transposed && !folds, ..b };
    Product::new(episodes, Size { rows, inner, columns }, a, b, true).compiled(c);
}

#[track_caller]
fn check<T: Float>(name: &str, size: Dimensions, a: Operand<T>, b: Operand<T>, c: &[T], length: usize) {
    let needed = |operand: Operand<T>, numbers: usize| {
        if size.episodes == 0 || numbers == 0 {
            0
        } else {
            (size.episodes - 1) * operand.episode_stride + numbers
        }
    };
    let (a_needed, b_needed) = (needed(a, size.rows * size.inner), needed(b, size.inner * size.columns));
    assert!(
        a.values.len() >= a_needed && b.values.len() >= b_needed && c.len() == length,
        "{name}: {size:?} needs A of at least {a_needed} numbers, B of at least {b_needed} and C of {length}, \
         not {}, {} and {}",
        a.values.len(),
        b.values.len(),
        c.len()
    );
}
