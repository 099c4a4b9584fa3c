//! From a product to its parts, one a thread, and from a part to the kernel.

use std::cell::RefCell;

use rayon::prelude::*;

use super::blocking::{THREAD_WORK, tile_rows};
use super::ends::Start;
use super::loops::{Size, multiply};
use super::product::{Path, Product};
use super::strip::Strip;
use super::vector::{outer, times_vector};
use crate::simd::{self, Compiled, Double, Float, Kernel, Lanes, Single, Slab};

impl<T: Float> Product<'_, T> {
    /// [`Product::compute`], compiled in this crate.
    #[inline(always)]
    pub(super) fn compiled(self, c: &mut [T]) {
        T::call(Whole { product: self, c });
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
            return self.in_tiles(c, (&mut [], &mut []));
        }
        PACKED.with_borrow_mut(|slab| {
            slab.reserve((left + right) * size_of::<T>() / size_of::<f64>() + 1);
            let packed: &mut [T] = bytemuck::cast_slice_mut(slab.values_mut());
            // The panels of B come first: they are the ones that are read by whole vectors.
            let (packed_right, packed_left) = packed.split_at_mut(right);
            self.in_tiles(c, (packed_left, packed_right));
        });
    }

    /// All episodes, within one kernel where each is one strip: entering it is much of the work where they are small.
    #[inline]
    fn in_tiles(&self, c: &mut [T], (packed_left, packed_right): (&mut [T], &mut [T])) {
        if self.size.is_one_strip(self.a) {
            let right = if packed_right.is_empty() { None } else { Some((packed_right, false)) };
            return simd::run(Strip { product: self, c, stride: self.size.columns, left: None, right });
        }
        for episode in 0..self.episodes {
            let (one, c) = self.part(episode, 1, c);
            multiply(&one, c, (&mut *packed_left, &mut *packed_right));
        }
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

/// What one thread computes where `C` has one column.
struct TimesVector<'a, T> {
    product: &'a Product<'a, T>,
    c: &'a mut [T],
}

impl<T: Float> Kernel<T> for TimesVector<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        times_vector::<T, L>(self.product, self.c);
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
        outer::<T, L>(self.product, self.c);
    }
}
