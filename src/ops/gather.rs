//! Rows by number.

use super::kind::{Multilinear, OpWanted};
use super::sample::{Domain, Pick};
use super::{Op, Var, check_numbers, join_episodes, settle};
use crate::kernels::index;
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `y[i] = v[n[i]]` for a list of row numbers `n`: linear in `v`, constant in `n`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gather;

/// `y[n[i]] += v[i]` into `rows` rows of zeros: the transpose of [`Gather`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scatter {
    /// How many rows the result has.
    pub rows: u32,
}

fn check(inputs: &[&Extent]) -> Result<u32, Mismatch> {
    if inputs[0].shape.rank() != 1 || inputs[1].shape.rank() == 0 {
        return Err(Mismatch("wants a list of row numbers, and rows"));
    }
    join_episodes(inputs[0], inputs[1])
}

/// Calls `body` with the row numbers, the rows and the output of each episode.
fn each_episode<T: Float>(
    inputs: &[Value<'_, T>],
    extent: &Extent,
    out: &mut [T],
    mut body: impl FnMut(&[T], &[T], &mut [T]),
) {
    let [numbers, rows] = [inputs[0], inputs[1]];
    if extent.shape.is_empty() {
        return;
    }
    for (e, out) in out.chunks_exact_mut(extent.shape.len()).enumerate() {
        let numbers = &numbers.values[e * numbers.extent.episode_stride()..][..numbers.extent.shape.len()];
        let rows = &rows.values[e * rows.extent.episode_stride()..][..rows.extent.shape.len()];
        body(numbers, rows, out);
    }
}

fn width(rows: &Extent) -> usize {
    rows.shape.dims()[1..].iter().map(|&dim| dim as usize).product()
}

impl Multilinear for Gather {
    const NAME: &'static str = "gather";
    const SLOTS: &'static [usize] = &[1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let episodes = check(inputs)?;
        Ok(Extent { episodes, shape: inputs[1].shape.with_dim(0, inputs[0].shape.len()) })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let width = width(inputs[1].extent);
        each_episode(inputs, extent, out, |numbers, rows, out| index::gather_rows(numbers, rows, width, out));
    }
    fn transpose<'t, T: Float>(
        self,
        _: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let rows = inputs[1].shape().dims()[0];
        settle(cotangent.tape().record(Op::Scatter(Scatter { rows }), &[inputs[0], cotangent]), wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let rows = pick.shape_with_axes();
        let numbers = Shape::from([pick.length()]);
        (Gather, vec![(numbers, Domain::Index(rows.dim(0))), (rows, Domain::Real)])
    }
}

impl Multilinear for Scatter {
    const NAME: &'static str = "scatter";
    const SLOTS: &'static [usize] = &[1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let episodes = check(inputs)?;
        if inputs[0].shape.len() != inputs[1].shape.dim(0) {
            return Err(Mismatch("as many row numbers as rows"));
        }
        Ok(Extent { episodes, shape: inputs[1].shape.with_dim(0, self.rows as usize) })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let width = width(inputs[1].extent);
        out.fill(T::ZERO);
        each_episode(inputs, extent, out, |numbers, rows, out| {
            index::scatter_rows(numbers, rows, width, out)
        });
    }
    fn transpose<'t, T: Float>(
        self,
        _: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        settle(cotangent.gather(inputs[0]), wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let rows = pick.shape_with_axes();
        let end = pick.length();
        let numbers = Shape::from([rows.dim(0)]);
        (Scatter { rows: end as u32 }, vec![(numbers, Domain::Index(end)), (rows, Domain::Real)])
    }
}

impl<T: Float> Var<'_, T> {
    /// The rows with these numbers: `y[i] = self[numbers[i]]`.
    ///
    /// # Panics
    /// `numbers` is no list of whole numbers below the number of rows.
    #[track_caller]
    pub fn gather(self, numbers: Self) -> Self {
        if self.shape().rank() > 0 {
            check_numbers(Gather::NAME, numbers, self.shape().dim(0));
        }
        self.tape().record(Op::Gather(Gather), &[numbers, self])
    }
}
