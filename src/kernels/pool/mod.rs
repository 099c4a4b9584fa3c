//! Windows on images: the largest number of each and its place, sums, and the transposes of both.
//!
//! Images are `[images, height, width, channels]`; all work runs along the channels. Which number of a window is the
//! largest is found by one comparison for all kernels, so that what is picked from a place is put back there: the first
//! of equal ones, NaN before all others, of several NaN the last.

mod windows;

use std::ops::Range;

use self::windows::{AHEAD, At, Work, load, load_ahead, store, walk};
use super::scale_shift::write_row;
use crate::simd::{Float, Lanes, prefetch};

pub use self::windows::Windows;

/// What is compared within a window.
#[derive(Clone, Copy, Debug)]
pub enum Scores<'a, T> {
    /// These numbers.
    Plain(&'a [T]),
    /// `a z`.
    Scaled {
        /// The images.
        z: &'a [T],
        /// A factor for each channel.
        a: &'a [T],
    },
}

/// For each window and channel, `v` at the place of the largest score.
///
/// # Panics
/// A slice is shorter than the windows say.
pub fn pick<T: Float>(windows: Windows, scores: Scores<'_, T>, v: &[T], out: &mut [T]) {
    match scores {
        Scores::Plain(x) => walk(windows, Pick { scores: Compared::<T, false> { x, a: &[] }, v, out }),
        Scores::Scaled { z, a } => walk(windows, Pick { scores: Compared::<T, true> { x: z, a }, v, out }),
    }
}

/// Images with each window's `u` at the place of its largest score, added where windows overlap, and zeros elsewhere: the
/// transpose of [`pick`].
///
/// # Panics
/// A slice is shorter than the windows say.
pub fn place<T: Float>(windows: Windows, scores: Scores<'_, T>, u: &[T], out: &mut [T]) {
    let ground = Zeros;
    match scores {
        Scores::Plain(x) => {
            walk(windows, Place { scores: Compared::<T, false> { x, a: &[] }, u, ground, out })
        }
        Scores::Scaled { z, a } => {
            walk(windows, Place { scores: Compared::<T, true> { x: z, a }, u, ground, out })
        }
    }
}

/// A straight line for each channel.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a, T> {
    /// The images.
    pub x: &'a [T],
    /// A factor for each channel.
    pub a: &'a [T],
    /// A term for each channel.
    pub b: &'a [T],
}

/// `a x + b` of the line, with each window's `u` added at the place of its largest `scale x`; `scale` has a factor for each
/// channel.
///
/// # Panics
/// A slice is shorter than the windows say.
pub fn place_onto<T: Float>(windows: Windows, scale: &[T], u: &[T], ground: Line<'_, T>, out: &mut [T]) {
    let scores = Compared::<T, true> { x: ground.x, a: scale };
    walk(windows, Place { scores, u, ground, out });
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

/// Adds to what other windows have put there; a window that has its pixels for itself writes over what is there.
#[inline(always)]
fn put<T: Float, L: Lanes<T>, const PART: bool>(windows: &Windows, x: L, images: &mut [T], at: Range<usize>) {
    prefetch(images, at.start + AHEAD / size_of::<T>());
    let to = &mut images[at];
    let x = if windows.overlap() { load::<T, L, PART>(to).add(x) } else { x };
    store::<T, L, PART>(x, to);
}

/// What windows are placed on.
trait Ground<T: Float>: Copy {
    /// Writes all of an image that windows do not write over, and maybe more.
    fn lay<L: Lanes<T>>(self, windows: &Windows, image: Range<usize>, out: &mut [T]);
    /// What a vector of channels needs to know.
    fn factors<L: Lanes<T>, const PART: bool>(self, at: At) -> [L; 2];
    /// `u` on the ground.
    fn under<L: Lanes<T>, const PART: bool>(self, factors: [L; 2], at: Range<usize>, u: L) -> L;
}

#[derive(Clone, Copy)]
struct Zeros;

impl<T: Float> Ground<T> for Zeros {
    #[inline(always)]
    fn lay<L: Lanes<T>>(self, windows: &Windows, image: Range<usize>, out: &mut [T]) {
        if !windows.tile() {
            out[image].fill(T::ZERO);
        }
    }
    #[inline(always)]
    fn factors<L: Lanes<T>, const PART: bool>(self, _: At) -> [L; 2] {
        [L::splat(T::ZERO); 2]
    }
    #[inline(always)]
    fn under<L: Lanes<T>, const PART: bool>(self, _: [L; 2], _: Range<usize>, u: L) -> L {
        u
    }
}

impl<T: Float> Ground<T> for Line<'_, T> {
    #[inline(always)]
    fn lay<L: Lanes<T>>(self, windows: &Windows, image: Range<usize>, out: &mut [T]) {
        if !windows.tile() {
            let channels = windows.channels;
            let rows =
                self.x[image.clone()].chunks_exact(channels).zip(out[image].chunks_exact_mut(channels));
            for (x, out) in rows {
                write_row::<T, L, false, false>(x, (self.a, self.b), x, out);
            }
        }
    }
    #[inline(always)]
    fn factors<L: Lanes<T>, const PART: bool>(self, at: At) -> [L; 2] {
        let channels = at.channel..at.channel + at.count;
        [load::<T, L, PART>(&self.a[channels.clone()]), load::<T, L, PART>(&self.b[channels])]
    }
    #[inline(always)]
    fn under<L: Lanes<T>, const PART: bool>(self, [a, b]: [L; 2], at: Range<usize>, u: L) -> L {
        u.add(load::<T, L, PART>(&self.x[at]).mul_add(a, b))
    }
}

/// What is compared: `x`, or if it is `SCALED`, `a x`.
#[derive(Clone, Copy)]
struct Compared<'a, T, const SCALED: bool> {
    x: &'a [T],
    a: &'a [T],
}

impl<T: Float, const SCALED: bool> Compared<'_, T, SCALED> {
    #[inline(always)]
    fn factor<L: Lanes<T>, const PART: bool>(self, at: At) -> L {
        if SCALED { load::<T, L, PART>(&self.a[at.channel..at.channel + at.count]) } else { L::splat(T::ONE) }
    }

    #[inline(always)]
    fn score<L: Lanes<T>, const PART: bool>(self, factor: L, at: Range<usize>) -> L {
        let x: L = load_ahead::<T, L, PART>(self.x, at);
        if SCALED { x.mul(factor) } else { x }
    }
}

/// The largest score so far, and what came with it.
#[derive(Clone, Copy)]
struct Best<L> {
    score: L,
    carried: L,
}

impl<L> Best<L> {
    /// Before any pixel: NaN is exceeded by anything.
    #[inline(always)]
    fn none<T: Float>() -> Self
    where
        L: Lanes<T>,
    {
        Best { score: L::splat(T::from_f64(f64::NAN)), carried: L::splat(T::ZERO) }
    }

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

struct Pick<'a, T, const SCALED: bool> {
    scores: Compared<'a, T, SCALED>,
    v: &'a [T],
    out: &'a mut [T],
}

impl<T: Float, const SCALED: bool> Work<T> for Pick<'_, T, SCALED> {
    #[inline(always)]
    fn window<L: Lanes<T>, const PART: bool>(&mut self, windows: &Windows, at: At) {
        let factor = self.scores.factor::<L, PART>(at);
        let mut best = Best::<L>::none();
        for row in 0..windows.size[0] {
            for column in 0..windows.size[1] {
                let pixel = at.pixel(windows, row, column);
                let score = self.scores.score::<L, PART>(factor, pixel.clone());
                best.meet(score, load_ahead::<T, L, PART>(self.v, pixel));
            }
        }
        store::<T, L, PART>(best.carried, &mut self.out[at.result()]);
    }
}

struct Place<'a, T, G, const SCALED: bool> {
    scores: Compared<'a, T, SCALED>,
    u: &'a [T],
    ground: G,
    out: &'a mut [T],
}

impl<T: Float, G: Ground<T>, const SCALED: bool> Work<T> for Place<'_, T, G, SCALED> {
    #[inline(always)]
    fn begin<L: Lanes<T>>(&mut self, windows: &Windows, image: Range<usize>) {
        self.ground.lay::<L>(windows, image, self.out);
    }

    /// Numbers the pixels, finds the number of the best, and comes back to it.
    #[inline(always)]
    fn window<L: Lanes<T>, const PART: bool>(&mut self, windows: &Windows, at: At) {
        let factor = self.scores.factor::<L, PART>(at);
        let mut best = Best::<L>::none();
        let [rows, columns] = windows.size;
        for row in 0..rows {
            for column in 0..columns {
                let score = self.scores.score::<L, PART>(factor, at.pixel(windows, row, column));
                best.meet(score, L::splat(T::from_usize(row * columns + column)));
            }
        }
        let u: L = load::<T, L, PART>(&self.u[at.result()]);
        let factors = self.ground.factors::<L, PART>(at);
        for row in 0..rows {
            for column in 0..columns {
                let pixel = at.pixel(windows, row, column);
                let is_best = best.carried.eq(L::splat(T::from_usize(row * columns + column)));
                let mut u = L::select(is_best, u, L::splat(T::ZERO));
                // Where windows overlap, the ground has been laid before them.
                if !windows.overlap() {
                    u = self.ground.under::<L, PART>(factors, pixel.clone(), u);
                }
                put::<T, L, PART>(windows, u, self.out, pixel);
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
                sum = sum.add(load_ahead::<T, L, PART>(self.x, at.pixel(windows, row, column)));
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
    fn begin<L: Lanes<T>>(&mut self, windows: &Windows, image: Range<usize>) {
        Zeros.lay::<L>(windows, image, self.out);
    }

    #[inline(always)]
    fn window<L: Lanes<T>, const PART: bool>(&mut self, windows: &Windows, at: At) {
        let u: L = load::<T, L, PART>(&self.u[at.result()]);
        for row in 0..windows.size[0] {
            for column in 0..windows.size[1] {
                put::<T, L, PART>(windows, u, self.out, at.pixel(windows, row, column));
            }
        }
    }
}
