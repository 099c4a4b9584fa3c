//! Elementwise functions of one, two and three slices, with the common forms of broadcasting.

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

/// The same function with its two arguments exchanged: how a broadcast operand comes first.
#[derive(Clone, Copy, Debug)]
pub struct Swapped<F>(pub F);

impl<T: Float, F: Binary<T>> Binary<T> for Swapped<F> {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        self.0.apply(y, x)
    }
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

/// `out[i] = f(x[i], y)`.
///
/// # Panics
/// The lengths differ.
#[track_caller]
#[inline]
pub fn zip_scalar<T: Float>(x: &[T], y: T, out: &mut [T], f: impl Binary<T>) {
    same_length("zip_scalar", x.len(), out.len());
    run(Map { x, out, f: With { y, f } });
}

/// `out[i, j] = f(x[i, j], y[j])`: the row `y` is repeated for every row of `x`.
///
/// # Panics
/// The lengths of `x` and `out` differ, or are no multiple of the length of `y`.
#[track_caller]
#[inline]
pub fn zip_row<T: Float>(x: &[T], y: &[T], out: &mut [T], f: impl Binary<T>) {
    same_length("zip_row", x.len(), out.len());
    whole_rows("zip_row", x.len(), y.len());
    match y {
        [] => {}
        [y] => run(Map { x, out, f: With { y: *y, f } }),
        _ => run(ZipRow { x, y, out, f }),
    }
}

/// `out[i, j] = f(x[i, j], y[i])`: every number of the column `y` meets a whole row of `x`.
///
/// # Panics
/// The lengths of `x` and `out` differ, or are no multiple of the length of `y`.
#[track_caller]
#[inline]
pub fn zip_column<T: Float>(x: &[T], y: &[T], out: &mut [T], f: impl Binary<T>) {
    same_length("zip_column", x.len(), out.len());
    whole_rows("zip_column", x.len(), y.len());
    if x.len() == y.len() { run(Zip { x, y, out, f }) } else { run(ZipColumn { x, y, out, f }) }
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

#[track_caller]
#[inline]
fn same_length(kernel: &str, left: usize, right: usize) {
    assert!(left == right, "{kernel}: {left} numbers beside {right}");
}

#[track_caller]
#[inline]
fn whole_rows(kernel: &str, all: usize, part: usize) {
    assert!(all.is_multiple_of(part), "{kernel}: {all} numbers are no multiple of {part}");
}

/// A function of two numbers with the second one given.
#[derive(Clone, Copy)]
struct With<T, F> {
    y: T,
    f: F,
}

impl<T: Float, F: Binary<T>> Unary<T> for With<T, F> {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L) -> L {
        self.f.apply(x, L::splat(self.y))
    }
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
        let mut xs = self.x.chunks_exact(L::N);
        let mut outs = self.out.chunks_exact_mut(L::N);
        for (out, x) in (&mut outs).zip(&mut xs) {
            self.f.apply(L::load(x)).store(out);
        }
        if !xs.remainder().is_empty() {
            self.f.apply(L::load_partial(xs.remainder())).store_partial(outs.into_remainder());
        }
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
        let mut xs = self.x.chunks_exact(L::N);
        let mut ys = self.y.chunks_exact(L::N);
        let mut outs = self.out.chunks_exact_mut(L::N);
        for ((out, x), y) in (&mut outs).zip(&mut xs).zip(&mut ys) {
            self.f.apply(L::load(x), L::load(y)).store(out);
        }
        if !xs.remainder().is_empty() {
            let (x, y) = (L::load_partial(xs.remainder()), L::load_partial(ys.remainder()));
            self.f.apply(x, y).store_partial(outs.into_remainder());
        }
    }
}

struct ZipRow<'a, T, F> {
    x: &'a [T],
    y: &'a [T],
    out: &'a mut [T],
    f: F,
}

impl<T: Float, F: Binary<T>> Kernel<T> for ZipRow<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let columns = self.y.len();
        for (x, out) in self.x.chunks_exact(columns).zip(self.out.chunks_exact_mut(columns)) {
            Zip { x, y: self.y, out, f: self.f }.run::<L>();
        }
    }
}

struct ZipColumn<'a, T, F> {
    x: &'a [T],
    y: &'a [T],
    out: &'a mut [T],
    f: F,
}

impl<T: Float, F: Binary<T>> Kernel<T> for ZipColumn<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let columns = self.x.len().checked_div(self.y.len()).unwrap_or(0);
        if columns == 0 {
            return;
        }
        let rows = self.x.chunks_exact(columns).zip(self.out.chunks_exact_mut(columns));
        for ((x, out), y) in rows.zip(self.y) {
            Map { x, out, f: With { y: *y, f: self.f } }.run::<L>();
        }
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
        let mut xs = self.x.chunks_exact(L::N);
        let mut ys = self.y.chunks_exact(L::N);
        let mut zs = self.z.chunks_exact(L::N);
        let mut outs = self.out.chunks_exact_mut(L::N);
        for (((out, x), y), z) in (&mut outs).zip(&mut xs).zip(&mut ys).zip(&mut zs) {
            self.f.apply(L::load(x), L::load(y), L::load(z)).store(out);
        }
        if !xs.remainder().is_empty() {
            let (x, y) = (L::load_partial(xs.remainder()), L::load_partial(ys.remainder()));
            let z = L::load_partial(zs.remainder());
            self.f.apply(x, y, z).store_partial(outs.into_remainder());
        }
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
