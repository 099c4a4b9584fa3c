//! Weights turned around, for the transpose in the images.

// Arrays of vectors are registers: written with indices their loops unroll.
#![allow(clippy::needless_range_loop)]

use crate::kernels::gemm::{MOST_LANES, transpose};
use crate::simd::{Float, Kernel, Lanes};

/// Weights `[places, filters, channels]` as `[places, channels, filters]`, the last place first. Number by number 3x3x64x64
/// took 11 microseconds, by vectors they take 4: of 65 for the transpose in five images of 7x7x64 numbers.
pub(super) struct Turn<'a, T> {
    pub(super) w: &'a [T],
    pub(super) places: usize,
    pub(super) channels: usize,
    pub(super) filters: usize,
    pub(super) turned: &'a mut [T],
}

impl<T: Float> Kernel<T> for Turn<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Turn { w, places, channels, filters, turned } = self;
        for place in 0..places {
            let from = &w[place * filters * channels..][..filters * channels];
            let to = &mut turned[(places - 1 - place) * filters * channels..][..filters * channels];
            for row in (0..filters).step_by(L::N) {
                for column in (0..channels).step_by(L::N) {
                    let (rows, columns) = (L::N.min(filters - row), L::N.min(channels - column));
                    let mut block = [L::splat(T::ZERO); MOST_LANES];
                    for i in 0..L::N {
                        if i < rows {
                            let line = &from[(row + i) * channels + column..][..columns];
                            block[i] = if columns == L::N { L::load(line) } else { L::load_partial(line) };
                        }
                    }
                    block = transpose::<T, L>(block);
                    for i in 0..L::N {
                        if i < columns {
                            let line = &mut to[(column + i) * filters + row..][..rows];
                            if rows == L::N { block[i].store(line) } else { block[i].store_partial(line) }
                        }
                    }
                }
            }
        }
    }
}
