//! Sums and largest values over slices and over the axes of matrices.
//!
//! The order of every sum is fixed by the lengths and the [`Level`](crate::simd::Level) alone, so a result has the same
//! bits in every run. NaN anywhere in what is reduced makes the result NaN, for sums and for largest values alike.

use super::map::Binary;
use crate::simd::{Float, Kernel, Lanes, run};

/// How many vectors a reduction of one slice runs side by side.
const WAYS: usize = 4;
/// How many numbers a chain of additions takes before its sum joins the rest: rounding errors grow with the length of
/// the chain and the number of chains, not with their product.
const BLOCK: usize = 128;

/// The sum of `x`; 0 for an empty slice.
#[inline]
pub fn sum<T: Float>(x: &[T]) -> T {
    run(Sum { x })
}

/// The sum of `x[i] y[i]`.
///
/// # Panics
/// The lengths differ.
#[track_caller]
#[inline]
pub fn dot<T: Float>(x: &[T], y: &[T]) -> T {
    assert!(x.len() == y.len(), "dot: {} numbers beside {}", x.len(), y.len());
    run(Dot { x, y })
}

/// The sum of `x[i]^2`.
#[inline]
pub fn squared_norm<T: Float>(x: &[T]) -> T {
    run(Dot { x, y: x })
}

/// Whether no number of `x` is infinite or NaN.
#[inline]
pub fn all_finite<T: Float>(x: &[T]) -> bool {
    run(AllFinite { x })
}

/// `out[j] = sum over i of x[i, j]`: `[rows, columns] -> [columns]`.
///
/// # Panics
/// The length of `x` is no multiple of the length of `out`.
#[track_caller]
#[inline]
pub fn sum_rows<T: Float>(x: &[T], out: &mut [T]) {
    whole_rows("sum_rows", x.len(), out.len());
    match out {
        [out] => *out = sum(x),
        _ => run(SumRows { x, out }),
    }
}

/// `out[i] = sum over j of x[i, j]`: `[rows, columns] -> [rows]`.
///
/// # Panics
/// The length of `x` is no multiple of the length of `out`.
#[track_caller]
#[inline]
pub fn sum_columns<T: Float>(x: &[T], out: &mut [T]) {
    whole_rows("sum_columns", x.len(), out.len());
    run(OverColumns { x, out, reduce: RowSum });
}

/// `out[i] = max over j of x[i, j]`: `[rows, columns] -> [rows]`; negative infinity where there are no columns.
///
/// # Panics
/// The length of `x` is no multiple of the length of `out`.
#[track_caller]
#[inline]
pub fn max_columns<T: Float>(x: &[T], out: &mut [T]) {
    whole_rows("max_columns", x.len(), out.len());
    run(OverColumns { x, out, reduce: RowMax });
}

#[track_caller]
#[inline]
pub(super) fn whole_rows(kernel: &str, all: usize, part: usize) {
    assert!(all.is_multiple_of(part), "{kernel}: {all} numbers are no multiple of {part}");
}

/// Runs `step(so_far, x)` over the vectors of `x` in [`WAYS`] independent chains from `start`, the last vector filled
/// up with `rest`, then joins the chains.
#[inline(always)]
pub(super) fn fold<T: Float, L: Lanes<T>>(
    x: &[T],
    start: T,
    rest: T,
    step: impl Binary<T>,
    join: impl Binary<T>,
) -> L {
    let mut chains = [L::splat(start); WAYS];
    let mut blocks = x.chunks_exact(WAYS * L::N);
    for block in &mut blocks {
        for (chain, x) in chains.iter_mut().zip(block.chunks_exact(L::N)) {
            *chain = step.apply(*chain, L::load(x));
        }
    }
    let mut vectors = blocks.remainder().chunks_exact(L::N);
    for (chain, x) in chains.iter_mut().zip(&mut vectors) {
        *chain = step.apply(*chain, L::load(x));
    }
    if !vectors.remainder().is_empty() {
        let last = L::load_or(vectors.remainder(), L::splat(rest));
        chains[WAYS - 1] = step.apply(chains[WAYS - 1], last);
    }
    let [a, b, c, d] = chains;
    join.apply(join.apply(a, b), join.apply(c, d))
}

#[derive(Clone, Copy)]
pub(super) struct Add;

impl<T: Float> Binary<T> for Add {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, sum: L, x: L) -> L {
        sum.add(x)
    }
}

#[inline(always)]
pub(super) fn sum_of<T: Float, L: Lanes<T>>(x: &[T]) -> T {
    let mut total = L::splat(T::ZERO);
    for block in x.chunks(BLOCK * WAYS * L::N) {
        total = total.add(fold(block, T::ZERO, T::ZERO, Add, Add));
    }
    total.sum()
}

/// The larger number, NaN where either is.
#[derive(Clone, Copy)]
struct Larger;

impl<T: Float> Binary<T> for Larger {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, largest: L, x: L) -> L {
        // `max` gives its second argument where either is NaN: one in `largest` stays, one in `x` is put there.
        L::select(x.eq(x), x.max(largest), x)
    }
}

#[inline(always)]
pub(super) fn largest_of<T: Float, L: Lanes<T>>(x: &[T]) -> T {
    let lanes: L = fold(x, -T::INFINITY, -T::INFINITY, Larger, Larger);
    let nan = L::select(lanes.eq(lanes), L::splat(T::ZERO), L::splat(T::ONE));
    if L::any(L::splat(T::ZERO).lt(nan)) { T::from_f64(f64::NAN) } else { lanes.largest() }
}

struct Sum<'a, T> {
    x: &'a [T],
}

impl<T: Float> Kernel<T> for Sum<'_, T> {
    type Output = T;
    #[inline(always)]
    fn run<L: Lanes<T>>(self) -> T {
        sum_of::<T, L>(self.x)
    }
}

struct Dot<'a, T> {
    x: &'a [T],
    y: &'a [T],
}

impl<T: Float> Kernel<T> for Dot<'_, T> {
    type Output = T;
    #[inline(always)]
    fn run<L: Lanes<T>>(self) -> T {
        let block = BLOCK * WAYS * L::N;
        let mut total = L::splat(T::ZERO);
        for (x, y) in self.x.chunks(block).zip(self.y.chunks(block)) {
            total = total.add(dot_of_block(x, y));
        }
        total.sum()
    }
}

#[inline(always)]
fn dot_of_block<T: Float, L: Lanes<T>>(x: &[T], y: &[T]) -> L {
    let mut chains = [L::splat(T::ZERO); WAYS];
    let mut xs = x.chunks_exact(WAYS * L::N);
    let mut ys = y.chunks_exact(WAYS * L::N);
    for (x, y) in (&mut xs).zip(&mut ys) {
        for (chain, (x, y)) in chains.iter_mut().zip(x.chunks_exact(L::N).zip(y.chunks_exact(L::N))) {
            *chain = L::load(x).mul_add(L::load(y), *chain);
        }
    }
    let rest = xs.remainder().chunks(L::N).zip(ys.remainder().chunks(L::N));
    for (chain, (x, y)) in chains.iter_mut().zip(rest) {
        *chain = L::load_partial(x).mul_add(L::load_partial(y), *chain);
    }
    let [a, b, c, d] = chains;
    a.add(b).add(c.add(d))
}

struct AllFinite<'a, T> {
    x: &'a [T],
}

impl<T: Float> Kernel<T> for AllFinite<'_, T> {
    type Output = bool;
    #[inline(always)]
    fn run<L: Lanes<T>>(self) -> bool {
        fold::<T, L>(self.x, T::ZERO, T::ZERO, AddZeroTimes, Add).sum() == T::ZERO
    }
}

/// Zero times a finite number is zero, times anything else NaN.
#[derive(Clone, Copy)]
struct AddZeroTimes;

impl<T: Float> Binary<T> for AddZeroTimes {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, zeros: L, x: L) -> L {
        x.mul_add(L::splat(T::ZERO), zeros)
    }
}

struct SumRows<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Float> Kernel<T> for SumRows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let columns = self.out.len();
        let zero = L::splat(T::ZERO);
        let mut at = 0;
        for out in self.out.chunks_mut(WAYS * L::N) {
            let mut totals = [zero; WAYS];
            for block in self.x.chunks(BLOCK * columns) {
                let mut sums = [zero; WAYS];
                for row in block.chunks_exact(columns) {
                    let row = &row[at..at + out.len()];
                    if row.len() == WAYS * L::N {
                        for (sum, x) in sums.iter_mut().zip(row.chunks_exact(L::N)) {
                            *sum = sum.add(L::load(x));
                        }
                    } else {
                        for (sum, x) in sums.iter_mut().zip(row.chunks(L::N)) {
                            *sum = sum.add(L::load_partial(x));
                        }
                    }
                }
                totals = std::array::from_fn(|way| totals[way].add(sums[way]));
            }
            at += out.len();
            for (total, out) in totals.into_iter().zip(out.chunks_mut(L::N)) {
                total.store_partial(out);
            }
        }
    }
}

/// One number from a row.
pub(super) trait RowReduction<T: Float> {
    fn reduce<L: Lanes<T>>(&self, row: &[T]) -> T;
}

struct RowSum;

impl<T: Float> RowReduction<T> for RowSum {
    #[inline(always)]
    fn reduce<L: Lanes<T>>(&self, row: &[T]) -> T {
        sum_of::<T, L>(row)
    }
}

struct RowMax;

impl<T: Float> RowReduction<T> for RowMax {
    #[inline(always)]
    fn reduce<L: Lanes<T>>(&self, row: &[T]) -> T {
        largest_of::<T, L>(row)
    }
}

pub(super) struct OverColumns<'a, T, R> {
    pub(super) x: &'a [T],
    pub(super) out: &'a mut [T],
    pub(super) reduce: R,
}

impl<T: Float, R: RowReduction<T>> Kernel<T> for OverColumns<'_, T, R> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let columns = self.x.len().checked_div(self.out.len()).unwrap_or(0);
        for (i, out) in self.out.iter_mut().enumerate() {
            *out = self.reduce.reduce::<L>(&self.x[i * columns..(i + 1) * columns]);
        }
    }
}
