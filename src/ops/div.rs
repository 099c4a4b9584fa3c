//! The elementwise quotient.

use super::broadcast::zip;
use super::kind::{Fused, OpCall, OpWanted};
use super::sample::{Domain, Pick};
use super::sum::whole;
use super::{Op, Var, add, broadcast_extents, settle};
use crate::kernels::map::Binary;
use crate::simd::{Float, Lanes};
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `x0 / x1`, elementwise, broadcast, correctly rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Div;

impl<T: Float> Binary<T> for Div {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        x.div(y)
    }
}

impl Fused for Div {
    const NAME: &'static str = "div";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        broadcast_extents(inputs[0], inputs[1])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        zip(inputs[0], inputs[1], out, self);
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let output = call.output;
        let above = tangents[0].map(|tangent| tangent / call.inputs[1]);
        let below = tangents[1].map(|tangent| -(output * tangent / call.inputs[1]));
        let tangent = above.into_iter().chain(below).reduce(add)?;
        Some(whole(tangent, output.extent()))
    }
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        let over = cotangent / call.inputs[1];
        Some(settle(if slot == 0 { over } else { -(over * call.output) }, wanted))
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        inputs[0] * inputs[1].recip()
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let [above, below] = pick.broadcast_pair();
        (Div, vec![(above, Domain::Real), (below, Domain::NonZero)])
    }
}

impl<T: Float> std::ops::Div for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn div(self, other: Self) -> Self {
        self.tape().record(Op::Div(Div), &[self, other])
    }
}
