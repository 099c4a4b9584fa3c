//! Elementwise functions of slices of the same length; [`super::broadcast`] has those of other lengths.

use super::formula::{Formula, Moving, One, Three, Two, write_row};
use crate::simd::{Float, Kernel, Lanes, run};

/// A function of one number, written for a whole vector.
///
/// `apply` must be `#[inline(always)]`.
///
/// ```
/// use metatape::kernels::map::{Unary, map};
/// use metatape::simd::{Float, Lanes, math};
///
/// #[derive(Clone, Copy)]
/// struct Gaussian;
/// impl<T: Float> Unary<T> for Gaussian {
///     #[inline(always)]
///     fn apply<L: Lanes<T>>(self, x: L) -> L {
///         math::exp(x.mul(x).neg())
///     }
/// }
///
/// let mut y = [0.0; 3];
/// map(&[0.0_f32, f32::INFINITY, 1.0], &mut y, Gaussian);
/// assert_eq!(y[..2], [1.0, 0.0]);
/// ```
pub trait Unary<T: Float>: Copy {
    /// The function of every lane of `x`.
    fn apply<L: Lanes<T>>(self, x: L) -> L;
}

/// A function of two numbers, written for whole vectors; `apply` must be `#[inline(always)]`.
pub trait Binary<T: Float>: Copy {
    /// The function of every pair of lanes.
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L;
}

/// A function of three numbers, written for whole vectors; `apply` must be `#[inline(always)]`.
pub trait Ternary<T: Float>: Copy {
    /// The function of every triple of lanes.
    fn apply<L: Lanes<T>>(self, x: L, y: L, z: L) -> L;
}

/// `out[i] = f(x[i])`.
///
/// # Panics
/// The lengths differ.
#[track_caller]
#[inline]
pub fn map<T: Float>(x: &[T], out: &mut [T], f: impl Unary<T>) {
    same_length("map", x.len(), out.len());
    run(Map { x, out, f });
}

/// `out[i] = f(x[i], y[i])`.
///
/// # Panics
/// The lengths differ.
#[track_caller]
#[inline]
pub fn zip<T: Float>(x: &[T], y: &[T], out: &mut [T], f: impl Binary<T>) {
    same_length("zip", x.len(), y.len());
    same_length("zip", x.len(), out.len());
    run(Zip { x, y, out, f });
}

/// `out[i] = f(x[i], y[i], z[i])`.
///
/// # Panics
/// The lengths differ.
#[track_caller]
#[inline]
pub fn zip3<T: Float>(x: &[T], y: &[T], z: &[T], out: &mut [T], f: impl Ternary<T>) {
    same_length("zip3", x.len(), y.len());
    same_length("zip3", x.len(), z.len());
    same_length("zip3", x.len(), out.len());
    run(Zip3 { x, y, z, out, f });
}

/// `out[i] += x[i]`.
///
/// # Panics
/// The lengths differ.
#[track_caller]
#[inline]
pub fn add_assign<T: Float>(out: &mut [T], x: &[T]) {
    same_length("add_assign", out.len(), x.len());
    run(AddAssign { out, x });
}

/// `out[i] *= factor`.
#[inline]
pub fn scale_assign<T: Float>(out: &mut [T], factor: T) {
    run(ScaleAssign { out, factor });
}

#[track_caller]
#[inline]
fn same_length(kernel: &str, left: usize, right: usize) {
    assert!(left == right, "{kernel}: {left} numbers beside {right}");
}

struct Map<'a, T, F> {
    x: &'a [T],
    out: &'a mut [T],
    f: F,
}

impl<T: Float, F: Unary<T>> Kernel<T> for Map<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let formula = One { x: Moving(self.x), f: self.f };
        write_row::<T, L, 1>(formula.row([0], self.out.len()), self.out);
    }
}

struct Zip<'a, T, F> {
    x: &'a [T],
    y: &'a [T],
    out: &'a mut [T],
    f: F,
}

impl<T: Float, F: Binary<T>> Kernel<T> for Zip<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let formula = Two { x: Moving(self.x), y: Moving(self.y), f: self.f };
        write_row::<T, L, 2>(formula.row([0; 2], self.out.len()), self.out);
    }
}

struct Zip3<'a, T, F> {
    x: &'a [T],
    y: &'a [T],
    z: &'a [T],
    out: &'a mut [T],
    f: F,
}

impl<T: Float, F: Ternary<T>> Kernel<T> for Zip3<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let formula = Three { x: Moving(self.x), y: Moving(self.y), z: Moving(self.z), f: self.f };
        write_row::<T, L, 3>(formula.row([0; 3], self.out.len()), self.out);
    }
}

struct AddAssign<'a, T> {
    out: &'a mut [T],
    x: &'a [T],
}

impl<T: Float> Kernel<T> for AddAssign<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let mut outs = self.out.chunks_exact_mut(L::N);
        let mut xs = self.x.chunks_exact(L::N);
        for (out, x) in (&mut outs).zip(&mut xs) {
            L::load(out).add(L::load(x)).store(out);
        }
        if !xs.remainder().is_empty() {
            let out = outs.into_remainder();
            L::load_partial(out).add(L::load_partial(xs.remainder())).store_partial(out);
        }
    }
}

struct ScaleAssign<'a, T> {
    out: &'a mut [T],
    factor: T,
}

impl<T: Float> Kernel<T> for ScaleAssign<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let factor = L::splat(self.factor);
        let mut outs = self.out.chunks_exact_mut(L::N);
        for out in &mut outs {
            L::load(out).mul(factor).store(out);
        }
        let rest = outs.into_remainder();
        L::load_partial(rest).mul(factor).store_partial(rest);
    }
}
