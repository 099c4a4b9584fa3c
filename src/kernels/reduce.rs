//! Reductions of whole slices to one number; [`super::broadcast`] has the sums along axes.
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

/// The sum of `x[i]^2`; 0 for an empty slice.
#[inline]
pub fn squared_norm<T: Float>(x: &[T]) -> T {
    run(SquaredNorm { x })
}

/// Whether no number of `x` is infinite or NaN.
#[inline]
pub fn all_finite<T: Float>(x: &[T]) -> bool {
    run(AllFinite { x })
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

/// The sum of `x`; 0 for an empty slice.
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

/// The largest of `x`, NaN where one is; negative infinity for an empty slice.
#[inline(always)]
pub(super) fn largest_of<T: Float, L: Lanes<T>>(x: &[T]) -> T {
    let lanes: L = fold(x, -T::INFINITY, -T::INFINITY, Larger, Larger);
    let nan = L::select(lanes.eq(lanes), L::splat(T::ZERO), L::splat(T::ONE));
    if L::any(L::splat(T::ZERO).lt(nan)) { T::from_f64(f64::NAN) } else { lanes.largest() }
}

struct SquaredNorm<'a, T> {
    x: &'a [T],
}

impl<T: Float> Kernel<T> for SquaredNorm<'_, T> {
    type Output = T;
    #[inline(always)]
    fn run<L: Lanes<T>>(self) -> T {
        let mut total = L::splat(T::ZERO);
        for block in self.x.chunks(BLOCK * WAYS * L::N) {
            total = total.add(squares_of_block(block));
        }
        total.sum()
    }
}

#[inline(always)]
fn squares_of_block<T: Float, L: Lanes<T>>(x: &[T]) -> L {
    let mut chains = [L::splat(T::ZERO); WAYS];
    let mut blocks = x.chunks_exact(WAYS * L::N);
    for block in &mut blocks {
        for (chain, x) in chains.iter_mut().zip(block.chunks_exact(L::N)) {
            let x = L::load(x);
            *chain = x.mul_add(x, *chain);
        }
    }
    for (chain, x) in chains.iter_mut().zip(blocks.remainder().chunks(L::N)) {
        let x = L::load_partial(x);
        *chain = x.mul_add(x, *chain);
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
