//! Convolution, its transpose in the images and its transpose in the weights: three bilinear ops, each other's transposes.

use super::kind::{Multilinear, OpWanted};
use super::sample::{Domain, Pick};
use super::{Op, Var, join_episodes, settle};
use crate::kernels::conv::{Geometry, add_conv_weight, conv, conv_input};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// How a window moves over images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// From one place of the window to the next, along the height and along the width.
    pub stride: [u16; 2],
    /// The zeros on each side of an image, above and below and to the left and right.
    pub padding: [u16; 2],
}

/// Images `[n, height, width, channels]` convolved with weights `[kernel height, kernel width, channels, filters]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv {
    /// How the window moves.
    pub placement: Placement,
}

/// The transpose of [`Conv`] in the images: of `[n, output height, output width, filters]` and weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvInput {
    /// How the window moves.
    pub placement: Placement,
    /// The height and the width of the images: several lead to the same output.
    pub size: [u32; 2],
}

/// The transpose of [`Conv`] in the weights: of images and of `[n, output height, output width, filters]`.
///
/// Folded, it is the sum over the episodes, shared by all: the gradient of shared weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvWeight {
    /// How the window moves.
    pub placement: Placement,
    /// The height and the width of the window.
    pub kernel: [u16; 2],
    /// Whether the results of all episodes are summed.
    pub fold: bool,
}

impl Placement {
    /// The lengths of a convolution, or why there is none.
    fn geometry(
        self,
        images: usize,
        input: [usize; 2],
        channels: usize,
        kernel: [usize; 2],
        filters: usize,
    ) -> Result<(Geometry, [usize; 2]), Mismatch> {
        let Placement { stride, padding } = self;
        let [stride, padding] = [stride, padding].map(|pair| pair.map(usize::from));
        let geometry = Geometry { images, input, channels, kernel, stride, padding, filters };
        let output =
            geometry.output().ok_or(Mismatch("the window does not fit into the image, or is empty"))?;
        Ok((geometry, output))
    }
}

/// The dimensions of an operand of rank 4.
fn dims(extent: &Extent) -> Result<[usize; 4], Mismatch> {
    match *extent.shape.dims() {
        [n, height, width, channels] => Ok([n, height, width, channels].map(|length| length as usize)),
        _ => Err(Mismatch("wants operands of rank 4")),
    }
}

/// Calls `body` for each episode with its part of both operands and of the result, or once with all images where the
/// weights, at place `shared` of the operands and the result, are one for all.
fn each_episode<T: Float>(
    geometry: Geometry,
    [left, right]: [Value<'_, T>; 2],
    (extent, out): (&Extent, &mut [T]),
    shared: usize,
    mut body: impl FnMut(&Geometry, &[T], &[T], &mut [T]),
) {
    let strides = [left.extent.episode_stride(), right.extent.episode_stride(), extent.episode_stride()];
    let lengths = [left.extent.shape.len(), right.extent.shape.len(), extent.shape.len()];
    let episodes = left.extent.episodes.max(right.extent.episodes) as usize;
    let folds = (0..3).all(|operand| (strides[operand] == 0) == (operand == shared));
    let (steps, at_once) = if folds { (1, episodes) } else { (episodes, 1) };
    let geometry = Geometry { images: geometry.images * at_once, ..geometry };
    for step in 0..steps {
        let part = |operand: usize| {
            let count = if operand == shared { 1 } else { at_once };
            let start = step * strides[operand];
            start..start + count * lengths[operand]
        };
        body(&geometry, &left.values[part(0)], &right.values[part(1)], &mut out[part(2)]);
    }
}

impl Conv {
    fn geometry(self, [x, w]: [&Extent; 2]) -> Result<(Geometry, Shape), Mismatch> {
        let ([n, height, width, channels], [a, b, inner, filters]) = (dims(x)?, dims(w)?);
        if channels != inner {
            return Err(Mismatch("the images have other channels than the weights"));
        }
        let (geometry, [i, j]) = self.placement.geometry(n, [height, width], channels, [a, b], filters)?;
        Ok((geometry, [n, i, j, filters].into()))
    }
}

impl Multilinear for Conv {
    const NAME: &'static str = "conv";
    const SLOTS: &'static [usize] = &[0, 1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let (_, shape) = self.geometry([inputs[0], inputs[1]])?;
        Ok(Extent { episodes: join_episodes(inputs[0], inputs[1])?, shape })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let (geometry, _) =
            self.geometry([inputs[0].extent, inputs[1].extent]).expect("checked by the extent");
        each_episode(geometry, [inputs[0], inputs[1]], (extent, out), 1, conv);
    }
    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let [x, w] = [inputs[0], inputs[1]];
        match slot {
            0 => self.placement.input([cotangent, w], x.shape(), wanted),
            _ => self.placement.weight([x, cotangent], w.shape(), wanted),
        }
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (placement, [x, w, _]) = sample(pick);
        (Conv { placement }, vec![(x, Domain::Real), (w, Domain::Real)])
    }
}

impl ConvInput {
    fn geometry(self, [y, w]: [&Extent; 2]) -> Result<(Geometry, Shape), Mismatch> {
        let ([n, i, j, filters], [a, b, channels, inner]) = (dims(y)?, dims(w)?);
        let size = self.size.map(|length| length as usize);
        let (geometry, output) = self.placement.geometry(n, size, channels, [a, b], filters)?;
        if output != [i, j] || filters != inner {
            return Err(Mismatch("no convolution of images of that size"));
        }
        Ok((geometry, [n, size[0], size[1], channels].into()))
    }
}

impl Multilinear for ConvInput {
    const NAME: &'static str = "conv_input";
    const SLOTS: &'static [usize] = &[0, 1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let (_, shape) = self.geometry([inputs[0], inputs[1]])?;
        Ok(Extent { episodes: join_episodes(inputs[0], inputs[1])?, shape })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let (geometry, _) =
            self.geometry([inputs[0].extent, inputs[1].extent]).expect("checked by the extent");
        each_episode(geometry, [inputs[0], inputs[1]], (extent, out), 1, conv_input);
    }
    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let [y, w] = [inputs[0], inputs[1]];
        match slot {
            0 => self.placement.conv([cotangent, w], wanted),
            _ => self.placement.weight([cotangent, y], w.shape(), wanted),
        }
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (placement, [x, w, y]) = sample(pick);
        (ConvInput { placement, size: size_of_images(x) }, vec![(y, Domain::Real), (w, Domain::Real)])
    }
}

impl ConvWeight {
    fn geometry(self, [x, y]: [&Extent; 2]) -> Result<(Geometry, Shape), Mismatch> {
        let ([n, height, width, channels], [m, i, j, filters]) = (dims(x)?, dims(y)?);
        let kernel = self.kernel.map(usize::from);
        let (geometry, output) = self.placement.geometry(n, [height, width], channels, kernel, filters)?;
        if output != [i, j] || n != m {
            return Err(Mismatch("the second is no convolution of the first with such a kernel"));
        }
        Ok((geometry, [kernel[0], kernel[1], channels, filters].into()))
    }
}

impl Multilinear for ConvWeight {
    const NAME: &'static str = "conv_weight";
    const SLOTS: &'static [usize] = &[0, 1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let (_, shape) = self.geometry([inputs[0], inputs[1]])?;
        let episodes = join_episodes(inputs[0], inputs[1])?;
        Ok(Extent { episodes: if self.fold { 1 } else { episodes }, shape })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let (geometry, _) =
            self.geometry([inputs[0].extent, inputs[1].extent]).expect("checked by the extent");
        out.fill(T::ZERO);
        each_episode(geometry, [inputs[0], inputs[1]], (extent, out), 2, add_conv_weight);
    }
    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        assert!(
            !(self.fold && cotangent.episodes() > 1),
            "the derivative of each episode's loss through a sum over episodes: differentiate the sum of the losses"
        );
        let [x, y] = [inputs[0], inputs[1]];
        match slot {
            0 => self.placement.input([y, cotangent], x.shape(), wanted),
            _ => self.placement.conv([x, cotangent], wanted),
        }
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (placement, [x, w, y]) = sample(pick);
        let op = ConvWeight { placement, kernel: size_of_kernel(w), fold: pick.below(4) == 0 };
        (op, vec![(x, Domain::Real), (y, Domain::Real)])
    }
}

impl Placement {
    fn conv<'t, T: Float>(self, operands: [Var<'t, T>; 2], wanted: OpWanted<'t, T>) -> Var<'t, T> {
        settle(operands[0].tape().record(Op::Conv(Conv { placement: self }), &operands), wanted)
    }

    fn input<'t, T: Float>(
        self,
        operands: [Var<'t, T>; 2],
        images: Shape,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let op = ConvInput { placement: self, size: size_of_images(images) };
        settle(operands[0].tape().record(Op::ConvInput(op), &operands), wanted)
    }

    fn weight<'t, T: Float>(
        self,
        operands: [Var<'t, T>; 2],
        weights: Shape,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let fold = wanted.extent.episodes == 1 && operands[0].episodes().max(operands[1].episodes()) > 1;
        let op = ConvWeight { placement: self, kernel: size_of_kernel(weights), fold };
        settle(operands[0].tape().record(Op::ConvWeight(op), &operands), wanted)
    }
}

fn size_of_images(x: Shape) -> [u32; 2] {
    [x.dims()[1], x.dims()[2]]
}

fn size_of_kernel(w: Shape) -> [u16; 2] {
    // A window wider than that would not fit into any image that fits into memory.
    [w.dims()[0], w.dims()[1]]
        .map(|length| u16::try_from(length).expect("a window of less than 65,536 places"))
}

/// A window, and shapes of images, weights and result.
fn sample(pick: &mut Pick<'_>) -> (Placement, [Shape; 3]) {
    let [kernel, stride, padding] = [3, 3, 2].map(|end| [pick.below(end), pick.below(end)]);
    let (kernel, stride) = (kernel.map(|below| 1 + below), stride.map(|below| 1 + below));
    let input = kernel.map(|length| length + pick.below(4));
    let [images, channels, filters] = [1 + pick.below(2), 1 + pick.below(3), 1 + pick.below(3)];
    let placement = Placement { stride: stride.map(|n| n as u16), padding: padding.map(|n| n as u16) };
    let (_, [i, j]) =
        placement.geometry(images, input, channels, kernel, filters).expect("a window that fits");
    let x = [images, input[0], input[1], channels].into();
    let w = [kernel[0], kernel[1], channels, filters].into();
    (placement, [x, w, [images, i, j, filters].into()])
}

impl<T: Float> Var<'_, T> {
    /// The convolution of images `[n, height, width, channels]` with `weights`
    /// `[kernel height, kernel width, channels, filters]`, as `[n, output height, output width, filters]`; the output is
    /// `(length + 2 padding - kernel) / stride + 1` long, rounded down:
    ///
    /// ```text
    /// y[n, i, j, f] = sum over a, b, c of x[n, i s + a - p, j s + b - p, c] w[a, b, c, f]
    /// ```
    ///
    /// ```
    /// use metatape::ops::Tape;
    /// use metatape::tensor::Tensor;
    ///
    /// let tape = Tape::new();
    /// let image = tape.tensor(&Tensor::from_vec([1, 1, 4, 1], vec![1.0, 2.0, 3.0, 4.0]));
    /// let difference = tape.tensor(&Tensor::from_vec([1, 3, 1, 1], vec![1.0, 0.0, -1.0]));
    /// assert_eq!(image.conv(difference, [1, 1], [0, 1]).to_tensor().values(), [-2.0, -2.0, -2.0, 3.0]);
    /// ```
    ///
    /// # Panics
    /// An operand has another rank, the channels differ, or the window does not fit into the image.
    #[track_caller]
    pub fn conv(self, weights: Self, stride: [usize; 2], padding: [usize; 2]) -> Self {
        let short = |lengths: [usize; 2]| {
            let fits = |length: usize| u16::try_from(length).ok();
            fits(lengths[0])
                .zip(fits(lengths[1]))
                .map(|(along_height, along_width)| [along_height, along_width])
        };
        let (Some(stride), Some(padding)) = (short(stride), short(padding)) else {
            panic!("conv: a stride of {stride:?} or a padding of {padding:?} is above {}", u16::MAX);
        };
        self.tape().record(Op::Conv(Conv { placement: Placement { stride, padding } }), &[self, weights])
    }
}
