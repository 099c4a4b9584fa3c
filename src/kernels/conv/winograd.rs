//! Windows of 3x3 with stride 1 by Winograd's minimal filtering F(2x2, 3x3): for four results 16 multiplications in place
//! of 36 (S. Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin and S. Gray, Fast Algorithms for Convolutional
//! Neural Networks, 2016, arXiv:1509.09308).
//!
//! Of a tile `d` of 4x4 places of an image and a window `g` of weights the tile of 2x2 results is
//!
//! ```text
//! y = A^T [(G g G^T) o (B^T d B)] A
//!
//!       1  0 -1  0         1    0    0
//! B^T = 0  1  1  0     G = 1/2  1/2  1/2     A^T = 1  1  1  0
//!       0 -1  1  0         1/2 -1/2  1/2           0  1 -1 -1
//!       0  1  0 -1         0    0    1
//! ```
//!
//! where `o` multiplies point by point. The sum over the channels is taken before `A`: at each of the 16 points it is a
//! product of matrices, tiles x channels times channels x filters. In the same way the transpose in the weights,
//!
//! ```text
//! g = G^T [(B^T d B) o (A y A^T)] G
//! ```
//!
//! is summed over the tiles before `G`. The transpose in the images is a convolution with the window turned around.
//!
//! Only as many tiles as stay in the second cache are in work at a time. 75 images of 14x14x64 with 64 filters take 2.4, 2.4
//! and 2.5 ms (forward, and the transposes in the images and in the weights) in place of 5.1, 5.4 and 5.2 by patches (`f32`,
//! AVX-512), 75 of 7x7 0.76 in place of 1.22.

use super::scratch::scratch;
use super::tiles::{FromTiles, POINTS, Planes, Tiling, ToTiles};
use super::transforms::{OfImages, OfResults, OfWeights, ToResults, ToWeights};
use super::turn::Turn;
use super::{Geometry, matrix};
use crate::kernels::gemm::{Dimensions, Operand, gemm, gemm_onto};
use crate::simd::{self, Float};

/// The most bytes of transformed tiles, of images and of results together, that are in work at a time: they stay in the
/// second cache, beside the weights of 64 channels and filters.
const IN_WORK: usize = 1 << 19;

/// The multiply-adds that take as long as it takes to transform a number: measured at 3x3 to 14x14 places and 4 to 64
/// channels, the fewest that leave out what would be slower.
const TRANSFORM: usize = 5;

/// A convolution by tiles.
pub(super) struct Winograd<'a> {
    geometry: &'a Geometry,
    images: Tiling,
    results: Tiling,
}

impl<'a> Winograd<'a> {
    /// `None` where patches are faster: where the multiply-adds that tiles save take less time than the transforms of images,
    /// results and weights, which pay off over many filters, channels and images. Tiles partly outside the results save less:
    /// they multiply 2.25 times less for even sizes, 1.27 times for 3x3.
    pub(super) fn new(geometry: &'a Geometry) -> Option<Self> {
        let Geometry { images, input, channels, kernel, stride, padding, filters } = *geometry;
        if kernel != [3, 3] || stride != [1, 1] {
            return None;
        }
        let output = geometry.output()?;
        let counts = output.map(|length| length.div_ceil(2));
        let (results, tiles) = (images * output[0] * output[1], images * counts[0] * counts[1]);
        let window = channels * filters;
        let transformed = POINTS * tiles * (channels + filters) + (9 + POINTS) * window;
        let pays = POINTS * tiles * window + TRANSFORM * transformed < 9 * results * window;
        pays.then_some(Winograd {
            geometry,
            images: Tiling { counts, size: input, padding, channels },
            results: Tiling { counts, size: output, padding: [0, 0], channels: filters },
        })
    }

    /// Calls `body` with the first tile of each group and how many it has.
    fn each_group<T>(&self, mut body: impl FnMut(usize, usize)) {
        let [tiles, group] = [self.tiles(), self.group::<T>()];
        for first in (0..tiles).step_by(group) {
            body(first, group.min(tiles - first));
        }
    }

    fn tiles(&self) -> usize {
        self.geometry.images * self.images.counts[0] * self.images.counts[1]
    }

    /// How many tiles are in work at a time: one less than a power of two, so that the points of one tile, which lie apart by
    /// as many lines, do not share a set of the first cache: 7 to 18 % less time than with the power itself.
    fn group<T>(&self) -> usize {
        let tile = POINTS * (self.geometry.channels + self.geometry.filters) * size_of::<T>();
        let most = (IN_WORK / tile).clamp(16, 128);
        ((1 << most.ilog2()) - 1).min(self.tiles())
    }

    /// [`conv`](super::conv); with the windows of `w` turned around and its channels and filters exchanged where `turned`.
    pub(super) fn conv<T: Float>(&self, x: &[T], w: &[T], turned: bool, y: &mut [T]) {
        let Geometry { channels, filters, .. } = *self.geometry;
        let group = self.group::<T>();
        let lengths = [
            channels,
            if turned { w.len() } else { 0 },
            POINTS * channels * filters,
            POINTS * group * channels,
            POINTS * group * filters,
        ];
        scratch(lengths, |[zeros, around, weights, of_images, products]| {
            zeros.fill(T::ZERO);
            let w = if turned {
                simd::run(Turn { w, places: 9, channels, filters, turned: around });
                &*around
            } else {
                w
            };
            simd::run(Planes { matrix: OfWeights, from: w, to: weights, adds: false });
            self.each_group::<T>(|first, tiles| {
                let of_images = &mut of_images[..POINTS * tiles * channels];
                let products = &mut products[..POINTS * tiles * filters];
                let tiling = &self.images;
                simd::run(FromTiles { matrix: OfImages, tiling, images: x, first, zeros, planes: of_images });
                let size = Dimensions { episodes: POINTS, rows: tiles, inner: channels, columns: filters };
                gemm(size, points(of_images, false), points(weights, false), products);
                let tiling = &self.results;
                simd::run(ToTiles { matrix: ToResults, tiling, images: y, first, planes: products });
            });
        });
    }

    /// [`add_conv_weight`](super::add_conv_weight).
    pub(super) fn add_weight<T: Float>(&self, x: &[T], y: &[T], w: &mut [T]) {
        let Geometry { channels, filters, .. } = *self.geometry;
        let group = self.group::<T>();
        let lengths = [
            channels.max(filters),
            POINTS * channels * filters,
            POINTS * group * channels,
            POINTS * group * filters,
        ];
        scratch(lengths, |[zeros, sums, of_images, of_results]| {
            zeros.fill(T::ZERO);
            self.each_group::<T>(|first, tiles| {
                let of_images = &mut of_images[..POINTS * tiles * channels];
                let of_results = &mut of_results[..POINTS * tiles * filters];
                let (tiling, planes) = (&self.images, &mut *of_images);
                simd::run(FromTiles { matrix: OfImages, tiling, images: x, first, zeros, planes });
                let (tiling, planes) = (&self.results, &mut *of_results);
                simd::run(FromTiles { matrix: OfResults, tiling, images: y, first, zeros, planes });
                let size = Dimensions { episodes: POINTS, rows: channels, inner: tiles, columns: filters };
                if first == 0 {
                    gemm(size, points(of_images, true), points(of_results, false), sums);
                    return;
                }
                let size = Dimensions { episodes: 1, ..size };
                let each =
                    of_images.chunks_exact(tiles * channels).zip(of_results.chunks_exact(tiles * filters));
                for (sums, (left, right)) in sums.chunks_exact_mut(channels * filters).zip(each) {
                    gemm_onto(size, matrix(left, true), matrix(right, false), sums);
                }
            });
            simd::run(Planes { matrix: ToWeights, from: sums, to: w, adds: true });
        });
    }
}

/// The matrices of all points.
fn points<T>(planes: &[T], transposed: bool) -> Operand<'_, T> {
    Operand { values: planes, transposed, episode_stride: planes.len() / POINTS }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_taken_where_they_pay() {
        let geometry = Geometry {
            images: 5,
            input: [14, 14],
            channels: 64,
            kernel: [3, 3],
            stride: [1, 1],
            padding: [1, 1],
            filters: 64,
        };
        let takes = |geometry| Winograd::new(&geometry).is_some();
        assert!(takes(geometry));
        assert!(takes(Geometry { padding: [0, 3], ..geometry }));
        assert!(takes(Geometry { channels: 19, filters: 21, ..geometry }));
        assert!(takes(Geometry { images: 75, input: [3, 3], ..geometry }));
        assert!(!takes(Geometry { input: [3, 3], ..geometry }));
        assert!(!takes(Geometry { stride: [1, 2], ..geometry }));
        assert!(!takes(Geometry { kernel: [3, 5], ..geometry }));
        assert!(!takes(Geometry { channels: 1, ..geometry }));
        assert!(!takes(Geometry { filters: 0, ..geometry }));
        assert!(!takes(Geometry { images: 0, ..geometry }));
    }
}
