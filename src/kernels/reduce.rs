//! Reductions of whole slices to one number; [`super::sum`] has the sums along axes.
//!
//! The order of every sum is fixed by the lengths and the [`Level`](crate::simd::Level) alone, so a result has the same
//! bits in every run. NaN anywhere in what is reduced makes the result NaN, for sums and for largest values alike.

use super::formula::{Moving, Operand};
use super::map::Binary;
use crate::simd::{Float, Kernel, Lanes, run};

/// How many vectors a reduction of one slice runs side by side.
const WAYS: usize = 4;
/// How many numbers a chain of additions takes before its sum joins the rest: rounding errors grow with the length of
/// the chain and the number of chains, not with their product.
pub(super) const BLOCK: usize = 128;

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

/// What is added up, as a function of `N` operands.
pub(super) trait Terms<T: Float, const N: usize>: Copy {
    /// The terms in `count` columns from `column` on, of the row that begins at the places `at`.
    fn columns(self, at: [usize; N], column: usize, count: usize) -> Self;
    /// `sum` and a vector of terms from column `j` on.
    fn add_to<L: Lanes<T>>(self, j: usize, sum: L) -> L;
    /// `sum` and `count` terms from column `j` on, not more than a vector.
    fn add_part_to<L: Lanes<T>>(self, j: usize, count: usize, sum: L) -> L;
}

/// The operand itself, the first of `N`.
#[derive(Clone, Copy)]
pub(super) struct Values<X>(pub X);

impl<T: Float, X: Operand<T>, const N: usize> Terms<T, N> for Values<X> {
    #[inline(always)]
    fn columns(self, at: [usize; N], column: usize, count: usize) -> Self {
        Values(self.0.columns(at[0], column, count))
    }
    #[inline(always)]
    fn add_to<L: Lanes<T>>(self, j: usize, sum: L) -> L {
        sum.add(self.0.vector(j))
    }
    #[inline(always)]
    fn add_part_to<L: Lanes<T>>(self, j: usize, count: usize, sum: L) -> L {
        sum.add(self.0.part_and_zeros(j, count))
    }
}

/// The products of the first two of `N` operands, of which at least one moves.
#[derive(Clone, Copy)]
pub(super) struct Products<X, Y>(pub X, pub Y);

impl<T: Float, X: Operand<T>, Y: Operand<T>, const N: usize> Terms<T, N> for Products<X, Y> {
    #[inline(always)]
    fn columns(self, at: [usize; N], column: usize, count: usize) -> Self {
        Products(self.0.columns(at[0], column, count), self.1.columns(at[1], column, count))
    }
    #[inline(always)]
    fn add_to<L: Lanes<T>>(self, j: usize, sum: L) -> L {
        self.0.vector::<L>(j).mul_add(self.1.vector(j), sum)
    }
    #[inline(always)]
    fn add_part_to<L: Lanes<T>>(self, j: usize, count: usize, sum: L) -> L {
        self.0.part_and_zeros::<L>(j, count).mul_add(self.1.part_and_zeros(j, count), sum)
    }
}

/// How many vectors of a row may be added in one chain.
pub(super) const SHORT: usize = 8;

/// The sum of a row of `length` terms, at most [`SHORT`] vectors, as a vector of partial sums.
#[inline(always)]
pub(super) fn sum_of_short<T: Float, L: Lanes<T>, const N: usize>(
    terms: impl Terms<T, N>,
    length: usize,
) -> L {
    let whole = length - length % L::N;
    let mut sum = L::splat(T::ZERO);
    for j in (0..whole).step_by(L::N) {
        sum = terms.add_to(j, sum);
    }
    if whole < length { terms.add_part_to(whole, length - whole, sum) } else { sum }
}

/// The sum of a row of `length` terms, as a vector of partial sums.
#[inline(always)]
pub(super) fn sum_of<T: Float, L: Lanes<T>, const N: usize>(terms: impl Terms<T, N>, length: usize) -> L {
    let wide = WAYS * L::N;
    let mut total = L::splat(T::ZERO);
    let mut j = 0;
    while length - j >= wide {
        let mut chains = [L::splat(T::ZERO); WAYS];
        for _ in 0..BLOCK.min((length - j) / wide) {
            let block = terms.columns([0; N], j, wide);
            for (way, chain) in chains.iter_mut().enumerate() {
                *chain = block.add_to(way * L::N, *chain);
            }
            j += wide;
        }
        let [a, b, c, d] = chains;
        total = total.add(a.add(b).add(c.add(d)));
    }
    total.add(sum_of_short(terms.columns([0; N], j, length - j), length - j))
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
        let x = Moving(self.x);
        sum_of::<T, L, 2>(Products(x, x), self.x.len()).sum()
    }
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
