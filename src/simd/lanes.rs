//! The vector that kernels are written over.

use super::{Float, Level};

/// A vector of [`Lanes::N`] floats at one instruction level.
///
/// Every method is `#[inline(always)]`, so that a kernel written over `L: Lanes<T>` compiles to the instructions
/// of the level through which [`run`](super::run) entered it. Loads and stores take slices; one length check each,
/// which the optimiser removes where the length is known.
pub trait Lanes<T: Float>: Copy + Send + Sync + 'static {
    /// How many floats the vector holds.
    const N: usize;
    /// How many floats are in a part of the vector: 16 bytes, within which lanes change places most cheaply.
    const PART: usize = 16 / size_of::<T>();
    /// The level whose instructions these are.
    const LEVEL: Level;
    /// One truth value a lane.
    type Mask: Copy;

    /// All lanes equal to `x`.
    fn splat(x: T) -> Self;
    /// The first `N` floats of `from`. Panics if there are fewer.
    fn load(from: &[T]) -> Self;
    /// The first `min(N, from.len())` floats of `from`, zeros behind them.
    fn load_partial(from: &[T]) -> Self;
    /// The first `min(N, from.len())` floats of `from`, the lanes of `rest` behind them: the tail of a reduction
    /// whose neutral element is not zero.
    fn load_or(from: &[T], rest: Self) -> Self;
    /// Writes all lanes to the first `N` floats of `to`. Panics if there are fewer.
    fn store(self, to: &mut [T]);
    /// Writes the first `min(N, to.len())` lanes.
    fn store_partial(self, to: &mut [T]);
    /// As [`store`](Lanes::store), past the caches, where the level can; see
    /// [`write_past_caches`](super::write_past_caches). Panics if `to` is not aligned to the vector's size.
    ///
    /// # Safety
    /// The same thread calls [`fence`](Lanes::fence) before anything else happens to `to`.
    unsafe fn store_past_caches(self, to: &mut [T]);
    /// Orders all [`store_past_caches`](Lanes::store_past_caches) before what follows.
    fn fence();

    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn sub(self, other: Self) -> Self;
    /// `self * other`.
    fn mul(self, other: Self) -> Self;
    /// `self / other`.
    fn div(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once where the level has a fused multiply-add.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// Near `1 / self` for positive normal `self`: so near that one step of Newton's method leaves at most an eighth of a
    /// unit in the last place. To 2^-14 in `f32` with AVX-512, the quotient elsewhere; [`math::sigmoid`](super::math::sigmoid)
    /// is 1.12 times as fast by it as by a quotient.
    fn recip_estimate(self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// The smaller of each pair; the second where either is NaN.
    fn min(self, other: Self) -> Self;
    /// The larger of each pair; the second where either is NaN.
    fn max(self, other: Self) -> Self;
    /// The nearest integer, ties to even.
    fn round(self) -> Self;
    /// `-self`, the sign of zero and NaN flipped too.
    fn neg(self) -> Self;
    /// `|self|`.
    fn abs(self) -> Self;
    /// The magnitude of `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;

    /// `self < other`, false where either is NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// `self <= other`, false where either is NaN.
    fn le(self, other: Self) -> Self::Mask;
    /// `self == other`, false where either is NaN.
    fn eq(self, other: Self) -> Self::Mask;
    /// `yes` where the mask holds, `no` elsewhere.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// Whether the mask holds in any lane: what lets a kernel leave its rare cases out of the common path.
    fn any(mask: Self::Mask) -> bool;

    /// `self * 2^n` for integral `n`, with a single rounding where the result is subnormal, infinite where it is too
    /// large; for `|self|` in `[2^-24, 2^24]` and `n` in twice the range of exponents (-252 to 254 in `f32`).
    fn scale(self, n: Self) -> Self;
    /// `(m, e)` with `self = m * 2^e` and `m` in `[3/4, 3/2)`, for positive finite `self`, subnormal too; anything for
    /// others. (Around one, not above it: a logarithm wants `m - 1` small.)
    fn split(self) -> (Self, Self);

    /// The lanes of both taken in turn, `(a0 b0 a1 b1 ..., ... aN bN)`: the first halves, then the second halves.
    fn interleave(self, other: Self) -> (Self, Self);

    /// The lanes of both taken in turn within each part: the first halves of the parts, then the second halves. Cheaper
    /// than [`Lanes::interleave`].
    fn interleave_parts(self, other: Self) -> (Self, Self);
    /// The parts of both dealt out in turn, `(a0 a2 .. b0 b2 .., a1 a3 .. b1 b3 ..)`.
    fn deal_parts(self, other: Self) -> (Self, Self);
    /// The first half of `self`, then the first half of `other`.
    fn join_halves(self, other: Self) -> Self;
    /// The second half of `self`, twice.
    fn second_half(self) -> Self;

    /// The sum of the lanes, in a fixed order: halves are folded onto each other.
    fn sum(self) -> T;
    /// The largest lane (unspecified if any is NaN), halves folded onto each other.
    fn largest(self) -> T;
}
