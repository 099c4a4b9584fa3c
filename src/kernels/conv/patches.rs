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
        let Gather { geometry, x, first, mut patches } = self;
        let (patch, line) = (geometry.patch(), geometry.line());
        let (whole, stride, padding) = (geometry.whole(), geometry.stride[1], geometry.padding[1]);
        let mut places = Places::from(geometry, first);
        while !patches.is_empty() {
            let row;
            (row, patches) = patches.split_at_mut(patches.len().min(places.left_in_row() * patch));
            for a in 0..geometry.kernel[0] {
                let lines = row.chunks_exact_mut(patch).map(|patch| &mut patch[a * line..][..line]);
                let Some(from) = places.row(geometry, a) else {
                    lines.for_each(|line| line.fill(T::ZERO));
                    continue;
                };
                for (line, j) in lines.zip(places.at[1]..) {
                    if whole.contains(&j) {
                        // Nearly all; of images of three channels the rest of the arithmetic would take longer than the copy.
                        let at = from + (j * stride - padding) * geometry.channels;
                        copy::<T, L>(&x[at..][..line.len()], line);
                        continue;
                    }
                    let (inside, at) = geometry.inside(j);
                    line[..inside.start].fill(T::ZERO);
                    line[inside.end..].fill(T::ZERO);
                    copy::<T, L>(&x[from + at..][..inside.len()], &mut line[inside]);
                }
            }
            places.next_row();
        }
    }
}

impl<T: Float> Kernel<T> for GatherLying<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let GatherLying { geometry, x, first, patches } = self;
        let Geometry { input: [_, width], kernel, stride, padding, .. } = *geometry;
        let count = patches.len() / geometry.patch();
        for (number, mut line) in patches.chunks_exact_mut(count).enumerate() {
            let (a, b) = (number / kernel[1], number % kernel[1]);
            let mut places = Places::from(geometry, first);
            while !line.is_empty() {
                // The places to the right of this one, in their row.
                let row;
                (row, line) = line.split_at_mut(line.len().min(places.left_in_row()));
                if let Some(from) = places.row(geometry, a) {
                    let start = places.at[1] * stride[1] + b;
                    copy_every::<T, L>(&x[from..][..width], (start, padding[1], stride[1]), row);
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
            let (inside, at) = geometry.inside(places.at[1]);
            for (a, line) in patch.chunks_exact(geometry.line()).enumerate() {
                if let Some(to) = places.row(geometry, a) {
                    add::<T, L>(&line[inside.clone()], &mut x[to + at..][..inside.len()]);
                }
            }
            places.step();
        }
    }
}

impl Geometry {
    /// The numbers of a patch in one row of an image.
    fn line(&self) -> usize {
        self.kernel[1] * self.channels
    }

    /// The patches of a row that reach into no padding at its ends.
    fn whole(&self) -> Range<usize> {
        let Geometry { input: [_, width], kernel, stride, padding, .. } = *self;
        let end = (width + padding[1]).checked_sub(kernel[1]).map_or(0, |last| last / stride[1] + 1);
        padding[1].div_ceil(stride[1])..end
    }

    /// The part of a line of patch `j` of a row that lies inside the image, and where in the image's row it begins.
    #[inline(always)]
    fn inside(&self, j: usize) -> (Range<usize>, usize) {
        let Geometry { input: [_, width], channels, kernel, stride, padding, .. } = *self;
        // Counted from the left end of the padding.
        let left = j * stride[1];
        let start = left.max(padding[1]);
        let end = (left + kernel[1]).min(width + padding[1]).max(start);
        let inside = (start - left).min(kernel[1]) * channels..(end - left).min(kernel[1]) * channels;
        (inside, (start.min(width + padding[1]) - padding[1]) * channels)
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

    /// How many places there are from this one to the end of its row.
    fn left_in_row(&self) -> usize {
        self.output[1] - self.at[1]
    }

    /// Where in the images the row begins that line `a` of the patch lies in. `None` outside.
    #[inline(always)]
    fn row(&self, geometry: &Geometry, a: usize) -> Option<usize> {
        let Geometry { input: [height, width], channels, stride, padding, .. } = *geometry;
        let row = (self.at[0] * stride[0] + a).checked_sub(padding[0]).filter(|row| *row < height)?;
        Some((self.image * height + row) * width * channels)
    }
}

/// Copies a row; the end of a longer one by a vector that overlaps the one before, since masked stores are slow on some machines.
#[inline(always)]
fn copy<T: Float, L: Lanes<T>>(from: &[T], to: &mut [T]) {
    let Some(last) = to.len().checked_sub(L::N) else {
        return L::load_partial(from).store_partial(to);
    };
    for (from, to) in from.chunks_exact(L::N).zip(to.chunks_exact_mut(L::N)) {
        L::load(from).store(to);
    }
    L::load(&from[last..]).store(&mut to[last..]);
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
