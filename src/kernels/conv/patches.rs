//! The patches of images: what a window sees in each place, a row each, gathered and put back.

use std::ops::Range;

use super::Geometry;
use crate::simd::{Float, Kernel, Lanes};

/// Copies patches, from number `first` on, to rows; zeros stand for what lies outside an image.
pub(super) struct Gather<'a, T> {
    pub(super) geometry: &'a Geometry,
    pub(super) x: &'a [T],
    pub(super) first: usize,
    pub(super) patches: &'a mut [T],
}

/// Copies patches of images of one channel, from number `first` on, to columns: number `(a, b)` of each, then the next.
pub(super) struct GatherLying<'a, T> {
    pub(super) geometry: &'a Geometry,
    pub(super) x: &'a [T],
    pub(super) first: usize,
    pub(super) patches: &'a mut [T],
}

/// Adds rows to the patches of images: the transpose of [`Gather`].
pub(super) struct Scatter<'a, T> {
    pub(super) geometry: &'a Geometry,
    pub(super) x: &'a mut [T],
    pub(super) first: usize,
    pub(super) patches: &'a [T],
}

impl<T: Float> Kernel<T> for Gather<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Gather { geometry, x, first, patches } = self;
        let mut places = Places::from(geometry, first);
        for patch in patches.chunks_exact_mut(geometry.patch()) {
            for (a, line) in patch.chunks_exact_mut(geometry.kernel[1] * geometry.channels).enumerate() {
                let (inside, at) = places.line(geometry, a);
                let (before, rest) = line.split_at_mut(inside.start);
                let (line, behind) = rest.split_at_mut(inside.len());
                before.fill(T::ZERO);
                copy::<T, L>(&x[at..at + line.len()], line);
                behind.fill(T::ZERO);
            }
            places.step();
        }
    }
}

impl<T: Float> Kernel<T> for GatherLying<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let GatherLying { geometry, x, first, patches } = self;
        let Geometry { input: [height, width], kernel, stride, padding, .. } = *geometry;
        let count = patches.len() / geometry.patch();
        for (number, mut line) in patches.chunks_exact_mut(count).enumerate() {
            let (a, b) = (number / kernel[1], number % kernel[1]);
            let mut places = Places::from(geometry, first);
            while !line.is_empty() {
                // The places to the right of this one, in their row.
                let (row, rest) = line.split_at_mut(line.len().min(places.output[1] - places.at[1]));
                line = rest;
                let above = (places.at[0] * stride[0] + a).wrapping_sub(padding[0]);
                if above < height {
                    let from = &x[(places.image * height + above) * width..][..width];
                    copy_every::<T, L>(from, (places.at[1] * stride[1] + b, padding[1], stride[1]), row);
                } else {
                    row.fill(T::ZERO);
                }
                places.next_row();
            }
        }
    }
}

impl<T: Float> Kernel<T> for Scatter<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Scatter { geometry, x, first, patches } = self;
        let mut places = Places::from(geometry, first);
        for patch in patches.chunks_exact(geometry.patch()) {
            for (a, line) in patch.chunks_exact(geometry.kernel[1] * geometry.channels).enumerate() {
                let (inside, at) = places.line(geometry, a);
                add::<T, L>(&line[inside.clone()], &mut x[at..at + inside.len()]);
            }
            places.step();
        }
    }
}

/// The place of one patch, or tile, after the other.
pub(super) struct Places {
    pub(super) image: usize,
    /// Of the patch in the result.
    pub(super) at: [usize; 2],
    output: [usize; 2],
}

impl Places {
    fn from(geometry: &Geometry, first: usize) -> Self {
        Places::new(geometry.output().expect("a window that fits"), first)
    }

    pub(super) fn new([height, width]: [usize; 2], first: usize) -> Self {
        let at = [first / width % height, first % width];
        Places { image: first / (width * height), at, output: [height, width] }
    }

    #[inline(always)]
    pub(super) fn step(&mut self) {
        self.at[1] += 1;
        if self.at[1] == self.output[1] {
            self.next_row();
        }
    }

    #[inline(always)]
    fn next_row(&mut self) {
        self.at = [self.at[0] + 1, 0];
        if self.at[0] == self.output[0] {
            self.at[0] = 0;
            self.image += 1;
        }
    }

    /// The part of line `a` of the patch that lies inside the image, and where in the images it begins.
    #[inline(always)]
    fn line(&self, geometry: &Geometry, a: usize) -> (Range<usize>, usize) {
        let Geometry { input: [height, width], channels, kernel, stride, padding, .. } = *geometry;
        let row = (self.at[0] * stride[0] + a).wrapping_sub(padding[0]);
        if row >= height {
            return (0..0, 0);
        }
        // Counted from the left end of the padding.
        let left = self.at[1] * stride[1];
        let start = left.max(padding[1]);
        let end = (left + kernel[1]).min(width + padding[1]).max(start);
        let at = (self.image * height + row) * width + start.min(width + padding[1]) - padding[1];
        ((start - left).min(kernel[1]) * channels..(end - left).min(kernel[1]) * channels, at * channels)
    }
}

#[inline(always)]
fn copy<T: Float, L: Lanes<T>>(from: &[T], to: &mut [T]) {
    let mut to = to.chunks_exact_mut(L::N);
    let mut from = from.chunks_exact(L::N);
    for (from, to) in (&mut from).zip(&mut to) {
        L::load(from).store(to);
    }
    if !from.remainder().is_empty() {
        L::load_partial(from.remainder()).store_partial(to.into_remainder());
    }
}

/// Copies every `stride`-th number of a row with `padding` zeros on both sides, from number `start` on, counted from the
/// left end of the padding.
#[inline(always)]
fn copy_every<T: Float, L: Lanes<T>>(
    from: &[T],
    (start, padding, stride): (usize, usize, usize),
    to: &mut [T],
) {
    // Step `i` reads place `start + i stride - padding`.
    let before = padding.saturating_sub(start).div_ceil(stride).min(to.len());
    let end = (from.len() + padding).saturating_sub(start).div_ceil(stride).clamp(before, to.len());
    to[..before].fill(T::ZERO);
    to[end..].fill(T::ZERO);
    if before == end {
        return;
    }
    let from = &from[start + before * stride - padding..];
    let to = &mut to[before..end];
    if stride == 1 {
        copy::<T, L>(&from[..to.len()], to);
    } else {
        for (to, from) in to.iter_mut().zip(from.iter().step_by(stride)) {
            *to = *from;
        }
    }
}

#[inline(always)]
fn add<T: Float, L: Lanes<T>>(from: &[T], to: &mut [T]) {
    let mut to = to.chunks_exact_mut(L::N);
    let mut from = from.chunks_exact(L::N);
    for (from, to) in (&mut from).zip(&mut to) {
        L::load(from).add(L::load(to)).store(to);
    }
    if !from.remainder().is_empty() {
        let to = to.into_remainder();
        L::load_partial(from.remainder()).add(L::load_partial(to)).store_partial(to);
    }
}
