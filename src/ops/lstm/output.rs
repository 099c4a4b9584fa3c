//! From the memory to what a cell lets out of it.

use super::{each_row, extent_of, hidden, pull_onto, push_pull, sample_shapes, side_by_side, split};
use crate::kernels::lstm;
use crate::ops::kind::{Fused, OpCall, OpWanted};
use crate::ops::sample::{Domain, Pick};
use crate::ops::{Var, settle, unary_methods};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// The output of an LSTM's cell, `[.., 2 hidden]` to `[.., hidden]`: `s tanh(c)` for an open output gate `s` beside a memory
/// `c`, as [`LstmCell`](super::LstmCell) makes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LstmOutput;

/// The cotangent of the cell in [`LstmOutput`]: of the operands cell and cotangent of the output; and a third operand added to
/// that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LstmOutputPull;

/// An open output gate `s`, and `y = tanh(c)` with its slope.
struct Open<'t, T: Float> {
    s: Var<'t, T>,
    y: Var<'t, T>,
    slope: Var<'t, T>,
}

impl<'t, T: Float> Open<'t, T> {
    fn new(cell: Var<'t, T>) -> Self {
        let [s, c] = split(cell);
        let y = c.tanh();
        Open { s, y, slope: y.square().affine(-T::ONE, T::ONE) }
    }

    /// The tangent of the output, from that of the cell.
    fn push(&self, tangent: Var<'t, T>) -> Var<'t, T> {
        let [ts, tc] = split(tangent);
        self.y * ts + self.s * self.slope * tc
    }

    /// The cotangent of the cell, from that of the output.
    fn pull(&self, cotangent: Var<'t, T>) -> Var<'t, T> {
        side_by_side([cotangent * self.y, cotangent * self.s * self.slope])
    }

    /// How the cotangent of the cell moves with it: a Hessian times a direction, and so its own transpose.
    fn bend(&self, cotangent: Var<'t, T>, direction: Var<'t, T>) -> Var<'t, T> {
        let [us, uc] = split(direction);
        let Open { s, y, slope } = *self;
        let steep = cotangent * slope;
        side_by_side([steep * uc, steep * (us - (s * y * uc).scale(T::ONE + T::ONE))])
    }
}

impl Fused for LstmOutput {
    const NAME: &'static str = "lstm_output";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        extent_of(inputs, &[2], 1)
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        lstm::output(inputs[0].values, hidden(extent, 1), out);
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        tangents[0].map(|tangent| Open::new(call.inputs[0]).push(tangent))
    }
    fn vjp<'t, T: Float>(
        self,
        _: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        Some(pull_onto(LstmOutputPull.into(), [call.inputs[0], cotangent], wanted))
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let [s, c] = split(inputs[0]);
        s * c.tanh()
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        (LstmOutput, sample_shapes(pick, [2]).map(|shape| (shape, Domain::Real)).to_vec())
    }
}

impl Fused for LstmOutputPull {
    const NAME: &'static str = "lstm_output_pull";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        extent_of(inputs, &[2, 1, 2], 2)
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let hidden = hidden(extent, 2);
        match *inputs {
            [cell, y] => each_row([cell, y], extent, out, |[cell, y], out| {
                lstm::pull_output(cell, y, None, hidden, out);
            }),
            _ => each_row([inputs[0], inputs[1], inputs[2]], extent, out, |[cell, y, onto], out| {
                lstm::pull_output(cell, y, Some(onto), hidden, out);
            }),
        }
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let [cell, y] = [call.inputs[0], call.inputs[1]];
        push_pull(LstmOutputPull.into(), &call, tangents, |tangent| Open::new(cell).bend(y, tangent))
    }
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        let [cell, y] = [call.inputs[0], call.inputs[1]];
        let found = match slot {
            0 => Open::new(cell).bend(y, cotangent),
            1 => Open::new(cell).push(cotangent),
            _ => cotangent,
        };
        Some(settle(found, wanted))
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let own = Open::new(inputs[0]).pull(inputs[1]);
        inputs.get(2).map_or(own, |onto| *onto + own)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let shapes = sample_shapes(pick, [2, 1, 2]);
        let operands = 2 + pick.below(2);
        (LstmOutputPull, shapes[..operands].iter().map(|&shape| (shape, Domain::Real)).collect())
    }
}

unary_methods! {
    /// What an LSTM's cell lets out, `s tanh(c)`: `[.., 2 hidden]`, the open output gate `s` beside the memory `c`, to
    /// `[.., hidden]`. See [`lstm_cell`](Self::lstm_cell).
    ///
    /// # Panics
    /// The last axis cannot be halved.
    lstm_output = LstmOutput;
}
