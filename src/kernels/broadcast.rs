//! Loops over up to five axes in which operands may stand still: broadcasting, and sums, its transpose.
//!
//! Neighbouring axes that every operand walks alike are joined first, so that a bias is added in one loop over rows and
//! a sum of everything is one sum.

use super::map::Binary;
use crate::simd::{self, Float, Kernel, Lanes};

/// The axes of a loop: episodes and up to four of a shape.
pub const AXES: usize = 5;

/// How far an operand moves for a step along each axis; 0 where it stands still.
pub type Strides = [usize; AXES];

/// `out = f(left, right)` over `counts`; `out` is dense, and each operand moves along an axis by its stride or stands
/// still.
pub fn zip_broadcast<T: Float>(
    counts: [usize; AXES],
    [left, right]: [Strides; 2],
    left_values: &[T],
    right_values: &[T],
    out: &mut [T],
    f: impl Binary<T>,
) {
    let axes = Joined::new(counts, [left, right]);
    simd::run(Zip { axes, left: left_values, right: right_values, out, f });
}

/// `out = x` over `counts`, where `x` stands still along some axes.
pub fn broadcast<T: Float>(counts: [usize; AXES], strides: Strides, x: &[T], out: &mut [T]) {
    let axes = Joined::new(counts, [strides]);
    let (count, [stride]) = axes.innermost();
    if count == 0 {
        return;
    }
    let mut blocks = out.chunks_exact_mut(count);
    axes.outer(|[at]| {
        let block = blocks.next().expect("out is dense over all axes");
        match stride {
            0 => block.fill(x[at]),
            _ => block.copy_from_slice(&x[at..at + count]),
        }
    });
}

/// `out = sum of x` over the axes along which `out` stands still; `x` is dense over `counts`.
///
/// The order of the sum is fixed: outer axes in order, and within the innermost one as [`super::reduce::sum`] has it.
pub fn sum_to<T: Float>(counts: [usize; AXES], strides: Strides, x: &[T], out: &mut [T]) {
    simd::run(SumTo { axes: Joined::new(counts, [strides]), x, out });
}

/// The axes of a loop after joining those that all `N` operands walk alike; the innermost one is last.
#[derive(Clone, Copy)]
struct Joined<const N: usize> {
    counts: [usize; AXES],
    strides: [[usize; N]; AXES],
    len: usize,
}

impl<const N: usize> Joined<N> {
    fn new(counts: [usize; AXES], strides: [Strides; N]) -> Self {
        let mut joined = Joined { counts: [1; AXES], strides: [[0; N]; AXES], len: 0 };
        // Innermost first; turned round at the end.
        for axis in (0..AXES).rev() {
            let (count, step) = (counts[axis], std::array::from_fn(|n| strides[n][axis]));
            if count == 1 {
                continue;
            }
            let last = joined.len.wrapping_sub(1);
            let walks_on =
                joined.len > 0 && (0..N).all(|n| step[n] == joined.strides[last][n] * joined.counts[last]);
            if walks_on {
                joined.counts[last] *= count;
            } else {
                joined.counts[joined.len] = count;
                joined.strides[joined.len] = step;
                joined.len += 1;
            }
        }
        if joined.len == 0 {
            joined.strides[0] = [1; N];
            joined.len = 1;
        }
        joined.counts[..joined.len].reverse();
        joined.strides[..joined.len].reverse();
        joined
    }

    #[inline(always)]
    fn innermost(&self) -> (usize, [usize; N]) {
        (self.counts[self.len - 1], self.strides[self.len - 1])
    }

    /// Calls `body` with the operands' offsets for each step of the outer axes, in order.
    #[inline(always)]
    fn outer(&self, mut body: impl FnMut([usize; N])) {
        let outer = self.len - 1;
        let steps: usize = self.counts[..outer].iter().product();
        let mut index = [0; AXES];
        let mut at = [0; N];
        for _ in 0..steps {
            body(at);
            for axis in (0..outer).rev() {
                index[axis] += 1;
                for n in 0..N {
                    at[n] += self.strides[axis][n];
                }
                if index[axis] < self.counts[axis] {
                    break;
                }
                for n in 0..N {
                    at[n] -= self.strides[axis][n] * self.counts[axis];
                }
                index[axis] = 0;
            }
        }
    }
}

struct Zip<'a, T, F> {
    axes: Joined<2>,
    left: &'a [T],
    right: &'a [T],
    out: &'a mut [T],
    f: F,
}

impl<T: Float, F: Binary<T>> Kernel<T> for Zip<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let (count, [left_step, right_step]) = self.axes.innermost();
        if count == 0 {
            return;
        }
        let mut blocks = self.out.chunks_exact_mut(count);
        self.axes.outer(|[left, right]| {
            let block = blocks.next().expect("out is dense over all axes");
            let left = &self.left[left..][..if left_step == 0 { 1 } else { count }];
            let right = &self.right[right..][..if right_step == 0 { 1 } else { count }];
            match (left_step, right_step) {
                (0, 0) => block.fill(one_lane::<T, L, F>(self.f, left[0], right[0])),
                (0, _) => {
                    let left = L::splat(left[0]);
                    each::<T, L>(right, block, |right| self.f.apply(left, right));
                }
                (_, 0) => {
                    let right = L::splat(right[0]);
                    each::<T, L>(left, block, |left| self.f.apply(left, right));
                }
                _ => pairs::<T, L>(left, right, block, |left, right| self.f.apply(left, right)),
            }
        });
    }
}

#[inline(always)]
fn one_lane<T: Float, L: Lanes<T>, F: Binary<T>>(f: F, left: T, right: T) -> T {
    let mut lane = [T::ZERO];
    f.apply(L::splat(left), L::splat(right)).store_partial(&mut lane);
    lane[0]
}

#[inline(always)]
fn each<T: Float, L: Lanes<T>>(x: &[T], out: &mut [T], f: impl Fn(L) -> L) {
    let mut xs = x.chunks_exact(L::N);
    let mut outs = out.chunks_exact_mut(L::N);
    for (x, out) in xs.by_ref().zip(outs.by_ref()) {
        f(L::load(x)).store(out);
    }
    let out = outs.into_remainder();
    if !out.is_empty() {
        f(L::load_partial(xs.remainder())).store_partial(out);
    }
}

#[inline(always)]
fn pairs<T: Float, L: Lanes<T>>(x: &[T], y: &[T], out: &mut [T], f: impl Fn(L, L) -> L) {
    let mut xs = x.chunks_exact(L::N);
    let mut ys = y.chunks_exact(L::N);
    let mut outs = out.chunks_exact_mut(L::N);
    for ((x, y), out) in xs.by_ref().zip(ys.by_ref()).zip(outs.by_ref()) {
        f(L::load(x), L::load(y)).store(out);
    }
    let out = outs.into_remainder();
    if !out.is_empty() {
        f(L::load_partial(xs.remainder()), L::load_partial(ys.remainder())).store_partial(out);
    }
}

struct SumTo<'a, T> {
    axes: Joined<1>,
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Float> Kernel<T> for SumTo<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        self.out.fill(T::ZERO);
        let (count, [step]) = self.axes.innermost();
        if count == 0 {
            return;
        }
        let out = self.out;
        let mut blocks = self.x.chunks_exact(count);
        self.axes.outer(|[at]| {
            let block = blocks.next().expect("x is dense over all axes");
            match step {
                0 => out[at] += super::reduce::sum_of::<T, L>(block),
                _ => {
                    let out = &mut out[at..at + count];
                    let mut outs = out.chunks_exact_mut(L::N);
                    let mut xs = block.chunks_exact(L::N);
                    for (out, x) in outs.by_ref().zip(xs.by_ref()) {
                        L::load(out).add(L::load(x)).store(out);
                    }
                    let out = outs.into_remainder();
                    if !out.is_empty() {
                        L::load_partial(out).add(L::load_partial(xs.remainder())).store_partial(out);
                    }
                }
            }
        });
    }
}
