//! Pooling: the largest or the sum of each window of an image, and what lays them back.
//!
//! Images are `[n, height, width, channels]`.

use super::kind::{Linear, Multilinear, OpWanted};
use super::sample::{Domain, Pick};
use super::{Op, Var, each_episode, join_episodes, settle};
use crate::kernels::pool::{self, Scores, Windows};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// A window that moves over images. Nothing is padded: along an axis of length `l` there are `(l - size) / stride + 1`
/// windows, rounded down, and what lies behind the last is in none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its rows and columns.
    pub size: [u16; 2],
    /// How far it moves down, and to the right.
    pub stride: [u16; 2],
}

/// `v` at the place of the largest of `s` in each window: linear in `v`, piecewise constant in `s`.
/// `max_pool(x) = pool_pick(x, x)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoolPick {
    /// The window.
    pub window: Window,
}

/// Images with the number that `u` has for a window at the place of the largest of `s` in it, added where windows overlap,
/// and zeros elsewhere: the transpose of [`PoolPick`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoolPlace {
    /// The window.
    pub window: Window,
}

/// The sum of each window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoolSum {
    /// The window.
    pub window: Window,
}

/// Images with the number of each window at all of its places, added where windows overlap: the transpose of [`PoolSum`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoolSpread {
    /// The window.
    pub window: Window,
    /// The rows and columns of an image.
    pub image: [u32; 2],
}

impl Window {
    /// The window that `op` asks for.
    #[track_caller]
    pub(super) fn new(op: &str, size: [usize; 2], stride: [usize; 2]) -> Self {
        let length = |length: usize| match u16::try_from(length) {
            Ok(length @ 1..) => length,
            _ => panic!("{op}: windows of {size:?} every {stride:?}: wants lengths from 1 to {}", u16::MAX),
        };
        Window { size: size.map(length), stride: stride.map(length) }
    }

    /// Whether it holds one pixel, and each is in one.
    pub(super) fn is_one(self) -> bool {
        self == Window { size: [1, 1], stride: [1, 1] }
    }

    /// How it moves over images of this shape.
    pub(super) fn on(self, images: Shape) -> Result<Windows, Mismatch> {
        let &[images, height, width, channels] = images.dims() else {
            return Err(Mismatch("wants images [n, height, width, channels]"));
        };
        let [images, height, width, channels] = [images, height, width, channels].map(|dim| dim as usize);
        let [size, stride] = [self.size, self.stride].map(|pair| pair.map(usize::from));
        if size.contains(&0) || stride.contains(&0) {
            return Err(Mismatch("wants windows and strides that are not 0"));
        }
        if size[0] > height || size[1] > width {
            return Err(Mismatch("the window is larger than the images"));
        }
        Ok(Windows { images, height, width, channels, size, stride })
    }

    /// The shape of a number for each window on images of this shape.
    pub(super) fn pooled(self, images: Shape) -> Result<Shape, Mismatch> {
        let windows = self.on(images)?;
        let [rows, columns] = windows.counts();
        Ok([windows.images, rows, columns, windows.channels].into())
    }

    /// How it moves over images that have been found to fit.
    pub(super) fn over<T>(self, images: Value<'_, T>) -> Windows {
        self.on(images.extent.shape).expect("checked by the extent")
    }

    /// A window, images, and their shape when pooled.
    pub(super) fn sample(pick: &mut Pick<'_>) -> (Self, Shape, Shape) {
        let mut length = || [1 + pick.below(3), 1 + pick.below(3)];
        let window = match length() {
            [1, 1] => Window { size: [1, 1], stride: [1, 1] },
            [3, 3] => Window { size: [2, 2], stride: [2, 2] },
            size => Window::new("sample", size, length()),
        };
        let [height, width] = window.size.map(|size| usize::from(size) + pick.below(4));
        let images = Shape::from([1 + pick.below(2), height, width, pick.one_of(&[1, 2, 3, 9])]);
        (window, images, window.pooled(images).expect("images as large as the window"))
    }
}

impl Multilinear for PoolPick {
    const NAME: &'static str = "pool_pick";
    const SLOTS: &'static [usize] = &[1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        if inputs[0].shape != inputs[1].shape {
            return Err(Mismatch("wants images of the same shape twice"));
        }
        let shape = self.window.pooled(inputs[0].shape)?;
        Ok(Extent { episodes: join_episodes(inputs[0], inputs[1])?, shape })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let windows = self.window.over(inputs[0]);
        each_episode([inputs[0], inputs[1]], extent, out, |[s, v], out| {
            pool::pick(windows, Scores::Plain(s), v, out);
        });
    }
    fn transpose<'t, T: Float>(
        self,
        _: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let place = PoolPlace { window: self.window };
        settle(cotangent.tape().record(Op::PoolPlace(place), &[inputs[0], cotangent]), wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (window, images, _) = Window::sample(pick);
        (PoolPick { window }, vec![(images, Domain::Real), (images, Domain::Real)])
    }
}

impl Multilinear for PoolPlace {
    const NAME: &'static str = "pool_place";
    const SLOTS: &'static [usize] = &[1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        if self.window.pooled(inputs[0].shape)? != inputs[1].shape {
            return Err(Mismatch("wants one number for each window"));
        }
        Ok(Extent { episodes: join_episodes(inputs[0], inputs[1])?, ..*inputs[0] })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let windows = self.window.over(inputs[0]);
        each_episode([inputs[0], inputs[1]], extent, out, |[s, u], out| {
            pool::place(windows, Scores::Plain(s), u, out);
        });
    }
    fn transpose<'t, T: Float>(
        self,
        _: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let pick = PoolPick { window: self.window };
        settle(cotangent.tape().record(Op::PoolPick(pick), &[inputs[0], cotangent]), wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (window, images, pooled) = Window::sample(pick);
        (PoolPlace { window }, vec![(images, Domain::Real), (pooled, Domain::Real)])
    }
}

impl Linear for PoolSum {
    const NAME: &'static str = "pool_sum";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        Ok(Extent { shape: self.window.pooled(inputs[0].shape)?, ..*inputs[0] })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let windows = self.window.over(inputs[0]);
        each_episode([inputs[0]], extent, out, |[x], out| pool::sum(windows, x, out));
    }
    fn transpose<'t, T: Float>(self, _: usize, inputs: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        let &[_, height, width, _] = inputs[0].shape.dims() else { unreachable!("checked by the extent") };
        let spread = PoolSpread { window: self.window, image: [height, width] };
        cotangent.tape().record(Op::PoolSpread(spread), &[cotangent])
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        let (window, images, _) = Window::sample(pick);
        (PoolSum { window }, vec![images])
    }
}

impl Linear for PoolSpread {
    const NAME: &'static str = "pool_spread";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let &[images, _, _, channels] = inputs[0].shape.dims() else {
            return Err(Mismatch("wants numbers [n, rows, columns, channels], one for each window"));
        };
        let [height, width] = self.image;
        let shape = Shape::from([images, height, width, channels].map(|dim| dim as usize));
        match self.window.pooled(shape)? == inputs[0].shape {
            true => Ok(Extent { shape, ..*inputs[0] }),
            false => Err(Mismatch("wants one number for each window")),
        }
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let windows = self.window.on(extent.shape).expect("checked by the extent");
        each_episode([inputs[0]], extent, out, |[u], out| pool::spread(windows, u, out));
    }
    fn transpose<'t, T: Float>(self, _: usize, _: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        cotangent.tape().record(Op::PoolSum(PoolSum { window: self.window }), &[cotangent])
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        let (window, images, pooled) = Window::sample(pick);
        let &[_, height, width, _] = images.dims() else { unreachable!("images have four axes") };
        (PoolSpread { window, image: [height, width] }, vec![pooled])
    }
}

impl<T: Float> Var<'_, T> {
    /// The largest of each window, by channel: images `[n, h, w, c]` to `[n, h', w', c]` with `h' = (h - window) / stride + 1`,
    /// rounded down. Nothing is padded. The derivative goes to the first of several equal ones; NaN wins.
    ///
    /// ```
    /// use metatape::prelude::*;
    ///
    /// let tape = Tape::<f64>::new();
    /// let image = tape.tensor(&Tensor::from_vec([1, 2, 4, 1], vec![1., 2., 3., 4., 5., 6., 8., 7.]));
    /// let pooled = image.max_pool([2, 2], [2, 2]);
    /// assert_eq!(pooled.to_tensor(), Tensor::from_vec([1, 1, 2, 1], vec![6., 8.]));
    /// assert_eq!(grad(pooled.sum(), &image).to_tensor().values(), [0., 0., 0., 0., 0., 1., 1., 0.]);
    /// ```
    ///
    /// # Panics
    /// These are no images, or a window does not fit into one, or a length is 0.
    #[track_caller]
    pub fn max_pool(self, window: [usize; 2], stride: [usize; 2]) -> Self {
        let window = Window::new("max_pool", window, stride);
        self.tape().record(Op::PoolPick(PoolPick { window }), &[self, self])
    }

    /// The mean of each window, by channel: images `[n, h, w, c]` to `[n, h', w', c]` as [`max_pool`](Self::max_pool).
    ///
    /// # Panics
    /// These are no images, or a window does not fit into one, or a length is 0.
    #[track_caller]
    pub fn mean_pool(self, window: [usize; 2], stride: [usize; 2]) -> Self {
        let pixels = T::from_usize(window[0] * window[1]);
        let window = Window::new("mean_pool", window, stride);
        self.tape().record(Op::PoolSum(PoolSum { window }), &[self]) * (T::ONE / pixels)
    }

    /// The mean of each image, by channel: `[n, h, w, c]` to `[n, c]`.
    ///
    /// ```
    /// use metatape::prelude::*;
    ///
    /// let tape = Tape::<f64>::new();
    /// let image = tape.tensor(&Tensor::from_vec([1, 2, 2, 2], vec![1., 10., 2., 20., 3., 30., 6., 60.]));
    /// let mean = image.mean_image().to_tensor();
    /// assert_eq!(mean, Tensor::from_vec([1, 2], vec![3., 30.]));
    /// assert_eq!(image.mean_pool([2, 2], [1, 1]).to_tensor().values(), mean.values());
    /// ```
    ///
    /// # Panics
    /// These are no images.
    #[track_caller]
    pub fn mean_image(self) -> Self {
        let shape = self.shape();
        assert!(shape.rank() == 4, "mean_image: {shape} are no images [n, height, width, channels]");
        self.reshape([shape.dim(0), shape.dim(1) * shape.dim(2), shape.dim(3)]).mean_axis(1)
    }
}
