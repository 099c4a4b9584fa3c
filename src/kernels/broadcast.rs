//! Loops over up to five axes in which operands may stand still: broadcasting, and sums, its transpose.
//!
//! Neighbouring axes that every operand walks alike are joined first, so that a bias is added in one loop over rows and
//! a sum of everything is one sum.

use super::map::{Binary, add_to, pairs};
use super::reduce::sum_of;
use crate::simd::{self, Float, Kernel, Lanes};

/// The axes of a loop: episodes and up to four of a shape.
pub const AXES: usize = 5;

/// How far an operand moves for a step along each axis; 0 where it stands still.
///
/// The operand is dense: along the innermost axis of more than one step that it moves along, it moves by 1.
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
    for ([at], block) in axes.outer().zip(out.chunks_exact_mut(count)) {
        match stride {
            0 => block.fill(x[at]),
            _ => block.copy_from_slice(&x[at..at + count]),
        }
    }
}

/// `out = sum of x` over the axes along which `out` stands still; `x` is dense over `counts`.
///
/// The order of the sum is fixed by the lengths and the [`Level`](crate::simd::Level) alone. NaN anywhere in a sum makes
/// it NaN.
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

    /// The operands' offsets at each step of the outer axes, in order.
    #[inline(always)]
    fn outer(&self) -> Offsets<'_, N> {
        let left = self.counts[..self.len - 1].iter().product();
        Offsets { axes: self, index: [0; AXES], at: [0; N], left }
    }
}

/// A walk over the outer axes. An iterator rather than a function of a closure: closures are not always inlined, and a
/// kernel's body must be.
struct Offsets<'a, const N: usize> {
    axes: &'a Joined<N>,
    index: [usize; AXES],
    at: [usize; N],
    left: usize,
}

impl<const N: usize> Iterator for Offsets<'_, N> {
    type Item = [usize; N];

    #[inline(always)]
    fn next(&mut self) -> Option<[usize; N]> {
        self.left = self.left.checked_sub(1)?;
        let at = self.at;
        for axis in (0..self.axes.len - 1).rev() {
            self.index[axis] += 1;
            for n in 0..N {
                self.at[n] += self.axes.strides[axis][n];
            }
            if self.index[axis] < self.axes.counts[axis] {
                break;
            }
            for n in 0..N {
                self.at[n] -= self.axes.strides[axis][n] * self.axes.counts[axis];
            }
            self.index[axis] = 0;
        }
        Some(at)
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
        let Zip { axes, left, right, out, f } = self;
        let (count, [left_step, right_step]) = axes.innermost();
        if count == 0 {
            return;
        }
        for ([left_at, right_at], block) in axes.outer().zip(out.chunks_exact_mut(count)) {
            match (left_step, right_step) {
                (0, 0) => {
                    let same = f.apply(L::splat(left[left_at]), L::splat(right[right_at]));
                    fill::<T, L>(block, same);
                }
                (0, _) => {
                    let right = &right[right_at..right_at + count];
                    scalar_first::<T, L, F>(L::splat(left[left_at]), right, block, f);
                }
                (_, 0) => {
                    let left = &left[left_at..left_at + count];
                    scalar_first::<T, L, Swapped<F>>(L::splat(right[right_at]), left, block, Swapped(f));
                }
                _ => {
                    let left = &left[left_at..left_at + count];
                    let right = &right[right_at..right_at + count];
                    pairs::<T, L, F>(left, right, block, f);
                }
            }
        }
    }
}

#[inline(always)]
fn fill<T: Float, L: Lanes<T>>(out: &mut [T], same: L) {
    let mut outs = out.chunks_exact_mut(L::N);
    for out in outs.by_ref() {
        same.store(out);
    }
    same.store_partial(outs.into_remainder());
}

/// The same function with its two arguments exchanged.
#[derive(Clone, Copy)]
struct Swapped<F>(F);

impl<T: Float, F: Binary<T>> Binary<T> for Swapped<F> {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        self.0.apply(y, x)
    }
}

#[inline(always)]
fn scalar_first<T: Float, L: Lanes<T>, F: Binary<T>>(x: L, y: &[T], out: &mut [T], f: F) {
    let mut ys = y.chunks_exact(L::N);
    let mut outs = out.chunks_exact_mut(L::N);
    for (y, out) in ys.by_ref().zip(outs.by_ref()) {
        f.apply(x, L::load(y)).store(out);
    }
    let out = outs.into_remainder();
    if !out.is_empty() {
        f.apply(x, L::load_partial(ys.remainder())).store_partial(out);
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
        let SumTo { axes, x, out } = self;
        let (count, [step]) = axes.innermost();
        fill::<T, L>(out, L::splat(T::ZERO));
        if count == 0 {
            return;
        }
        for ([at], block) in axes.outer().zip(x.chunks_exact(count)) {
            if step == 0 {
                out[at] += sum_of::<T, L>(block);
            } else {
                add_to::<T, L>(&mut out[at..at + count], block);
            }
        }
    }
}

/// interim
pub fn zip3_broadcast<T: Float>(
    counts: [usize; AXES],
    strides: [Strides; 3],
    x: &[T],
    y: &[T],
    z: &[T],
    out: &mut [T],
    f: impl super::map::Ternary<T>,
) {
    let mut index = [0; AXES];
    for o in out.iter_mut() {
        let at = |s: &Strides| (0..AXES).map(|a| s[a] * index[a]).sum::<usize>();
        let [a, b, c] = [&strides[0], &strides[1], &strides[2]].map(at);
        f.apply(
            <T::Portable as Lanes<T>>::splat(x[a]),
            <T::Portable as Lanes<T>>::splat(y[b]),
            <T::Portable as Lanes<T>>::splat(z[c]),
        )
        .store_partial(std::slice::from_mut(o));
        for a in (0..AXES).rev() {
            index[a] += 1;
            if index[a] < counts[a] {
                break;
            }
            index[a] = 0;
        }
    }
}
/// interim
pub fn dot_to<T: Float>(
    counts: [usize; AXES],
    strides: [Strides; 3],
    x: &[T],
    y: &[T],
    factor: T,
    out: &mut [T],
) {
    let mut index = [0; AXES];
    out.fill(T::ZERO);
    for _ in 0..counts.iter().product::<usize>() {
        let at = |s: &Strides| (0..AXES).map(|a| s[a] * index[a]).sum::<usize>();
        let [a, b, c] = [&strides[0], &strides[1], &strides[2]].map(at);
        out[c] += factor * (x[a] * y[b]);
        for a in (0..AXES).rev() {
            index[a] += 1;
            if index[a] < counts[a] {
                break;
            }
            index[a] = 0;
        }
    }
}
