//! Max-pooling of what is scaled by channel, before it is scaled: what stands between a convolution and its relu.

use super::kind::{Multilinear, OpWanted};
use super::pool::Window;
use super::sample::{Domain, Pick};
use super::scale_shift::{check_pair, row};
use super::{Op, Var, each_episode, join_episodes, settle};
use crate::kernels::pool::{self, Scores};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `v` at the place of the largest `a z` of each window, for images `z` with a factor `a` for each channel: of the operands
/// `z`, `a` and `v`, linear in `v` and piecewise constant in the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaledPick {
    /// The window.
    pub window: Window,
}

/// Images with the number that `u` has for a window at the place of the largest `a z` in it, added where windows overlap,
/// and zeros elsewhere: the transpose of [`ScaledPick`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaledPlace {
    /// The window.
    pub window: Window,
}

/// The extent of one number for each window.
fn pooled(window: Window, images: &Extent, factors: &Extent) -> Result<Extent, Mismatch> {
    let shape = window.pooled(images.shape)?;
    if *factors.shape.dims() != [images.shape.dims()[3]] {
        return Err(Mismatch("wants a factor for each channel"));
    }
    Ok(Extent { shape, episodes: join_episodes(images, factors)? })
}

fn samples(pick: &mut Pick<'_>) -> (Window, [Shape; 3]) {
    let (window, images, pooled) = Window::sample(pick);
    (window, [images, [images.dim(3)].into(), pooled])
}

impl Multilinear for ScaledPick {
    const NAME: &'static str = "scaled_pick";
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
        each_episode([inputs[0], inputs[1], inputs[2]], extent, out, |[z, a, v], out| {
            pool::pick(windows, Scores::Scaled { z, a }, v, out);
        });
    }
    fn transpose<'t, T: Float>(
        self,
        _: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let place = ScaledPlace { window: self.window };
        settle(cotangent.tape().record(Op::ScaledPlace(place), &[inputs[0], inputs[1], cotangent]), wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (window, [images, factors, _]) = samples(pick);
        let operands = [(images, Domain::Real), (factors, Domain::NonZero), (images, Domain::Real)];
        (ScaledPick { window }, operands.to_vec())
    }
}

impl Multilinear for ScaledPlace {
    const NAME: &'static str = "scaled_place";
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
        each_episode([inputs[0], inputs[1], inputs[2]], extent, out, |[z, a, u], out| {
            pool::place(windows, Scores::Scaled { z, a }, u, out);
        });
    }
    fn transpose<'t, T: Float>(
        self,
        _: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let pick = ScaledPick { window: self.window };
        settle(cotangent.tape().record(Op::ScaledPick(pick), &[inputs[0], inputs[1], cotangent]), wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (window, [images, factors, pooled]) = samples(pick);
        let operands = [(images, Domain::Real), (factors, Domain::NonZero), (pooled, Domain::Real)];
        (ScaledPlace { window }, operands.to_vec())
    }
}

impl<T: Float> Var<'_, T> {
    /// `max_pool(relu(a z + b))`: for images `[n, h, w, c]`, with `a` and `b` the rows of `ab`, `[2, c]`, as
    /// [`normalizer`](crate::nn::normalizer) makes them of batch statistics. A window of 1 every 1 is `relu(a z + b)`.
    ///
    /// Of each window one number is the largest before and after it is shifted and cut off at 0. So one `z` of each is picked
    /// by `a z`, and only that is scaled and shifted: images are read once, and what is written is as small as the result.
    ///
    /// # Panics
    /// The shapes do not fit, or a length is 0.
    #[track_caller]
    pub fn relu_pool(self, ab: Self, window: [usize; 2], stride: [usize; 2]) -> Self {
        let window = Window::new("relu_pool", window, stride);
        if window.is_one() {
            return self.scale_shift_relu(ab);
        }
        if let Err(mismatch) = check_pair(self.shape(), ab.shape()) {
            panic!("relu_pool of {} and {}: {}", self.shape(), ab.shape(), mismatch.0);
        }
        let picked = self.tape().record(Op::ScaledPick(ScaledPick { window }), &[self, row(ab, 0), self]);
        picked.scale_shift_relu(ab)
    }
}
