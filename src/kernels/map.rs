//! Elementwise functions of slices of the same length; [`super::broadcast`] has those of other lengths.

use super::formula::{Formula, Moving, One, Three, Two, write_long};
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
    write::<T, 1>(One { x: Moving(x), f }, out);
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
    write::<T, 2>(Two { x: Moving(x), y: Moving(y), f }, out);
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
    write::<T, 3>(Three { x: Moving(x), y: Moving(y), z: Moving(z), f }, out);
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

/// `out = formula`.
#[inline]
fn write<T: Float, const N: usize>(formula: impl Formula<T, N>, out: &mut [T]) {
    run(Write { formula, out });
}

struct Write<'a, T, E, const N: usize> {
    formula: E,
    out: &'a mut [T],
}

impl<T: Float, E: Formula<T, N>, const N: usize> Kernel<T> for Write<'_, T, E, N> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        write_long::<T, L, N>(self.formula, self.out);
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
