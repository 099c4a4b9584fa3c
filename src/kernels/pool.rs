//! Windows on images: the largest number of each and its place, sums, and the transposes of both.
//!
//! Images are `[images, height, width, channels]`; all work runs along the channels. Which number of a window is the
//! largest is found by one comparison for all kernels, so that what is picked from a place is put back there: the first
//! of equal ones, NaN before all others, of several NaN the last.

use std::ops::Range;

use crate::simd::{Float, Kernel, Lanes, run};

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
    fn overlap(&self) -> bool {
        self.stride[0] < self.size[0] || self.stride[1] < self.size[1]
    }

    /// Whether each pixel is in one window.
    #[inline(always)]
    fn tile(&self) -> bool {
        let [rows, columns] = self.counts();
        self.stride == self.size && [rows * self.size[0], columns * self.size[1]] == [self.height, self.width]
    }
}

/// What is compared within a window.
#[derive(Clone, Copy, Debug)]
pub enum Scores<'a, T> {
    /// These numbers, of which one is chosen.
    Plain(&'a [T]),
    /// `a z + b`, of which one is chosen where the largest is greater than 0.
    Relu {
        /// The images.
        z: &'a [T],
        /// `[2, channels]`: `a`, and then `b`.
        ab: &'a [T],
    },
}

/// For each window and channel, `v` at the place of the largest score, 0 where none is chosen.
///
/// # Panics
/// A slice is shorter than the windows say.
pub fn pick<T: Float>(windows: Windows, scores: Scores<'_, T>, v: &[T], out: &mut [T]) {
    match scores {
        Scores::Plain(x) => walk(windows, Pick { scores: Compared::<T, false> { x, ab: &[] }, v, out }),
        Scores::Relu { z, ab } => walk(windows, Pick { scores: Compared::<T, true> { x: z, ab }, v, out }),
    }
}

/// Images with each window's `u` at the place of its largest score, added where windows overlap, and zeros elsewhere: the
/// transpose of [`pick`].
///
/// # Panics
/// A slice is shorter than the windows say.
pub fn place<T: Float>(windows: Windows, scores: Scores<'_, T>, u: &[T], out: &mut [T]) {
    match scores {
        Scores::Plain(x) => walk(windows, Place { scores: Compared::<T, false> { x, ab: &[] }, u, out }),
        Scores::Relu { z, ab } => walk(windows, Place { scores: Compared::<T, true> { x: z, ab }, u, out }),
    }
}

/// The largest `a z + b` of each window, or 0 where that is larger; `ab` is `[2, channels]`.
///
/// # Panics
/// A slice is shorter than the windows say.
pub fn relu_pool<T: Float>(windows: Windows, z: &[T], ab: &[T], out: &mut [T]) {
    walk(windows, Largest { scores: Compared::<T, true> { x: z, ab }, out });
}

/// The sum of each window.
///
/// # Panics
/// A slice is shorter than the windows say.
pub fn sum<T: Float>(windows: Windows, x: &[T], out: &mut [T]) {
    walk(windows, Sum { x, out });
}

/// Images with each window's `u` at all of its places, added where windows overlap, and zeros elsewhere: the transpose
/// of [`sum`].
///
/// # Panics
/// A slice is shorter than the windows say.
pub fn spread<T: Float>(windows: Windows, u: &[T], out: &mut [T]) {
    walk(windows, Spread { u, out });
}

/// What is done with each window.
trait Work<T: Float> {
    /// Readies what belongs to the image with these places.
    #[inline(always)]
    fn begin(&mut self, _windows: &Windows, _image: Range<usize>) {}
    /// Does the work for a vector of channels, or a `PART` of one.
    fn window<L: Lanes<T>, const PART: bool>(&mut self, windows: &Windows, at: At);
}

/// Where a vector of channels of a window lies.
#[derive(Clone, Copy)]
struct At {
    /// In the images: at the window's first pixel.
    corner: usize,
    /// Among the results.
    result: usize,
    /// In a row of channels.
    channel: usize,
    /// How many channels.
    count: usize,
}

impl At {
    /// Where the channels lie in the images at one pixel of the window.
    #[inline(always)]
    fn pixel(self, windows: &Windows, row: usize, column: usize) -> Range<usize> {
        let start = self.corner + (row * windows.width + column) * windows.channels;
        start..start + self.count
    }

    #[inline(always)]
    fn result(self) -> Range<usize> {
        self.result..self.result + self.count
    }
}

struct Walk<W> {
    windows: Windows,
    work: W,
}

fn walk<T: Float>(windows: Windows, work: impl Work<T>) {
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
        work.begin(&windows, start..start + image);
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

#[inline(always)]
fn load<T: Float, L: Lanes<T>, const PART: bool>(from: &[T]) -> L {
    if PART { L::load_partial(from) } else { L::load(from) }
}

#[inline(always)]
fn store<T: Float, L: Lanes<T>, const PART: bool>(x: L, to: &mut [T]) {
    if PART { x.store_partial(to) } else { x.store(to) }
}

/// Adds to what other windows have put there; a window that has its pixels for itself writes over what is there.
#[inline(always)]
fn put<T: Float, L: Lanes<T>, const PART: bool>(windows: &Windows, x: L, to: &mut [T]) {
    let x = if windows.overlap() { load::<T, L, PART>(to).add(x) } else { x };
    store::<T, L, PART>(x, to);
}

/// The zeros that windows do not write over.
#[inline(always)]
fn clear<T: Float>(windows: &Windows, image: &mut [T]) {
    if !windows.tile() {
        image.fill(T::ZERO);
    }
}

/// What is compared: `x`, or if there is a `RELU` behind, `a x + b`.
#[derive(Clone, Copy)]
struct Compared<'a, T, const RELU: bool> {
    x: &'a [T],
    ab: &'a [T],
}

impl<T: Float, const RELU: bool> Compared<'_, T, RELU> {
    #[inline(always)]
    fn coefficients<L: Lanes<T>, const PART: bool>(self, windows: &Windows, at: At) -> [L; 2] {
        match RELU {
            true => [at.channel, windows.channels + at.channel]
                .map(|from| load::<T, L, PART>(&self.ab[from..from + at.count])),
            false => [L::splat(T::ZERO); 2],
        }
    }

    #[inline(always)]
    fn score<L: Lanes<T>, const PART: bool>(self, [a, b]: [L; 2], at: Range<usize>) -> L {
        let x: L = load::<T, L, PART>(&self.x[at]);
        if RELU { x.mul_add(a, b) } else { x }
    }

    /// Before any pixel: 0 is to be exceeded by what a relu lets through, NaN by anything.
    #[inline(always)]
    fn none<L: Lanes<T>>(self, carried: T) -> Best<L> {
        let score = if RELU { T::ZERO } else { T::from_f64(f64::NAN) };
        Best { score: L::splat(score), carried: L::splat(carried) }
    }
}

/// The largest score so far, and what came with it.
#[derive(Clone, Copy)]
struct Best<L> {
    score: L,
    carried: L,
}

impl<L> Best<L> {
    /// A NaN is not less than or equal to anything, so it is taken; it then counts as infinity, which only a NaN is not
    /// less than or equal to.
    #[inline(always)]
    fn meet<T: Float>(&mut self, score: L, carried: L)
    where
        L: Lanes<T>,
    {
        let stays = score.le(self.score);
        self.carried = L::select(stays, self.carried, carried);
        self.score = L::select(stays, self.score, score.min(L::splat(T::INFINITY)));
    }
}

struct Pick<'a, T, const RELU: bool> {
    scores: Compared<'a, T, RELU>,
    v: &'a [T],
    out: &'a mut [T],
}

impl<T: Float, const RELU: bool> Work<T> for Pick<'_, T, RELU> {
    #[inline(always)]
    fn window<L: Lanes<T>, const PART: bool>(&mut self, windows: &Windows, at: At) {
        let ab = self.scores.coefficients::<L, PART>(windows, at);
        let mut best = self.scores.none::<L>(T::ZERO);
        for row in 0..windows.size[0] {
            for column in 0..windows.size[1] {
                let pixel = at.pixel(windows, row, column);
                let score = self.scores.score::<L, PART>(ab, pixel.clone());
                best.meet(score, load::<T, L, PART>(&self.v[pixel]));
            }
        }
        store::<T, L, PART>(best.carried, &mut self.out[at.result()]);
    }
}

struct Largest<'a, T, const RELU: bool> {
    scores: Compared<'a, T, RELU>,
    out: &'a mut [T],
}

impl<T: Float, const RELU: bool> Work<T> for Largest<'_, T, RELU> {
    #[inline(always)]
    fn window<L: Lanes<T>, const PART: bool>(&mut self, windows: &Windows, at: At) {
        let ab = self.scores.coefficients::<L, PART>(windows, at);
        let mut best = self.scores.none::<L>(T::ZERO);
        for row in 0..windows.size[0] {
            for column in 0..windows.size[1] {
                let score = self.scores.score::<L, PART>(ab, at.pixel(windows, row, column));
                best.meet(score, score);
            }
        }
        store::<T, L, PART>(best.carried, &mut self.out[at.result()]);
    }
}

struct Place<'a, T, const RELU: bool> {
    scores: Compared<'a, T, RELU>,
    u: &'a [T],
    out: &'a mut [T],
}

impl<T: Float, const RELU: bool> Work<T> for Place<'_, T, RELU> {
    #[inline(always)]
    fn begin(&mut self, windows: &Windows, image: Range<usize>) {
        clear(windows, &mut self.out[image]);
    }

    /// Numbers the pixels, finds the number of the best, and comes back to it.
    #[inline(always)]
    fn window<L: Lanes<T>, const PART: bool>(&mut self, windows: &Windows, at: At) {
        let ab = self.scores.coefficients::<L, PART>(windows, at);
        let mut best = self.scores.none::<L>(-T::ONE);
        let [rows, columns] = windows.size;
        for row in 0..rows {
            for column in 0..columns {
                let score = self.scores.score::<L, PART>(ab, at.pixel(windows, row, column));
                best.meet(score, L::splat(T::from_usize(row * columns + column)));
            }
        }
        let u: L = load::<T, L, PART>(&self.u[at.result()]);
        for row in 0..rows {
            for column in 0..columns {
                let is_best = best.carried.eq(L::splat(T::from_usize(row * columns + column)));
                let u = L::select(is_best, u, L::splat(T::ZERO));
                put::<T, L, PART>(windows, u, &mut self.out[at.pixel(windows, row, column)]);
            }
        }
    }
}

struct Sum<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Float> Work<T> for Sum<'_, T> {
    #[inline(always)]
    fn window<L: Lanes<T>, const PART: bool>(&mut self, windows: &Windows, at: At) {
        let mut sum = L::splat(T::ZERO);
        for row in 0..windows.size[0] {
            for column in 0..windows.size[1] {
                sum = sum.add(load::<T, L, PART>(&self.x[at.pixel(windows, row, column)]));
            }
        }
        store::<T, L, PART>(sum, &mut self.out[at.result()]);
    }
}

struct Spread<'a, T> {
    u: &'a [T],
    out: &'a mut [T],
}

impl<T: Float> Work<T> for Spread<'_, T> {
    #[inline(always)]
    fn begin(&mut self, windows: &Windows, image: Range<usize>) {
        clear(windows, &mut self.out[image]);
    }

    #[inline(always)]
    fn window<L: Lanes<T>, const PART: bool>(&mut self, windows: &Windows, at: At) {
        let u: L = load::<T, L, PART>(&self.u[at.result()]);
        for row in 0..windows.size[0] {
            for column in 0..windows.size[1] {
                put::<T, L, PART>(windows, u, &mut self.out[at.pixel(windows, row, column)]);
            }
        }
    }
}
