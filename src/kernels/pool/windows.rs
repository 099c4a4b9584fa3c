//! The walk over windows, which all kernels share.

use std::ops::Range;

use crate::simd::{Float, Kernel, Lanes, prefetch, run};

/// How windows lie on images. Nothing is padded: rows and columns behind the last whole window are in none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Windows {
    /// How many images.
    pub images: usize,
    /// The rows of an image.
    pub height: usize,
    /// The columns of an image.
    pub width: usize,
    /// The numbers of a pixel.
    pub channels: usize,
    /// The rows and columns of a window, not more than those of an image.
    pub size: [usize; 2],
    /// How far the next window lies below, and to the right; not 0.
    pub stride: [usize; 2],
}

impl Windows {
    /// How many windows lie below each other and side by side: `(length - size) / stride + 1`, rounded down.
    #[inline(always)]
    pub fn counts(&self) -> [usize; 2] {
        let Windows { height, width, size, stride, .. } = *self;
        [(height - size[0]) / stride[0] + 1, (width - size[1]) / stride[1] + 1]
    }

    /// Whether some pixels are in several windows.
    #[inline(always)]
    pub(super) fn overlap(&self) -> bool {
        self.stride[0] < self.size[0] || self.stride[1] < self.size[1]
    }

    /// Whether each pixel is in one window.
    #[inline(always)]
    pub(super) fn tile(&self) -> bool {
        let [rows, columns] = self.counts();
        self.stride == self.size && [rows * self.size[0], columns * self.size[1]] == [self.height, self.width]
    }
}

/// What is done with each window.
pub(super) trait Work<T: Float> {
    /// Readies what belongs to the image with these places.
    #[inline(always)]
    fn begin<L: Lanes<T>>(&mut self, _windows: &Windows, _image: Range<usize>) {}
    /// Does the work for a vector of channels, or a `PART` of one.
    fn window<L: Lanes<T>, const PART: bool>(&mut self, windows: &Windows, at: At);
}

/// Where a vector of channels of a window lies.
#[derive(Clone, Copy)]
pub(super) struct At {
    /// In the images: at the window's first pixel.
    pub(super) corner: usize,
    /// Among the results.
    pub(super) result: usize,
    /// In a row of channels.
    pub(super) channel: usize,
    /// How many channels.
    pub(super) count: usize,
}

impl At {
    /// Where the channels lie in the images at one pixel of the window.
    #[inline(always)]
    pub(super) fn pixel(self, windows: &Windows, row: usize, column: usize) -> Range<usize> {
        let start = self.corner + (row * windows.width + column) * windows.channels;
        start..start + self.count
    }

    #[inline(always)]
    pub(super) fn result(self) -> Range<usize> {
        self.result..self.result + self.count
    }
}

struct Walk<W> {
    windows: Windows,
    work: W,
}

pub(super) fn walk<T: Float>(windows: Windows, work: impl Work<T>) {
    run(Walk { windows, work });
}

impl<T: Float, W: Work<T>> Kernel<T> for Walk<W> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Walk { windows, work } = self;
        // Loops over a window whose size is known are unrolled.
        match [windows.size, windows.stride] {
            [[2, 2], [2, 2]] => visit::<T, L>(Windows { size: [2, 2], stride: [2, 2], ..windows }, work),
            [[1, 1], [1, 1]] => visit::<T, L>(Windows { size: [1, 1], stride: [1, 1], ..windows }, work),
            _ => visit::<T, L>(windows, work),
        }
    }
}

#[inline(always)]
fn visit<T: Float, L: Lanes<T>>(windows: Windows, mut work: impl Work<T>) {
    let Windows { images, height, width, channels, stride, .. } = windows;
    let [rows, columns] = windows.counts();
    let image = height * width * channels;
    let mut result = 0;
    for start in (0..images).map(|number| number * image) {
        work.begin::<L>(&windows, start..start + image);
        for row in 0..rows {
            for column in 0..columns {
                let corner = start + (row * stride[0] * width + column * stride[1]) * channels;
                let mut at = At { corner, result, channel: 0, count: L::N };
                while at.channel + L::N <= channels {
                    work.window::<L, false>(&windows, at);
                    at.corner += L::N;
                    at.result += L::N;
                    at.channel += L::N;
                }
                if at.channel < channels {
                    at.count = channels - at.channel;
                    work.window::<L, true>(&windows, at);
                }
                result += channels;
            }
        }
    }
}

/// How many bytes ahead images are asked for. The rows of a window are read in turn, an order that the processor does not
/// foresee: of `[75, 28, 28, 64]` in `f32`, beyond the caches, pooling, picking and placing became 1.2 to 1.4 times as fast
/// for it (medians of nine alternated pairs on a busy machine). Within the second cache it gains nothing, and seems to cost
/// picking and placing up to a tenth.
pub(super) const AHEAD: usize = 2048;

/// A vector of the images, or a `PART` of one.
#[inline(always)]
pub(super) fn load_ahead<T: Float, L: Lanes<T>, const PART: bool>(images: &[T], at: Range<usize>) -> L {
    prefetch(images, at.start + AHEAD / size_of::<T>());
    load::<T, L, PART>(&images[at])
}

#[inline(always)]
pub(super) fn load<T: Float, L: Lanes<T>, const PART: bool>(from: &[T]) -> L {
    if PART { L::load_partial(from) } else { L::load(from) }
}

#[inline(always)]
pub(super) fn store<T: Float, L: Lanes<T>, const PART: bool>(x: L, to: &mut [T]) {
    if PART { x.store_partial(to) } else { x.store(to) }
}
