//! Exponentials of rows and their sums, without overflow: softmax and log-sum-exp.
//!
//! NaN in a row makes its results NaN.

use super::map::Binary;
use super::reduce::{Add, fold, largest_of};
use crate::simd::{Float, Kernel, Lanes, math, run};

/// `out[i] = ln sum over j of e^x[i, j]`: `[rows, columns] -> [rows]`.
///
/// The largest value of a row is taken out of the exponentials, so that none overflows.
///
/// # Panics
/// The length of `x` is no multiple of the length of `out`.
#[track_caller]
#[inline]
pub fn log_sum_exp<T: Float>(x: &[T], out: &mut [T]) {
    whole_rows("log_sum_exp", x.len(), out.len());
    run(LogSumExp { x, out });
}

/// `out[i, j] = e^x[i, j] / sum over k of e^x[i, k]`: `[rows, columns] -> [rows, columns]`.
///
/// The largest value of a row is taken out of the exponentials, so that none overflows. A row of nothing but negative
/// infinities is NaN.
///
/// # Panics
/// The lengths of `x` and `out` differ, or are no multiple of `columns`.
#[track_caller]
#[inline]
pub fn softmax<T: Float>(x: &[T], columns: usize, out: &mut [T]) {
    assert!(x.len() == out.len(), "softmax: {} numbers beside {}", x.len(), out.len());
    whole_rows("softmax", x.len(), columns);
    run(Softmax { x, columns, out });
}

#[track_caller]
#[inline]
fn whole_rows(kernel: &str, all: usize, part: usize) {
    assert!(all.is_multiple_of(part), "{kernel}: {all} numbers are no multiple of {part}");
}

/// What a row's exponentials are taken relative to: its largest value, or 0 where that would be of no use.
#[inline(always)]
fn shift_of<T: Float, L: Lanes<T>>(x: &[T]) -> T {
    let largest = largest_of::<T, L>(x);
    if largest.is_finite() { largest } else { T::ZERO }
}

struct LogSumExp<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Float> Kernel<T> for LogSumExp<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let columns = self.x.len().checked_div(self.out.len()).unwrap_or(0);
        for (i, out) in self.out.chunks_exact_mut(1).enumerate() {
            let row = &self.x[i * columns..(i + 1) * columns];
            let shift = shift_of::<T, L>(row);
            let total = fold::<T, L>(row, T::ZERO, -T::INFINITY, AddExp { shift }, Add).sum();
            math::ln(L::splat(total)).add(L::splat(shift)).store_partial(out);
        }
    }
}

/// Adds `e^(x - shift)`.
#[derive(Clone, Copy)]
struct AddExp<T> {
    shift: T,
}

impl<T: Float> Binary<T> for AddExp<T> {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, sum: L, x: L) -> L {
        sum.add(math::exp(x.sub(L::splat(self.shift))))
    }
}

struct Softmax<'a, T> {
    x: &'a [T],
    columns: usize,
    out: &'a mut [T],
}

impl<T: Float> Kernel<T> for Softmax<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        if self.columns == 0 {
            return;
        }
        for (x, out) in self.x.chunks_exact(self.columns).zip(self.out.chunks_exact_mut(self.columns)) {
            softmax_of_row::<T, L>(x, out);
        }
    }
}

/// The vectors of a row pass through `out`, its tail stays in a register: to read back what was stored under a mask
/// costs more than all else in a short row.
#[inline(always)]
fn softmax_of_row<T: Float, L: Lanes<T>>(x: &[T], out: &mut [T]) {
    let shift = L::splat(shift_of::<T, L>(x));
    let mut xs = x.chunks_exact(L::N);
    let mut outs = out.chunks_exact_mut(L::N);
    let mut total = L::splat(T::ZERO);
    for (x, out) in (&mut xs).zip(&mut outs) {
        let e = math::exp(L::load(x).sub(shift));
        e.store(out);
        total = total.add(e);
    }
    let tail_out = outs.into_remainder();
    let tail = math::exp(L::load_or(xs.remainder(), L::splat(-T::INFINITY)).sub(shift));
    let total = L::splat(total.add(tail).sum());
    tail.div(total).store_partial(tail_out);
    let whole = out.len() - out.len() % L::N;
    for out in out[..whole].chunks_exact_mut(L::N) {
        L::load(out).div(total).store(out);
    }
}
