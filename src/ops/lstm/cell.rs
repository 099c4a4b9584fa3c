//! From gates to the memory that they keep and take in.

use super::{
    each_row, extent_of, hidden, part, placed, pull_onto, push_pull, record_onto, sample_shapes,
    side_by_side, split,
};
use crate::kernels::lstm;
use crate::ops::kind::{Fused, OpCall, OpWanted};
use crate::ops::sample::{Domain, Pick};
use crate::ops::sum::whole;
use crate::ops::{Var, settle};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// The cell of an LSTM after a step, `[.., 2 hidden]`: `sigmoid(o)` beside `sigmoid(f) c + sigmoid(i) tanh(g)`, for gates
/// `i`, `f`, `g`, `o` side by side in `[.., 4 hidden]` and the cell before, of which only the memory `c`, its second half,
/// counts.
///
/// The output gate lies beside the memory because what comes down to the gates then comes down in one cotangent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LstmCell;

/// The cotangent of the gates in [`LstmCell`]: of the operands gates, cell before and cotangent of the cell after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LstmGatesPull;

/// The cotangent of the cell before in [`LstmCell`], which is the tangent of the cell after too: of the operands gates and
/// `y`, zeros beside `sigmoid(f)` times the second half of `y`; and a third operand added to that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LstmCellPull;

/// What gates are, and how steep.
struct Gates<'t, T: Float> {
    /// `sigmoid(i)`, `sigmoid(f)`, `tanh(g)`, `sigmoid(o)`.
    values: [Var<'t, T>; 4],
    slopes: [Var<'t, T>; 4],
}

impl<'t, T: Float> Gates<'t, T> {
    fn new(z: Var<'t, T>) -> Self {
        let [i, f, g, o] = split(z);
        let values = [i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()];
        let [i, f, g, o] = values;
        let slope = |y: Var<'t, T>| y * y.affine(-T::ONE, T::ONE);
        let slopes = [slope(i), slope(f), g.square().affine(-T::ONE, T::ONE), slope(o)];
        Gates { values, slopes }
    }

    /// The tangent of the cell after, from that of the gates.
    fn push(&self, cell: Var<'t, T>, tangent: Var<'t, T>) -> Var<'t, T> {
        let ([i, _, g, _], [di, df, dg, d_o]) = (self.values, self.slopes);
        let [ti, tf, tg, to] = split(tangent);
        let c = part(cell, 1, 2);
        side_by_side([d_o * to, g * di * ti + c * df * tf + i * dg * tg])
    }

    /// The cotangent of the gates, from that of the cell after.
    fn pull(&self, cell: Var<'t, T>, cotangent: Var<'t, T>) -> Var<'t, T> {
        let ([i, _, g, _], [di, df, dg, d_o]) = (self.values, self.slopes);
        let [of_o, of_c] = split(cotangent);
        let c = part(cell, 1, 2);
        side_by_side([of_c * g * di, of_c * c * df, of_c * i * dg, of_o * d_o])
    }

    /// How the cotangent of the gates moves with them: a Hessian times a direction, and so its own transpose.
    fn bend(&self, cell: Var<'t, T>, cotangent: Var<'t, T>, direction: Var<'t, T>) -> Var<'t, T> {
        let ([i, f, g, o], [di, df, dg, d_o]) = (self.values, self.slopes);
        let [ui, uf, ug, uo] = split(direction);
        let [of_o, of_c] = split(cotangent);
        let c = part(cell, 1, 2);
        let two = T::ONE + T::ONE;
        let curvature = |y: Var<'t, T>, slope| slope * y.affine(-two, T::ONE);
        let of_i = of_c * (g * curvature(i, di) * ui + di * dg * ug);
        let of_f = of_c * c * curvature(f, df) * uf;
        let of_g = of_c * (di * dg * ui - (i * g * dg * ug).scale(two));
        side_by_side([of_i, of_f, of_g, of_o * curvature(o, d_o) * uo])
    }

    /// The slope of the forget gate times the other two: how what is kept of a memory moves with the gate, either way.
    fn forget(&self, of_c: Var<'t, T>, other: Var<'t, T>) -> Var<'t, T> {
        self.slopes[1] * of_c * other
    }
}

impl Fused for LstmCell {
    const NAME: &'static str = "lstm_cell";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        extent_of(inputs, &[4, 2], 2)
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let hidden = hidden(extent, 2);
        each_row([inputs[0], inputs[1]], extent, out, |[z, cell], out| lstm::cell(z, cell, hidden, out));
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let [z, cell] = [call.inputs[0], call.inputs[1]];
        let mut sum = tangents[0].map(|tangent| Gates::new(z).push(cell, tangent));
        if let Some(tangent) = tangents[1] {
            sum = Some(record_onto(LstmCellPull.into(), [z, tangent], sum));
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
        let [z, cell] = [call.inputs[0], call.inputs[1]];
        Some(match slot {
            0 => settle(z.tape().record(LstmGatesPull.into(), &[z, cell, cotangent]), wanted),
            _ => pull_onto(LstmCellPull.into(), [z, cotangent], wanted),
        })
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let Gates { values: [i, f, g, o], .. } = Gates::new(inputs[0]);
        side_by_side([o, f * part(inputs[1], 1, 2) + i * g])
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        (LstmCell, sample_shapes(pick, [4, 2]).map(|shape| (shape, Domain::Real)).to_vec())
    }
}

impl Fused for LstmGatesPull {
    const NAME: &'static str = "lstm_gates_pull";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        extent_of(inputs, &[4, 2, 2], 4)
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let hidden = hidden(extent, 4);
        each_row([inputs[0], inputs[1], inputs[2]], extent, out, |[z, cell, cotangent], out| {
            lstm::pull_gates(z, cell, cotangent, hidden, out);
        });
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let [z, cell, y] = [call.inputs[0], call.inputs[1], call.inputs[2]];
        let parts = [
            tangents[0].map(|tangent| Gates::new(z).bend(cell, y, tangent)),
            tangents[1].map(|tangent| placed(Gates::new(z).forget(part(y, 1, 2), part(tangent, 1, 2)), 1, 4)),
            tangents[2].map(|tangent| z.tape().record(LstmGatesPull.into(), &[z, cell, tangent])),
        ];
        let sum = parts.into_iter().flatten().reduce(|sum, part| sum + part)?;
        Some(whole(sum, call.output.extent()))
    }
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        let [z, cell, y] = [call.inputs[0], call.inputs[1], call.inputs[2]];
        let gates = Gates::new(z);
        let found = match slot {
            0 => gates.bend(cell, y, cotangent),
            1 => placed(gates.forget(part(y, 1, 2), part(cotangent, 1, 4)), 1, 2),
            _ => gates.push(cell, cotangent),
        };
        Some(settle(found, wanted))
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        Gates::new(inputs[0]).pull(inputs[1], inputs[2])
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        (LstmGatesPull, sample_shapes(pick, [4, 2, 2]).map(|shape| (shape, Domain::Real)).to_vec())
    }
}

impl Fused for LstmCellPull {
    const NAME: &'static str = "lstm_cell_pull";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        extent_of(inputs, &[4, 2, 2], 2)
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let hidden = hidden(extent, 2);
        match *inputs {
            [z, y] => each_row([z, y], extent, out, |[z, y], out| lstm::pull_cell(z, y, None, hidden, out)),
            _ => each_row([inputs[0], inputs[1], inputs[2]], extent, out, |[z, y, onto], out| {
                lstm::pull_cell(z, y, Some(onto), hidden, out);
            }),
        }
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let [z, y] = [call.inputs[0], call.inputs[1]];
        push_pull(LstmCellPull.into(), &call, tangents, |tangent| {
            placed(Gates::new(z).forget(part(y, 1, 2), part(tangent, 1, 4)), 1, 2)
        })
    }
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        let [z, y] = [call.inputs[0], call.inputs[1]];
        Some(match slot {
            0 => {
                let moved = Gates::new(z).forget(part(y, 1, 2), part(cotangent, 1, 2));
                settle(placed(moved, 1, 4), wanted)
            }
            1 => pull_onto(LstmCellPull.into(), [z, cotangent], wanted),
            _ => settle(cotangent, wanted),
        })
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let kept = placed(part(inputs[0], 1, 4).sigmoid() * part(inputs[1], 1, 2), 1, 2);
        inputs.get(2).map_or(kept, |onto| *onto + kept)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let shapes = sample_shapes(pick, [4, 2, 2]);
        let operands = 2 + pick.below(2);
        (LstmCellPull, shapes[..operands].iter().map(|&shape| (shape, Domain::Real)).collect())
    }
}

impl<T: Float> Var<'_, T> {
    /// The memory of an LSTM after a step, `sigmoid(f) c + sigmoid(i) tanh(g)`, with `sigmoid(o)` beside it: a cell,
    /// `[.., 2 hidden]`, output gate first. `self` are the gates `i`, `f`, `g`, `o` side by side, `[.., 4 hidden]`; of the cell
    /// before only the memory `c` counts, so the first may be zeros.
    ///
    /// ```
    /// use metatape::prelude::*;
    ///
    /// let tape = Tape::<f64>::new();
    /// let gates = tape.tensor(&Tensor::from_vec([1, 4], vec![0.0, 0.0, 0.5, 0.0]));
    /// let before = tape.tensor(&Tensor::from_vec([1, 2], vec![0.0, 3.0]));
    /// let after = gates.lstm_cell(before);
    /// assert_eq!(after.to_tensor().values(), [0.5, 0.5 * 3.0 + 0.5 * 0.5_f64.tanh()]);
    /// assert_eq!(after.lstm_output().item(), 0.5 * after.to_tensor().values()[1].tanh());
    /// ```
    ///
    /// # Panics
    /// The shapes do not fit.
    #[track_caller]
    pub fn lstm_cell(self, cell: Self) -> Self {
        self.tape().record(LstmCell.into(), &[self, cell])
    }
}
