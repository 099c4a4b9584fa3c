//! Convolutions of images, and their two transposes: by the input and by the weights.
//!
//! Images lie as `[n, height, width, channels]`, weights as `[kernel height, kernel width, channels, filters]`, results as
//! `[n, output height, output width, filters]`; what is called a convolution is a correlation, as everywhere in this field:
//!
//! ```text
//! y[n, i, j, f] = sum over a, b, c of x[n, i s + a - p, j s + b - p, c] w[a, b, c, f]
//! ```
//!
//! With the `patches` of an image as rows it is a matrix product. So many rows at a time as stay in the second cache are
//! gathered and multiplied by `gemm`: for 3x3x64 weights the gathering takes a twentieth of the time. Windows of 3x3 with
//! stride 1 take less than half the multiplications by `winograd`'s tiles.
//!
//! # Errors
//!
//! By patches each number is one chain of multiply-adds. Tiles are added up and subtracted before they are multiplied, and
//! after: the errors are relative to the largest numbers nearby, not to those that are summed, and an infinite number makes
//! NaN of the whole tile. For 25 images of 14x14x64 numbers in `[-1, 1]`, and 64 filters, the largest error in `f32`,
//! relative to the largest result, is 4e-7 by tiles in [`conv`] and [`conv_input`], where it is 2e-7 by patches; in
//! [`add_conv_weight`], whose sums over tiles are a quarter as long, 1.6e-6 where it is 2.2e-6.

mod patches;
mod scratch;
mod tiles;
mod transforms;
mod turn;
mod winograd;

use self::patches::{Gather, GatherLying, Scatter};
use self::scratch::scratch;
use self::winograd::Winograd;
use super::gemm::{Dimensions, Operand, gemm, gemm_onto};
use crate::simd::{self, Float};

/// The lengths of a convolution; two numbers are those along the height and along the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// How many images.
    pub images: usize,
    /// The size of an image.
    pub input: [usize; 2],
    /// The numbers in each place of an image.
    pub channels: usize,
    /// The size of the window.
    pub kernel: [usize; 2],
    /// From one window to the next.
    pub stride: [usize; 2],
    /// The zeros on each side of an image.
    pub padding: [usize; 2],
    /// The numbers in each place of a result.
    pub filters: usize,
}

/// The numbers of patches that are gathered at a time: 256 KiB in `f32`, which stay in the second cache.
const GATHERED: usize = 1 << 16;

/// The most patches that are gathered at a time; more small ones would gain nothing. A little less than a power of two, so
/// that numbers of one patch, where these lie apart by as much, do not share a set of the first cache.
const MOST_PATCHES: usize = 1008;

impl Geometry {
    /// The size of a result: `(input + 2 padding - kernel) / stride + 1`, rounded down. `None` where no window fits, or a
    /// stride or window is empty.
    pub fn output(&self) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let room = (self.input[axis] + 2 * self.padding[axis]).checked_sub(self.kernel[axis])?;
            (self.kernel[axis] > 0).then_some(room.checked_div(self.stride[axis])? + 1)
        };
        Some([along(0)?, along(1)?])
    }

    /// The numbers in a patch.
    fn patch(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.channels
    }

    /// The convolution with the windows turned around that is the transpose in the images. `None` where it is no convolution
    /// of this kind: with another stride, or with more padding than a window less one place.
    fn turned(&self) -> Option<Geometry> {
        if self.stride != [1, 1] {
            return None;
        }
        let padding = |axis: usize| self.kernel[axis].checked_sub(1 + self.padding[axis]);
        let (input, padding) = (self.output()?, [padding(0)?, padding(1)?]);
        Some(Geometry { input, padding, channels: self.filters, filters: self.channels, ..*self })
    }

    /// All numbers of the images, of the weights and of the result.
    ///
    /// # Panics
    /// No window fits.
    fn lengths(&self) -> [usize; 3] {
        let [height, width] = self.output().expect("a window that fits");
        let input = self.images * self.input[0] * self.input[1] * self.channels;
        [input, self.patch() * self.filters, self.images * height * width * self.filters]
    }

    #[track_caller]
    fn check(&self, name: &str, lengths: [usize; 3]) {
        let needed = self.lengths();
        assert!(lengths == needed, "{name}: {self:?} needs slices of {needed:?} numbers, not {lengths:?}");
    }

    /// Whether patches are gathered as columns. Of images of one channel the numbers of a patch lie in rows of two or three,
    /// but a number of all patches nearly in one: 75 images of 28x28 with 64 filters take 0.54 ms in place of 1.20.
    fn lies(&self) -> bool {
        self.channels == 1
    }

    /// Gathers as many patches of `x`, from number `first` on, as `patches` has room for, and says how they lie.
    fn gather<'a, T: Float>(&self, x: &[T], first: usize, patches: &'a mut [T]) -> Operand<'a, T> {
        if self.lies() {
            simd::run(GatherLying { geometry: self, x, first, patches });
        } else {
            simd::run(Gather { geometry: self, x, first, patches });
        }
        matrix(patches, self.lies())
    }

    /// Calls `body` with the first patch of each group and the memory for the group.
    fn each_group<T: Float>(&self, mut body: impl FnMut(usize, &mut [T])) {
        let patch = self.patch();
        let patches = self.lengths()[2].checked_div(self.filters).unwrap_or(0);
        if patches * patch == 0 {
            return;
        }
        let group = (GATHERED / patch).clamp(1, MOST_PATCHES).min(patches);
        scratch([group * patch], |[memory]| {
            for first in (0..patches).step_by(group) {
                body(first, &mut memory[..group.min(patches - first) * patch]);
            }
        });
    }
}

fn matrix<T>(values: &[T], transposed: bool) -> Operand<'_, T> {
    Operand { values, transposed, episode_stride: 0 }
}

/// The convolution `y` of images `x` with weights `w`; all of `y` is written.
///
/// # Panics
/// No window fits, or a slice has another length than `geometry` says.
///
/// # Examples
/// ```
/// use metatape::kernels::conv::{Geometry, conv};
///
/// let (kernel, stride, padding) = ([1, 3], [1, 1], [0, 1]);
/// let geometry = Geometry { images: 1, input: [1, 4], channels: 1, kernel, stride, padding, filters: 1 };
/// let mut y = [0.0; 4];
/// conv(&geometry, &[1.0, 2.0, 3.0, 4.0], &[1.0, 0.0, -1.0], &mut y);
/// assert_eq!(y, [-2.0, -2.0, -2.0, 3.0]);
/// ```
#[track_caller]
pub fn conv<T: Float>(geometry: &Geometry, x: &[T], w: &[T], y: &mut [T]) {
    geometry.check("conv", [x.len(), w.len(), y.len()]);
    if let Some(winograd) = Winograd::new(geometry) {
        return winograd.conv(x, w, false, y);
    }
    let (inner, columns) = (geometry.patch(), geometry.filters);
    if inner == 0 {
        y.fill(T::ZERO);
    }
    geometry.each_group(|first, patches| {
        let size = Dimensions { episodes: 1, rows: patches.len() / inner, inner, columns };
        let y = &mut y[first * columns..][..size.rows * columns];
        gemm(size, geometry.gather(x, first, patches), matrix(w, false), y);
    });
}

/// The transpose of [`conv`] in the images: `x` such that for all images `z` the products `<conv(z, w), y>` and `<z, x>` are
/// equal. All of `x` is written.
///
/// # Panics
/// As [`conv`].
#[track_caller]
pub fn conv_input<T: Float>(geometry: &Geometry, y: &[T], w: &[T], x: &mut [T]) {
    geometry.check("conv_input", [x.len(), w.len(), y.len()]);
    if let Some(winograd) = geometry.turned().as_ref().and_then(Winograd::new) {
        return winograd.conv(y, w, true, x);
    }
    let (columns, inner) = (geometry.patch(), geometry.filters);
    x.fill(T::ZERO);
    if inner == 0 {
        return;
    }
    geometry.each_group(|first, patches| {
        let size = Dimensions { episodes: 1, rows: patches.len() / columns, inner, columns };
        let y = &y[first * inner..][..size.rows * inner];
        gemm(size, matrix(y, false), matrix(w, true), patches);
        simd::run(Scatter { geometry, x, first, patches });
    });
}

/// The transpose of [`conv`] in the weights, added to `w`: what for all weights `v` makes `<conv(x, v), y>` and `<v, w>` equal.
///
/// # Panics
/// As [`conv`].
#[track_caller]
pub fn add_conv_weight<T: Float>(geometry: &Geometry, x: &[T], y: &[T], w: &mut [T]) {
    geometry.check("add_conv_weight", [x.len(), w.len(), y.len()]);
    if let Some(winograd) = Winograd::new(geometry) {
        return winograd.add_weight(x, y, w);
    }
    let columns = geometry.filters;
    geometry.each_group(|first, patches| {
        let (rows, inner) = (geometry.patch(), patches.len() / geometry.patch());
        let y = &y[first * columns..][..inner * columns];
        let patches = geometry.gather(x, first, patches);
        let patches = Operand { transposed: !patches.transposed, ..patches };
        gemm_onto(Dimensions { episodes: 1, rows, inner, columns }, patches, matrix(y, false), w);
    });
}
