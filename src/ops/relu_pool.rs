//! A factor and a term for each channel, a relu and max-pooling in one: what stands behind a convolution.

use super::kind::{Fused, Multilinear, OpCall, OpWanted};
use super::mul::add_product;
use super::pool::Window;
use super::sample::{Domain, Pick};
use super::scale_shift::{check_pair, cotangent_of_pair, row};
use super::{Gate, Op, Var, each_episode, join_episodes, settle};
use crate::kernels::pool::{self, Scores};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `max_pool(relu(a z + b))` for images `z`, with `ab` `[2, channels]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReluPool {
    /// The window.
    pub window: Window,
}

/// `v` at the place of the largest `a z + b` of each window if that is greater than 0, else 0: of the operands `z`, `ab` and
/// `v`, linear in `v` and piecewise constant in the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReluPick {
    /// The window.
    pub window: Window,
}

/// Images with the number that `u` has for a window at the place of the largest `a z + b` in it if that is greater than 0,
/// added where windows overlap, and zeros elsewhere: the transpose of [`ReluPick`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReluPlace {
    /// The window.
    pub window: Window,
}

/// The extent of one number for each window.
fn pooled(window: Window, images: &Extent, pair: &Extent) -> Result<Extent, Mismatch> {
    check_pair(images.shape, pair.shape)?;
    Ok(Extent { shape: window.pooled(images.shape)?, episodes: join_episodes(images, pair)? })
}

fn samples(pick: &mut Pick<'_>) -> (Window, [Shape; 3]) {
    let (window, images, pooled) = Window::sample(pick);
    (window, [images, [2, images.dim(3)].into(), pooled])
}

impl Fused for ReluPool {
    const NAME: &'static str = "relu_pool";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        pooled(self.window, inputs[0], inputs[1])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let windows = self.window.over(inputs[0]);
        each_episode([inputs[0], inputs[1]], extent, out, |[z, ab], out| {
            pool::relu_pool(windows, z, ab, out);
        });
    }
    /// `a pick(dz) + gate(p, q da + db)`, with `p` the result and `q` the `z` that it was made from.
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let [z, ab] = [call.inputs[0], call.inputs[1]];
        let sum = tangents[1].map(|tangent| self.enter(call, self.pick(z, ab, z).scale_shift(tangent)));
        match tangents[0] {
            Some(tangent) => Some(add_product(sum, 1.0, self.pick(z, ab, tangent), row(ab, 0))),
            None => sum,
        }
    }
    fn enter<'t, T: Float>(self, call: OpCall<'_, 't, T>, cotangent: Var<'t, T>) -> Var<'t, T> {
        cotangent.tape().record(Op::Gate(Gate), &[call.output, cotangent])
    }
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        let [z, ab] = [call.inputs[0], call.inputs[1]];
        Some(match slot {
            0 => {
                let place = ReluPlace { window: self.window };
                let u = cotangent * row(ab, 0);
                settle(z.tape().record(Op::ReluPlace(place), &[z, ab, u]), wanted)
            }
            _ => cotangent_of_pair(self.pick(z, ab, z), cotangent, wanted),
        })
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let Window { size, stride } = self.window;
        let relu = inputs[0].scale_shift(inputs[1]).relu();
        relu.max_pool(size.map(usize::from), stride.map(usize::from))
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (window, [images, pair, _]) = samples(pick);
        (ReluPool { window }, vec![(images, Domain::Real), (pair, Domain::NonZero)])
    }
}

impl ReluPool {
    fn pick<'t, T: Float>(self, z: Var<'t, T>, ab: Var<'t, T>, v: Var<'t, T>) -> Var<'t, T> {
        z.tape().record(Op::ReluPick(ReluPick { window: self.window }), &[z, ab, v])
    }
}

impl Multilinear for ReluPick {
    const NAME: &'static str = "relu_pick";
    const SLOTS: &'static [usize] = &[2];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        if inputs[0].shape != inputs[2].shape {
            return Err(Mismatch("wants images of the same shape first and last"));
        }
        let extent = pooled(self.window, inputs[0], inputs[1])?;
        Ok(Extent { episodes: join_episodes(&extent, inputs[2])?, ..extent })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let windows = self.window.over(inputs[0]);
        each_episode([inputs[0], inputs[1], inputs[2]], extent, out, |[z, ab, v], out| {
            pool::pick(windows, Scores::Relu { z, ab }, v, out);
        });
    }
    fn transpose<'t, T: Float>(
        self,
        _: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let place = ReluPlace { window: self.window };
        settle(cotangent.tape().record(Op::ReluPlace(place), &[inputs[0], inputs[1], cotangent]), wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (window, [images, pair, _]) = samples(pick);
        let operands = [(images, Domain::Real), (pair, Domain::NonZero), (images, Domain::Real)];
        (ReluPick { window }, operands.to_vec())
    }
}

impl Multilinear for ReluPlace {
    const NAME: &'static str = "relu_place";
    const SLOTS: &'static [usize] = &[2];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let pooled = pooled(self.window, inputs[0], inputs[1])?;
        if pooled.shape != inputs[2].shape {
            return Err(Mismatch("wants one number for each window"));
        }
        Ok(Extent { episodes: join_episodes(&pooled, inputs[2])?, ..*inputs[0] })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let windows = self.window.over(inputs[0]);
        each_episode([inputs[0], inputs[1], inputs[2]], extent, out, |[z, ab, u], out| {
            pool::place(windows, Scores::Relu { z, ab }, u, out);
        });
    }
    fn transpose<'t, T: Float>(
        self,
        _: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let pick = ReluPick { window: self.window };
        settle(cotangent.tape().record(Op::ReluPick(pick), &[inputs[0], inputs[1], cotangent]), wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (window, [images, pair, pooled]) = samples(pick);
        let operands = [(images, Domain::Real), (pair, Domain::NonZero), (pooled, Domain::Real)];
        (ReluPlace { window }, operands.to_vec())
    }
}

impl<T: Float> Var<'_, T> {
    /// `max_pool(relu(a z + b))` in one pass: for images `[n, h, w, c]`, with `a` and `b` the rows of `ab`, `[2, c]`, as
    /// [`normalizer`](crate::nn::normalizer) makes them of batch statistics. A window of 1 every 1 is `relu(a z + b)`.
    ///
    /// # Panics
    /// The shapes do not fit, or a length is 0.
    #[track_caller]
    pub fn relu_pool(self, ab: Self, window: [usize; 2], stride: [usize; 2]) -> Self {
        let window = Window::new("relu_pool", window, stride);
        self.tape().record(Op::ReluPool(ReluPool { window }), &[self, ab])
    }
}
