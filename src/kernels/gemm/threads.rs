//! From a product to its parts, one a thread, and from a part to the kernel.

use std::cell::RefCell;

use rayon::prelude::*;

use super::blocking::{THREAD_WORK, tile_rows};
use super::ends::{Ends, Start};
use super::loops::{Size, multiply};
use super::matrix::Matrix;
use super::vector::{outer, times_vector};
use super::{Addend, Operand};
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
    /// For the first episode.
    ends: Ends<'a, T>,
    /// From the matrix of one episode to that of the next, in `A`, in `B` and in the addend.
    strides: [usize; 3],
    /// Whether there is one `C`, the sum over the episodes.
    sums: bool,
    /// Asked of the whole product, for its parts may have one row too.
    path: Path,
}

impl<'a, T: Float> Product<'a, T> {
    #[inline(always)]
    pub(super) fn new(
        episodes: usize,
        size: Size,
        [a, b]: [Operand<'a, T>; 2],
        addend: Option<Addend<'a, T>>,
        relu: bool,
        sums: bool,
    ) -> Self {
        // A row vector lies in memory as a column does: C^T = B^T A^T.
        let turns = size.rows == 1 && size.columns > 1;
        let (rows, inner, columns) =
            if turns { (size.columns, size.inner, 1) } else { (size.rows, size.inner, size.columns) };
        let (a, b) = if turns { (b, a) } else { (a, b) };
        let addend = addend.map(|addend| if turns { Addend { row_stride: 1, ..addend } } else { addend });
        // What has one row or one column lies in memory as its transpose does; these are the ways that read it best.
        let a_transposed = rows > 1 && (a.transposed != turns || inner == 1);
        let b_transposed = columns > 1 && inner > 1 && b.transposed != turns;
        let a_stride = if a_transposed { rows } else { inner };
        let b_stride = if b_transposed { inner } else { columns };
        Product {
            episodes,
            size: Size { rows, inner, columns },
            a: Matrix { values: a.values, stride: a_stride, transposed: a_transposed },
            b: Matrix { values: b.values, stride: b_stride, transposed: b_transposed },
            ends: Ends { start: addend.map_or(Start::Zero, |addend| Start::At(addend.first())), relu },
            strides: [a.episode_stride, b.episode_stride, addend.map_or(0, |addend| addend.episode_stride)],
            sums,
            path: match (inner, columns) {
                (_, 1) => Path::Column,
                (1, _) => Path::Outer,
                _ => Path::Tiles,
            },
        }
    }

    /// [`Product::compute`], compiled in this crate.
    #[inline(always)]
    pub(super) fn compiled(self, c: &mut [T]) {
        T::call(Whole { product: self, c });
    }

    #[inline(always)]
    fn cast<U: Float>(self) -> Product<'a, U> {
        let Product { episodes, size, strides, sums, path, .. } = self;
        let (a, b, ends) = (self.a.cast(), self.b.cast(), self.ends.cast());
        Product { episodes, size, a, b, ends, strides, sums, path }
    }

    /// Computes all of `c`, on as many threads of rayon's pool as the work is worth.
    fn compute(&self, c: &mut [T]) {
        let Size { rows, inner, columns } = self.size;
        if self.episodes * inner == 0 || c.is_empty() {
            return self.without_terms(c);
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

    /// All of `c` where there is nothing to sum.
    fn without_terms(&self, c: &mut [T]) {
        let columns = self.size.columns;
        for (at, c) in c.iter_mut().enumerate() {
            let (episode, row) = (at / columns / self.size.rows, at / columns % self.size.rows);
            let x = match self.ends.start {
                Start::At(addend) => {
                    addend.values[episode * self.strides[2] + row * addend.stride + at % columns]
                }
                Start::Zero | Start::There => T::ZERO,
            };
            *c = if self.ends.relu && x <= T::ZERO { T::ZERO } else { x };
        }
    }

    /// The product of the episodes from `first`.
    #[inline(always)]
    fn episodes_from(self, first: usize, episodes: usize) -> Self {
        let [a, b, addend] = self.strides.map(|stride| first * stride);
        Product { episodes, a: self.a.skip(a), b: self.b.skip(b), ends: self.ends.skip(addend), ..self }
    }

    fn rows_from(self, first: usize, rows: usize) -> Self {
        Product {
            size: Size { rows, ..self.size },
            a: self.a.from(first, 0),
            ends: self.ends.from(first, 0),
            ..self
        }
    }

    fn on_this_thread(&self, c: &mut [T]) {
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

    /// The product of one episode, and its `C`.
    #[inline(always)]
    fn episode(self, episode: usize, c: &mut [T]) -> (Self, &mut [T]) {
        let one = self.episodes_from(episode, 1);
        if self.sums {
            let ends = one.ends.step(episode == 0, episode + 1 == self.episodes);
            return (Product { ends, ..one }, c);
        }
        let length = self.size.rows * self.size.columns;
        (one, &mut c[episode * length..][..length])
    }
}

/// A product and where it goes, on its way from generic code to code that is not.
struct Whole<'a, T> {
    product: Product<'a, T>,
    c: &'a mut [T],
}

impl<T: Float> Compiled for Whole<'_, T> {
    type Output = ();
    #[inline(always)]
    fn single(self) {
        single(&self.product.cast(), bytemuck::cast_slice_mut(self.c));
    }
    #[inline(always)]
    fn double(self) {
        double(&self.product.cast(), bytemuck::cast_slice_mut(self.c));
    }
}

#[inline(never)]
fn single(product: &Product<'_, Single>, c: &mut [Single]) {
    product.compute(c);
}

#[inline(never)]
fn double(product: &Product<'_, Double>, c: &mut [Double]) {
    product.compute(c);
}

/// What one thread computes tile by tile, and the room in which it packs.
struct InTiles<'a, T> {
    product: &'a Product<'a, T>,
    c: &'a mut [T],
    packed: (&'a mut [T], &'a mut [T]),
}

impl<T: Float> Kernel<T> for InTiles<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let (packed_left, packed_right) = self.packed;
        for episode in 0..self.product.episodes {
            let (Product { size, a, b, ends, .. }, c) = self.product.episode(episode, self.c);
            let packed = (&mut *packed_left, &mut *packed_right);
            multiply::<T, L>(size, a, b, c, ends, packed);
        }
    }
}

/// What one thread computes where `C` has one column.
struct TimesVector<'a, T> {
    product: &'a Product<'a, T>,
    c: &'a mut [T],
}

impl<T: Float> Kernel<T> for TimesVector<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        for episode in 0..self.product.episodes {
            let (Product { size, a, b, ends, .. }, c) = self.product.episode(episode, self.c);
            times_vector::<T, L>(a, &b.values[..size.inner], c, ends);
        }
    }
}

/// What one thread computes where `inner` is one.
struct Outer<'a, T> {
    product: &'a Product<'a, T>,
    c: &'a mut [T],
}

impl<T: Float> Kernel<T> for Outer<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        for episode in 0..self.product.episodes {
            let (Product { size, a, b, ends, .. }, c) = self.product.episode(episode, self.c);
            outer::<T, L>(&a.values[..size.rows], &b.values[..size.columns], c, ends);
        }
    }
}
