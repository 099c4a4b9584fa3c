//! From a product to its parts, one a thread, and from a part to the kernel.

use std::cell::RefCell;

use rayon::prelude::*;

use super::Operand;
use super::blocking::{THREAD_WORK, tile_rows};
use super::loops::{Size, multiply};
use super::matrix::Matrix;
use super::vector::{outer, times_vector};
use crate::simd::{self, Compiled, Double, Float, Kernel, Lanes, Single, Slab};

/// The loops that a product runs through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Path {
    /// `C` has one column: a matrix times a vector.
    Column,
    /// `inner` is one: a column times a row.
    Outer,
    Tiles,
}

/// One product for each episode, or the sum of all.
#[derive(Clone, Copy)]
pub(super) struct Product<'a, T> {
    episodes: usize,
    size: Size,
    a: Matrix<'a, T>,
    b: Matrix<'a, T>,
    /// From the matrix of one episode to that of the next, in `A` and in `B`.
    strides: (usize, usize),
    /// Whether there is one `C`, the sum over the episodes.
    sums: bool,
    /// Asked of the whole product, for its parts may have one row too.
    path: Path,
}

impl<'a, T: Float> Product<'a, T> {
    pub(super) fn new(episodes: usize, size: Size, a: Operand<'a, T>, b: Operand<'a, T>, sums: bool) -> Self {
        let Size { rows, inner, columns } = size;
        if rows == 1 && columns > 1 {
            // A row vector lies in memory as a column does: C^T = B^T A^T.
            let [a, b] = [b, a].map(|operand| Operand { transposed: !operand.transposed, ..operand });
            return Product::new(episodes, Size { rows: columns, inner, columns: 1 }, a, b, sums);
        }
        // What has one row or one column lies in memory as its transpose does; these are the ways that read it best.
        let a_transposed = rows > 1 && (a.transposed || inner == 1);
        let b_transposed = columns > 1 && inner > 1 && b.transposed;
        let a_stride = if a_transposed { rows } else { inner };
        let b_stride = if b_transposed { inner } else { columns };
        Product {
            episodes,
            size,
            a: Matrix { values: a.values, stride: a_stride, transposed: a_transposed },
            b: Matrix { values: b.values, stride: b_stride, transposed: b_transposed },
            strides: (a.episode_stride, b.episode_stride),
            sums,
            path: match (inner, columns) {
                (_, 1) => Path::Column,
                (1, _) => Path::Outer,
                _ => Path::Tiles,
            },
        }
    }

    /// [`Product::compute`], compiled in this crate.
    pub(super) fn compiled(self, c: &mut [T]) {
        T::call(Whole { product: self, c });
    }

    fn cast<U: Float>(self) -> Product<'a, U> {
        let Product { episodes, size, strides, sums, path, .. } = self;
        Product { episodes, size, a: self.a.cast(), b: self.b.cast(), strides, sums, path }
    }

    /// Computes all of `c`, on as many threads of rayon's pool as the work is worth.
    fn compute(self, c: &mut [T]) {
        let Size { rows, inner, columns } = self.size;
        if self.episodes * inner == 0 || c.is_empty() {
            return c.fill(T::ZERO);
        }
        let work = self.episodes * rows * inner * columns;
        let threads =
            if work < 2 * THREAD_WORK { 1 } else { rayon::current_num_threads().min(work / THREAD_WORK) };
        if threads == 1 {
            self.on_this_thread(c);
        } else if self.episodes > 1 && !self.sums {
            let episodes = self.episodes.div_ceil(threads);
            c.par_chunks_mut(episodes * rows * columns).enumerate().for_each(|(part, c)| {
                self.episodes_from(part * episodes, c.len() / (rows * columns)).on_this_thread(c);
            });
        } else if self.path == Path::Column {
            self.on_this_thread(c);
        } else {
            let rows = rows.div_ceil(threads).next_multiple_of(tile_rows(simd::level()));
            c.par_chunks_mut(rows * columns).enumerate().for_each(|(part, c)| {
                self.rows_from(part * rows, c.len() / columns).on_this_thread(c);
            });
        }
    }

    fn episodes_from(self, first: usize, episodes: usize) -> Self {
        let a = Matrix { values: &self.a.values[first * self.strides.0..], ..self.a };
        let b = Matrix { values: &self.b.values[first * self.strides.1..], ..self.b };
        Product { episodes, a, b, ..self }
    }

    fn rows_from(self, first: usize, rows: usize) -> Self {
        Product { size: Size { rows, ..self.size }, a: self.a.from(first, 0), ..self }
    }

    fn on_this_thread(self, c: &mut [T]) {
        thread_local! {
            static PACKED: RefCell<Slab<f64>> = const { RefCell::new(Slab::new()) };
        }
        // Kernels of their own, for the tiles are so many that entering them takes longer than a small vector.
        match self.path {
            Path::Column => return simd::run(TimesVector { product: self, c }),
            Path::Outer => return simd::run(Outer { product: self, c }),
            Path::Tiles => {}
        }
        let (left, right) = self.size.packed(self.a, self.b);
        if left + right == 0 {
            return simd::run(InTiles { product: self, c, packed: (&mut [], &mut []) });
        }
        PACKED.with_borrow_mut(|slab| {
            slab.reserve((left + right) * size_of::<T>() / size_of::<f64>() + 1);
            let packed: &mut [T] = bytemuck::cast_slice_mut(slab.values_mut());
            // The panels of B come first: they are the ones that are read by whole vectors.
            let (packed_right, packed_left) = packed.split_at_mut(right);
            simd::run(InTiles { product: self, c, packed: (packed_left, packed_right) });
        });
    }

    /// `A`, `B` and `C` of one episode, and whether to add to what is in `C`.
    #[inline(always)]
    fn episode<'c>(
        &self,
        episode: usize,
        c: &'c mut [T],
    ) -> (Matrix<'a, T>, Matrix<'a, T>, &'c mut [T], bool) {
        let a = Matrix { values: &self.a.values[episode * self.strides.0..], ..self.a };
        let b = Matrix { values: &self.b.values[episode * self.strides.1..], ..self.b };
        let length = self.size.rows * self.size.columns;
        let c = if self.sums { c } else { &mut c[episode * length..][..length] };
        (a, b, c, self.sums && episode > 0)
    }
}

/// A product and where it goes, on its way from generic code to code that is not.
struct Whole<'a, T> {
    product: Product<'a, T>,
    c: &'a mut [T],
}

impl<T: Float> Compiled for Whole<'_, T> {
    type Output = ();
    fn single(self) {
        single(self.product.cast(), bytemuck::cast_slice_mut(self.c));
    }
    fn double(self) {
        double(self.product.cast(), bytemuck::cast_slice_mut(self.c));
    }
}

#[inline(never)]
fn single(product: Product<'_, Single>, c: &mut [Single]) {
    product.compute(c);
}

#[inline(never)]
fn double(product: Product<'_, Double>, c: &mut [Double]) {
    product.compute(c);
}

/// What one thread computes tile by tile, and the room in which it packs.
struct InTiles<'a, T> {
    product: Product<'a, T>,
    c: &'a mut [T],
    packed: (&'a mut [T], &'a mut [T]),
}

impl<T: Float> Kernel<T> for InTiles<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let (packed_left, packed_right) = self.packed;
        for episode in 0..self.product.episodes {
            let (a, b, c, accumulate) = self.product.episode(episode, self.c);
            let packed = (&mut *packed_left, &mut *packed_right);
            multiply::<T, L>(self.product.size, a, b, c, accumulate, packed);
        }
    }
}

/// What one thread computes where `C` has one column.
struct TimesVector<'a, T> {
    product: Product<'a, T>,
    c: &'a mut [T],
}

impl<T: Float> Kernel<T> for TimesVector<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        for episode in 0..self.product.episodes {
            let (a, b, c, accumulate) = self.product.episode(episode, self.c);
            times_vector::<T, L>(a, &b.values[..self.product.size.inner], c, accumulate);
        }
    }
}

/// What one thread computes where `inner` is one.
struct Outer<'a, T> {
    product: Product<'a, T>,
    c: &'a mut [T],
}

impl<T: Float> Kernel<T> for Outer<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Size { rows, columns, .. } = self.product.size;
        for episode in 0..self.product.episodes {
            let (a, b, c, accumulate) = self.product.episode(episode, self.c);
            outer::<T, L>(&a.values[..rows], &b.values[..columns], c, accumulate);
        }
    }
}
