//! From a product to its parts, one a thread, and from a part to the kernel.

use std::cell::RefCell;

use rayon::prelude::*;

use super::Operand;
use super::blocking::{THREAD_WORK, tile_rows};
use super::loops::{Size, multiply};
use super::matrix::Matrix;
use super::vector::times_vector;
use crate::simd::{self, Float, Kernel, Lanes, Slab};

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
    /// Whether `C` has one row or one column: asked of the whole product, for its parts may have one row too.
    vector: bool,
}

impl<'a, T: Float> Product<'a, T> {
    pub(super) fn new(episodes: usize, size: Size, a: Operand<'a, T>, b: Operand<'a, T>, sums: bool) -> Self {
        let Size { rows, inner, columns } = size;
        // What has one row or one column lies in memory as its transpose does; these are the ways that read it best.
        let a_transposed = rows > 1 && (a.transposed || inner == 1);
        let b_transposed = columns > 1 && inner > 1 && b.transposed;
        let (a_stride, b_stride) =
            (if a_transposed { rows } else { inner }, if b_transposed { inner } else { columns });
        Product {
            episodes,
            size,
            a: Matrix { values: a.values, stride: a_stride, transposed: a_transposed },
            b: Matrix { values: b.values, stride: b_stride, transposed: b_transposed },
            strides: (a.episode_stride, b.episode_stride),
            sums,
            vector: rows == 1 || columns == 1,
        }
    }

    /// Computes all of `c`, on as many threads of rayon's pool as the work is worth.
    pub(super) fn compute(self, c: &mut [T]) {
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
        } else if self.vector {
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
        let (left, right) = match self.vector {
            true => (0, 0),
            false => self.size.packed::<T>(self.a.transposed, self.b.transposed),
        };
        if left + right == 0 {
            return simd::run(Part { product: self, c, packed: (&mut [], &mut []) });
        }
        PACKED.with_borrow_mut(|slab| {
            slab.reserve((left + right) * size_of::<T>() / size_of::<f64>() + 1);
            let packed: &mut [T] = bytemuck::cast_slice_mut(slab.values_mut());
            // The panels of B come first: they are the ones that are read by whole vectors.
            let (packed_right, packed_left) = packed.split_at_mut(right);
            simd::run(Part { product: self, c, packed: (packed_left, packed_right) });
        });
    }
}

/// What one thread computes, and the room in which it packs.
struct Part<'a, T> {
    product: Product<'a, T>,
    c: &'a mut [T],
    packed: (&'a mut [T], &'a mut [T]),
}

impl<T: Float> Kernel<T> for Part<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Part { product, c, packed: (packed_left, packed_right) } = self;
        let Product { episodes, size, strides, sums, vector, .. } = product;
        for episode in 0..episodes {
            let a = Matrix { values: &product.a.values[episode * strides.0..], ..product.a };
            let b = Matrix { values: &product.b.values[episode * strides.1..], ..product.b };
            let length = size.rows * size.columns;
            let c = if sums { &mut *c } else { &mut c[episode * length..][..length] };
            let accumulate = sums && episode > 0;
            if !vector {
                multiply::<T, L>(size, a, b, c, accumulate, (&mut *packed_left, &mut *packed_right));
            } else if size.columns == 1 {
                times_vector::<T, L>(a, &b.values[..size.inner], c, accumulate);
            } else {
                times_vector::<T, L>(b.transpose(), &a.values[..size.inner], c, accumulate);
            }
        }
    }
}
