//! The LSTM cell: two ops, and for each what brings a cotangent down through it in one pass.
//!
//! What only higher derivatives need is composed of other ops: exact to every order, fast at the first.

mod cell;
mod output;

pub use cell::{LstmCell, LstmCellPull, LstmGatesPull};
pub use output::{LstmOutput, LstmOutputPull};

use super::kind::{OpCall, OpWanted};
use super::sample::Pick;
use super::sum::whole;
use super::{Op, Pad, Var, concat, each_episode, join_episodes, rows_and_columns, settle};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// The extent of `result` parts, from operands whose last axis holds as many `parts` each; a part is `hidden` long.
fn extent_of(inputs: &[&Extent], parts: &[usize], result: usize) -> Result<Extent, Mismatch> {
    let mut joined: Option<Extent> = None;
    for (input, parts) in inputs.iter().zip(parts) {
        let (_, columns) = rows_and_columns(input).ok_or(Mismatch("wants a last axis that is not empty"))?;
        if !columns.is_multiple_of(*parts) {
            return Err(Mismatch("wants 4 hidden numbers a row for gates and 2 hidden for a cell"));
        }
        let shape = input.shape.with_dim(input.shape.rank() - 1, columns / parts * result);
        let episodes = match joined {
            Some(before) if before.shape != shape => {
                return Err(Mismatch("the operands differ in rows or in hidden numbers"));
            }
            Some(before) => join_episodes(&before, input)?,
            None => input.episodes,
        };
        joined = Some(Extent { shape, episodes });
    }
    joined.ok_or(Mismatch("wants an operand"))
}

/// How long one of the `parts` of the last axis is.
fn hidden(extent: &Extent, parts: usize) -> usize {
    extent.shape.dim(extent.shape.rank() - 1) / parts
}

/// Calls `body` with the floats of all episodes at once where no operand is shared among them, else of each.
fn each_row<T: Float, const N: usize>(
    inputs: [Value<'_, T>; N],
    extent: &Extent,
    out: &mut [T],
    mut body: impl FnMut([&[T]; N], &mut [T]),
) {
    match inputs.iter().all(|x| x.extent.episodes == extent.episodes) {
        true => body(inputs.map(|x| x.values), out),
        false => each_episode(inputs, extent, out, body),
    }
}

/// `op(x, y)`, added to `onto` in the same pass where there is something to add to.
fn record_onto<'t, T: Float>(op: Op, [x, y]: [Var<'t, T>; 2], onto: Option<Var<'t, T>>) -> Var<'t, T> {
    match onto {
        Some(onto) => x.tape().record(op, &[x, y, onto]),
        None => x.tape().record(op, &[x, y]),
    }
}

/// The cotangent `op(x, y)`, settled as it is computed where that is possible: see [`settle`].
fn pull_onto<'t, T: Float>(op: Op, operands: [Var<'t, T>; 2], wanted: OpWanted<'t, T>) -> Var<'t, T> {
    let fits = operands.iter().all(|x| x.episodes() <= wanted.extent.episodes);
    match wanted.onto {
        Some(onto) if fits && onto.shape() == wanted.extent.shape => record_onto(op, operands, Some(onto)),
        _ => settle(record_onto(op, operands, None), wanted),
    }
}

/// The tangent of `op(x, y)` and what is added to it, which is linear in `y` and in that; `moved` says what a tangent of `x` does.
fn push_pull<'t, T: Float>(
    op: Op,
    call: &OpCall<'_, 't, T>,
    tangents: &[Option<Var<'t, T>>],
    moved: impl FnOnce(Var<'t, T>) -> Var<'t, T>,
) -> Option<Var<'t, T>> {
    let mut sum = tangents.get(2).copied().flatten();
    if let Some(tangent) = tangents[1] {
        sum = Some(record_onto(op, [call.inputs[0], tangent], sum));
    }
    if let Some(tangent) = tangents[0] {
        let moved = moved(tangent);
        sum = Some(sum.map_or(moved, |sum| sum + moved));
    }
    Some(whole(sum?, call.output.extent()))
}

/// One of the `parts` of the last axis.
fn part<T: Float>(x: Var<'_, T>, number: usize, parts: usize) -> Var<'_, T> {
    let hidden = hidden(&x.extent(), parts);
    x.slice(x.shape().rank() - 1, number * hidden..(number + 1) * hidden)
}

/// All parts of the last axis.
fn split<T: Float, const PARTS: usize>(x: Var<'_, T>) -> [Var<'_, T>; PARTS] {
    std::array::from_fn(|number| part(x, number, PARTS))
}

/// `x` as one of as many `parts` of the last axis, zeros as the others.
fn placed<T: Float>(x: Var<'_, T>, number: usize, parts: usize) -> Var<'_, T> {
    let axis = x.shape().rank() - 1;
    let hidden = x.shape().dim(axis);
    let pad = Pad { axis: axis as u32, start: (number * hidden) as u32, len: (parts * hidden) as u32 };
    x.tape().record(Op::Pad(pad), &[x])
}

/// The parts side by side along the last axis.
fn side_by_side<T: Float, const PARTS: usize>(parts: [Var<'_, T>; PARTS]) -> Var<'_, T> {
    let axis = parts[0].shape().rank() - 1;
    parts.into_iter().reduce(|all, part| concat(all, part, axis)).expect("a part")
}

/// Shapes with these numbers of parts along the last axis.
fn sample_shapes<const N: usize>(pick: &mut Pick<'_>, parts: [usize; N]) -> [Shape; N] {
    let shape = pick.shape_with_axes();
    let axis = shape.rank() - 1;
    parts.map(|parts| shape.with_dim(axis, parts * shape.dim(axis)))
}
