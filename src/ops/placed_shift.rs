//! What comes down to an image that was normalised by its own moments and pooled, in one pass over it.

use super::kind::{Fused, OpCall, OpWanted};
use super::moments::pull_pair;
use super::mul::{add_product, mul_onto};
use super::sample::{Domain, Pick};
use super::scale_shift::{cotangent_of_pair, row};
use super::slice::Pad;
use super::sum::whole;
use super::{Op, ScaledPick, ScaledPlace, Var, Window, concat, each_episode, join_episodes, settle};
use crate::kernels::pool::{self, Line};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value, Waiting, Wanted};
use crate::tensor::Shape;

/// `scaled_place(z, a, u) + b z + c`: for images `z`, numbers `u` of their windows, and the rows `a`, `b` and `c` of
/// `[3, channels]`. No derivative flows into the factors `a`, which only say where each window's largest `a z` is.
///
/// It is the cotangent of `z` from [`ScaledPick`] and from [`Moments`](super::Moments) together. Of a large image each of them
/// is a matter of memory; one after the other they read it twice and write twice as much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedShift {
    /// The window.
    pub window: Window,
}

/// See [`Differentiable::waits`](crate::tape::Differentiable::waits).
#[inline]
pub(super) fn waits(op: &Op, slot: usize) -> bool {
    matches!(op, Op::ScaledPick(_)) && slot == 2
}

/// See [`Differentiable::vjp_with`](crate::tape::Differentiable::vjp_with).
pub(super) fn vjp_of_both<'t, T: Float>(
    op: Op,
    call: OpCall<'_, 't, T>,
    cotangent: Var<'t, T>,
    waiting: Waiting<'_, 't, T, Op>,
    wanted: OpWanted<'t, T>,
) -> Option<Var<'t, T>> {
    let (Op::Moments(_), Op::ScaledPick(ScaledPick { window })) = (op, waiting.op) else { return None };
    let [z, a, v] = *waiting.call.inputs else { return None };
    if z.id() != v.id() {
        return None;
    }
    let pair = pull_pair(call, cotangent);
    let factors = concat(a.detach().reshape([1, a.shape().len()]), pair, 0);
    let both = Op::PlacedShift(PlacedShift { window });
    Some(settle(z.tape().record(both, &[call.inputs[0], waiting.cotangent, factors]), wanted))
}

/// Rows 1 and 2 of `[3, channels]`.
fn line<T: Float>(factors: Var<'_, T>) -> Var<'_, T> {
    factors.slice(0, 1..3)
}

impl Fused for PlacedShift {
    const NAME: &'static str = "placed_shift";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let [z, u, factors] = [inputs[0], inputs[1], inputs[2]];
        if self.window.pooled(z.shape)? != u.shape {
            return Err(Mismatch("wants one number for each window"));
        }
        if *factors.shape.dims() != [3, z.shape.dims()[3]] {
            return Err(Mismatch("wants three factors for each channel"));
        }
        let pooled = Extent { episodes: join_episodes(z, u)?, ..*z };
        Ok(Extent { episodes: join_episodes(&pooled, factors)?, ..*z })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let windows = self.window.over(inputs[0]);
        each_episode([inputs[0], inputs[1], inputs[2]], extent, out, |[z, u, factors], out| {
            let (a, line) = factors.split_at(windows.channels);
            let (b, c) = line.split_at(windows.channels);
            pool::place_onto(windows, a, u, Line { x: z, a: b, b: c }, out);
        });
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let [z, factors] = [call.inputs[0], call.inputs[2]];
        let mut sum = match (tangents[1], tangents[2]) {
            (Some(u), Some(tangent)) => {
                let moved = concat(factors.slice(0, 0..1), line(tangent), 0);
                Some(z.tape().record(self.into(), &[z, u, moved]))
            }
            (Some(u), None) => {
                let place = Op::ScaledPlace(ScaledPlace { window: self.window });
                Some(z.tape().record(place, &[z, row(factors, 0), u]))
            }
            (None, tangent) => tangent.map(|tangent| z.scale_shift(line(tangent))),
        };
        if let Some(tangent) = tangents[0] {
            sum = Some(add_product(sum, 1.0, tangent, row(factors, 1)));
        }
        Some(whole(sum?, call.output.extent()))
    }
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        let [z, factors] = [call.inputs[0], call.inputs[2]];
        Some(match slot {
            0 => mul_onto(cotangent, row(factors, 1), 1.0, wanted),
            1 => {
                let pick = Op::ScaledPick(ScaledPick { window: self.window });
                settle(z.tape().record(pick, &[z, row(factors, 0), cotangent]), wanted)
            }
            _ => {
                let shape = [2, factors.shape().dim(1)].into();
                let of_line = Wanted { extent: Extent { shape, ..wanted.extent }, onto: None };
                let pair = cotangent_of_pair(z, cotangent, of_line);
                settle(z.tape().record(Op::Pad(Pad { axis: 0, start: 1, len: 3 }), &[pair]), wanted)
            }
        })
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let [z, u, factors] = [inputs[0], inputs[1], inputs[2]];
        let place = Op::ScaledPlace(ScaledPlace { window: self.window });
        z.tape().record(place, &[z, row(factors, 0).detach(), u]) + z * row(factors, 1) + row(factors, 2)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (window, images, pooled) = Window::sample(pick);
        let factors = [3, images.dim(3)].into();
        let operands = [(images, Domain::Real), (pooled, Domain::Real), (factors, Domain::NonZero)];
        (PlacedShift { window }, operands.to_vec())
    }
}
