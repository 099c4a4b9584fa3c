//! The largest along the last axis: picked, and put back in its place.

use super::kind::{Multilinear, OpWanted};
use super::sample::{Domain, Pick};
use super::sum::without_axis;
use super::{Op, Var, join_episodes, rows_and_columns, settle};
use crate::kernels::index::arg_max;
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// For each row, the element of `v` at the place of the largest of `s`: linear in `v`, piecewise constant in `s`.
/// `max(x) = pick(x, x)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPick;

/// For each row, `v` at the place of the largest of `s` and zeros elsewhere: the transpose of [`MaxPick`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPlace;

/// Calls `body` with each row number, its row of `s`, and where `v` begins for it.
fn each_row<T: Float>(
    selector: Value<'_, T>,
    v: Value<'_, T>,
    v_per_row: usize,
    episodes: u32,
    mut body: impl FnMut(usize, &[T], usize),
) {
    let Some((_, columns)) = rows_and_columns(selector.extent) else { return };
    let rows = selector.extent.shape.len() / columns;
    for e in 0..episodes as usize {
        for row in 0..rows {
            let s = &selector.values[e * selector.extent.episode_stride() + row * columns..][..columns];
            body(e * rows + row, s, e * v.extent.episode_stride() + row * v_per_row);
        }
    }
}

impl Multilinear for MaxPick {
    const NAME: &'static str = "max_pick";
    const SLOTS: &'static [usize] = &[1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let shape = inputs[0].shape;
        if inputs[1].shape != shape || rows_and_columns(inputs[0]).is_none() {
            return Err(Mismatch("wants two equal shapes with a last axis that is not empty"));
        }
        let episodes = join_episodes(inputs[0], inputs[1])?;
        Ok(Extent { episodes, shape: without_axis(shape, shape.rank() - 1).1 })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let v = inputs[1];
        let columns = v.extent.shape.dim(v.extent.shape.rank() - 1);
        each_row(inputs[0], v, columns, extent.episodes, |row, s, at| {
            out[row] = v.values[at + arg_max(s)];
        });
    }
    fn transpose<'t, T: Float>(
        self,
        _: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        settle(cotangent.tape().record(Op::MaxPlace(MaxPlace), &[inputs[0], cotangent]), wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let shape = pick.shape_with_axes();
        (MaxPick, vec![(shape, Domain::Real), (shape, Domain::Real)])
    }
}

impl Multilinear for MaxPlace {
    const NAME: &'static str = "max_place";
    const SLOTS: &'static [usize] = &[1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let shape = inputs[0].shape;
        if rows_and_columns(inputs[0]).is_none() {
            return Err(Mismatch("wants a last axis that is not empty"));
        }
        if without_axis(shape, shape.rank() - 1).1 != inputs[1].shape {
            return Err(Mismatch("wants one value for each row"));
        }
        Ok(Extent { episodes: join_episodes(inputs[0], inputs[1])?, shape })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let v = inputs[1];
        out.fill(T::ZERO);
        each_row(inputs[0], v, 1, extent.episodes, |row, s, at| {
            out[row * s.len() + arg_max(s)] = v.values[at];
        });
    }
    fn transpose<'t, T: Float>(
        self,
        _: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        settle(cotangent.tape().record(Op::MaxPick(MaxPick), &[inputs[0], cotangent]), wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let shape = pick.shape_with_axes();
        let rows = without_axis(shape, shape.rank() - 1).1;
        (MaxPlace, vec![(shape, Domain::Real), (rows, Domain::Real)])
    }
}

impl<T: Float> Var<'_, T> {
    /// The largest along one axis, which goes. The derivative goes to the first of several equal ones; NaN wins.
    ///
    /// # Panics
    /// There is no such axis, or it is empty.
    #[track_caller]
    pub fn max_axis(self, axis: usize) -> Self {
        let rank = self.shape().rank();
        assert!(axis < rank, "max_axis: shape {} has no axis {axis}", self.shape());
        let last = if axis + 1 == rank {
            self
        } else {
            let mut order = [0; Shape::MAX_RANK];
            let others = (0..rank).filter(|&other| other != axis);
            for (slot, other) in order.iter_mut().zip(others.chain(std::iter::once(axis))) {
                *slot = other;
            }
            self.permute(&order[..rank])
        };
        self.tape().record(Op::MaxPick(MaxPick), &[last, last])
    }

    /// The largest of all elements of each episode, a scalar.
    ///
    /// # Panics
    /// There is none.
    #[track_caller]
    pub fn max(self) -> Self {
        self.reshape([self.shape().len()]).max_axis(0)
    }
}
