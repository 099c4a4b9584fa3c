//! The transforms of Winograd's F(2x2, 3x3): five small matrices, each as what it does to one line, and what they move.

// Arrays of vectors are registers: written with indices their loops unroll, and no closure, which would be compiled
// without the level's instructions, stands between.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;

use super::patches::Places;
use crate::simd::{Float, Kernel, Lanes};

/// The places of a tile after its transform, where the products are taken.
pub(super) const POINTS: usize = 16;

/// A matrix of `TO` rows and `FROM` columns.
pub(super) trait Transform<const FROM: usize, const TO: usize>: Copy {
    /// The matrix times a column.
    fn of<T: Float, L: Lanes<T>>(self, column: [L; FROM]) -> [L; TO];
}

/// `B^T`: of a tile of images.
#[derive(Clone, Copy)]
pub(super) struct OfImages;
/// `G`: of a window of weights.
#[derive(Clone, Copy)]
pub(super) struct OfWeights;
/// `A^T`: to a tile of results.
#[derive(Clone, Copy)]
pub(super) struct ToResults;
/// `A`, the transpose of [`ToResults`]: of a tile of cotangents.
#[derive(Clone, Copy)]
pub(super) struct OfResults;
/// `G^T`, the transpose of [`OfWeights`]: to a window of weights.
#[derive(Clone, Copy)]
pub(super) struct ToWeights;

impl Transform<4, 4> for OfImages {
    #[inline(always)]
    fn of<T: Float, L: Lanes<T>>(self, [a, b, c, d]: [L; 4]) -> [L; 4] {
        [a.sub(c), b.add(c), c.sub(b), b.sub(d)]
    }
}

impl Transform<3, 4> for OfWeights {
    #[inline(always)]
    fn of<T: Float, L: Lanes<T>>(self, [a, b, c]: [L; 3]) -> [L; 4] {
        let half = L::splat(T::from_f64(0.5));
        let (ends, middle) = (a.add(c).mul(half), b.mul(half));
        [a, ends.add(middle), ends.sub(middle), c]
    }
}

impl Transform<4, 2> for ToResults {
    #[inline(always)]
    fn of<T: Float, L: Lanes<T>>(self, [a, b, c, d]: [L; 4]) -> [L; 2] {
        [a.add(b.add(c)), b.sub(c).sub(d)]
    }
}

impl Transform<2, 4> for OfResults {
    #[inline(always)]
    fn of<T: Float, L: Lanes<T>>(self, [a, b]: [L; 2]) -> [L; 4] {
        [a, a.add(b), a.sub(b), b.neg()]
    }
}

impl Transform<4, 3> for ToWeights {
    #[inline(always)]
    fn of<T: Float, L: Lanes<T>>(self, [a, b, c, d]: [L; 4]) -> [L; 3] {
        let half = L::splat(T::from_f64(0.5));
        let both = b.add(c).mul(half);
        [a.add(both), b.sub(c).mul(half), both.add(d)]
    }
}

/// The matrix times a tile times the transpose of the matrix.
#[inline(always)]
fn both_ways<M: Transform<FROM, TO>, T: Float, L: Lanes<T>, const FROM: usize, const TO: usize>(
    matrix: M,
    tile: [[L; FROM]; FROM],
) -> [[L; TO]; TO] {
    let zero = L::splat(T::ZERO);
    let mut tall = [[zero; FROM]; TO];
    for j in 0..FROM {
        let mut column = [zero; FROM];
        for i in 0..FROM {
            column[i] = tile[i][j];
        }
        let column = matrix.of(column);
        for i in 0..TO {
            tall[i][j] = column[i];
        }
    }
    let mut out = [[zero; TO]; TO];
    for i in 0..TO {
        out[i] = matrix.of(tall[i]);
    }
    out
}

/// How tiles, two apart, lie on images.
#[derive(Clone, Copy)]
pub(super) struct Tiling {
    /// How many tiles lie below each other and side by side.
    pub(super) counts: [usize; 2],
    /// The size of an image.
    pub(super) size: [usize; 2],
    /// The zeros on each side of an image.
    pub(super) padding: [usize; 2],
    /// The numbers in each place of an image.
    pub(super) channels: usize,
}

impl Tiling {
    /// Where the numbers of place `(i, j)` of a tile begin, if it is in the image.
    #[inline(always)]
    fn place(&self, tile: &Places, i: usize, j: usize) -> Option<usize> {
        let Tiling { size: [height, width], padding, channels, .. } = *self;
        let row = (2 * tile.at[0] + i).wrapping_sub(padding[0]);
        let column = (2 * tile.at[1] + j).wrapping_sub(padding[1]);
        let inside = row < height && column < width;
        if inside { Some(((tile.image * height + row) * width + column) * channels) } else { None }
    }
}

/// Tiles of images, from number `first` on, transformed into planes `[POINTS, tiles, channels]`; zeros are outside an image.
pub(super) struct FromTiles<'a, T, M, const SIDE: usize> {
    pub(super) matrix: M,
    pub(super) tiling: &'a Tiling,
    pub(super) images: &'a [T],
    pub(super) first: usize,
    /// As many as an image has channels.
    pub(super) zeros: &'a [T],
    pub(super) planes: &'a mut [T],
}

/// Planes `[POINTS, tiles, channels]` transformed into tiles of images, from number `first` on, less what is outside.
pub(super) struct ToTiles<'a, T, M, const SIDE: usize> {
    pub(super) matrix: M,
    pub(super) tiling: &'a Tiling,
    pub(super) images: &'a mut [T],
    pub(super) first: usize,
    pub(super) planes: &'a [T],
}

/// Planes, as many as a tile of side `FROM` has places, transformed into as many as one of side `TO` has.
pub(super) struct Planes<'a, T, M, const FROM: usize, const TO: usize> {
    pub(super) matrix: M,
    pub(super) from: &'a [T],
    pub(super) to: &'a mut [T],
    /// Whether the planes are added to those that are there.
    pub(super) adds: bool,
}

impl<T: Float, M: Transform<SIDE, 4>, const SIDE: usize> Kernel<T> for FromTiles<'_, T, M, SIDE> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let FromTiles { matrix, tiling, images, first, zeros, planes } = self;
        let (channels, plane) = (tiling.channels, planes.len() / POINTS);
        let mut tile = Places::new(tiling.counts, first);
        for start in (0..plane).step_by(channels) {
            let mut lines = [[zeros; SIDE]; SIDE];
            for i in 0..SIDE {
                for j in 0..SIDE {
                    if let Some(at) = tiling.place(&tile, i, j) {
                        lines[i][j] = &images[at..at + channels];
                    }
                }
            }
            let mut at = 0;
            while at + L::N <= channels {
                let points = both_ways(matrix, load_tile::<T, L, SIDE, false>(&lines, at..at + L::N));
                store_planes::<T, L, 4, false>(points, planes, start + at..start + at + L::N);
                at += L::N;
            }
            if at < channels {
                let points = both_ways(matrix, load_tile::<T, L, SIDE, true>(&lines, at..channels));
                store_planes::<T, L, 4, true>(points, planes, start + at..start + channels);
            }
            tile.step();
        }
    }
}

impl<T: Float, M: Transform<4, SIDE>, const SIDE: usize> Kernel<T> for ToTiles<'_, T, M, SIDE> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let ToTiles { matrix, tiling, images, first, planes } = self;
        let (channels, plane) = (tiling.channels, planes.len() / POINTS);
        let mut tile = Places::new(tiling.counts, first);
        for start in (0..plane).step_by(channels) {
            let mut places = [[None; SIDE]; SIDE];
            for i in 0..SIDE {
                for j in 0..SIDE {
                    places[i][j] = tiling.place(&tile, i, j);
                }
            }
            let mut at = 0;
            while at + L::N <= channels {
                let points = load_planes::<T, L, 4, false>(planes, start + at..start + at + L::N);
                store_tile::<T, L, SIDE, false>(both_ways(matrix, points), &places, images, at..at + L::N);
                at += L::N;
            }
            if at < channels {
                let points = load_planes::<T, L, 4, true>(planes, start + at..start + channels);
                store_tile::<T, L, SIDE, true>(both_ways(matrix, points), &places, images, at..channels);
            }
            tile.step();
        }
    }
}

impl<T: Float, M: Transform<FROM, TO>, const FROM: usize, const TO: usize> Kernel<T>
    for Planes<'_, T, M, FROM, TO>
{
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Planes { matrix, from, to, adds } = self;
        let plane = from.len() / (FROM * FROM);
        let mut at = 0;
        while at + L::N <= plane {
            let mut tile = both_ways(matrix, load_planes::<T, L, FROM, false>(from, at..at + L::N));
            if adds {
                tile = sum(tile, load_planes::<T, L, TO, false>(to, at..at + L::N));
            }
            store_planes::<T, L, TO, false>(tile, to, at..at + L::N);
            at += L::N;
        }
        if at < plane {
            let mut tile = both_ways(matrix, load_planes::<T, L, FROM, true>(from, at..plane));
            if adds {
                tile = sum(tile, load_planes::<T, L, TO, true>(to, at..plane));
            }
            store_planes::<T, L, TO, true>(tile, to, at..plane);
        }
    }
}

/// The numbers `at` of each line.
#[inline(always)]
fn load_tile<T: Float, L: Lanes<T>, const SIDE: usize, const PART: bool>(
    lines: &[[&[T]; SIDE]; SIDE],
    at: Range<usize>,
) -> [[L; SIDE]; SIDE] {
    let mut tile = [[L::splat(T::ZERO); SIDE]; SIDE];
    for i in 0..SIDE {
        for j in 0..SIDE {
            tile[i][j] = load::<T, L, PART>(&lines[i][j][at.clone()]);
        }
    }
    tile
}

/// The numbers `at` of each place that is there.
#[inline(always)]
fn store_tile<T: Float, L: Lanes<T>, const SIDE: usize, const PART: bool>(
    tile: [[L; SIDE]; SIDE],
    places: &[[Option<usize>; SIDE]; SIDE],
    images: &mut [T],
    at: Range<usize>,
) {
    for i in 0..SIDE {
        for j in 0..SIDE {
            if let Some(place) = places[i][j] {
                store::<T, L, PART>(tile[i][j], &mut images[place + at.start..place + at.end]);
            }
        }
    }
}

/// The numbers `at` of each plane.
#[inline(always)]
fn load_planes<T: Float, L: Lanes<T>, const SIDE: usize, const PART: bool>(
    planes: &[T],
    at: Range<usize>,
) -> [[L; SIDE]; SIDE] {
    let plane = planes.len() / (SIDE * SIDE);
    let mut tile = [[L::splat(T::ZERO); SIDE]; SIDE];
    for i in 0..SIDE {
        for j in 0..SIDE {
            let start = (i * SIDE + j) * plane;
            tile[i][j] = load::<T, L, PART>(&planes[start + at.start..start + at.end]);
        }
    }
    tile
}

/// The numbers `at` of each plane.
#[inline(always)]
fn store_planes<T: Float, L: Lanes<T>, const SIDE: usize, const PART: bool>(
    tile: [[L; SIDE]; SIDE],
    planes: &mut [T],
    at: Range<usize>,
) {
    let plane = planes.len() / (SIDE * SIDE);
    for i in 0..SIDE {
        for j in 0..SIDE {
            let start = (i * SIDE + j) * plane;
            store::<T, L, PART>(tile[i][j], &mut planes[start + at.start..start + at.end]);
        }
    }
}

#[inline(always)]
fn sum<T: Float, L: Lanes<T>, const SIDE: usize>(
    mut tile: [[L; SIDE]; SIDE],
    other: [[L; SIDE]; SIDE],
) -> [[L; SIDE]; SIDE] {
    for i in 0..SIDE {
        for j in 0..SIDE {
            tile[i][j] = tile[i][j].add(other[i][j]);
        }
    }
    tile
}

#[inline(always)]
fn load<T: Float, L: Lanes<T>, const PART: bool>(from: &[T]) -> L {
    if PART { L::load_partial(from) } else { L::load(from) }
}

#[inline(always)]
fn store<T: Float, L: Lanes<T>, const PART: bool>(x: L, to: &mut [T]) {
    if PART { x.store_partial(to) } else { x.store(to) }
}
