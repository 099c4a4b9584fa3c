//! Tiles of images, and planes of their numbers: taken from the one, transformed and put into the other.

// Arrays of vectors are registers: written with indices their loops unroll, and no closure, which would be compiled
// without the level's instructions, stands between.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;

use super::patches::Places;
use super::transforms::{Transform, both_ways};
use crate::simd::{Float, Kernel, Lanes, prefetch};

/// The places of a transformed tile, where products are taken.
pub(super) const POINTS: usize = 16;

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
                        // The others are asked for by the tiles above and to the left.
                        if i + 2 >= SIDE && j + 2 >= SIDE {
                            ask_ahead(images, at, channels);
                        }
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
                    if let Some(at) = places[i][j] {
                        ask_ahead(images, at, channels);
                    }
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

/// How many bytes ahead images are asked for. The rows of a tile are visited in turn, an order that the processor does not
/// foresee: convolutions of 75 images of 42x42x32, more than the caches hold, take 8.2 ms for it in place of 10.4.
const AHEAD: usize = 2048;

#[inline(always)]
fn ask_ahead<T: Float>(images: &[T], at: usize, channels: usize) {
    for line in (0..channels).step_by(64 / size_of::<T>()) {
        prefetch(images, at + AHEAD / size_of::<T>() + line);
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
