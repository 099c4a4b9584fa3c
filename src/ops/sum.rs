//! Sums and repetitions along axes: each the other's transpose.

use super::broadcast::counts;
use super::kind::{Linear, OpWanted};
use super::sample::Pick;
use super::{Op, Var};
use crate::kernels::{broadcast, sum};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// The sum of `x` over all axes along which `to` has length 1 and `x` has not, and, if asked for, over the episodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SumTo {
    /// The shape of the result; `x` has a shape that it broadcasts to.
    pub to: Shape,
    /// Whether the episodes are summed too. Not read off the extents: a tangent may have episodes where `x` is shared.
    pub over_episodes: bool,
}

/// `x` repeated along all axes, episodes among them, along which it has length 1 and `to` has not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BroadcastTo {
    /// The extent of the result.
    pub to: Extent,
}

impl Linear for SumTo {
    const NAME: &'static str = "sum_to";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let episodes = if self.over_episodes { 1 } else { inputs[0].episodes };
        let to = Extent { episodes, shape: self.to };
        match to.broadcasts_to(*inputs[0]) {
            true => Ok(to),
            false => Err(Mismatch("the operand is no broadcast of the sum's shape")),
        }
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let x = inputs[0];
        sum::sum_to([counts(x.extent), counts(extent)], x.values, out);
    }
    fn transpose<'t, T: Float>(self, _: usize, inputs: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        let across = self.over_episodes && inputs[0].episodes > 1;
        assert!(
            !(across && cotangent.episodes() > 1),
            "the derivative of each episode's loss through a sum over episodes: differentiate the sum of the losses"
        );
        cotangent
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        let shape = pick.shape();
        (SumTo { to: pick.broadcast_from(shape), over_episodes: pick.below(2) == 1 }, vec![shape])
    }
}

impl Linear for BroadcastTo {
    const NAME: &'static str = "broadcast_to";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        // Within a program the operand may have gained episodes that `to` did not know of.
        let to = Extent { episodes: self.to.episodes.max(inputs[0].episodes), ..self.to };
        match inputs[0].broadcasts_to(to) {
            true => Ok(to),
            false => Err(Mismatch("the operand does not broadcast to the shape")),
        }
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let x = inputs[0];
        broadcast::broadcast([counts(x.extent), counts(extent)], x.values, out);
    }
    fn transpose<'t, T: Float>(self, _: usize, inputs: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        sum_to(cotangent, Extent { episodes: cotangent.episodes(), ..inputs[0] })
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        let shape = pick.shape();
        (BroadcastTo { to: Extent::shared(shape) }, vec![pick.broadcast_from(shape)])
    }
}

#[track_caller]
fn sum_to<T: Float>(x: Var<'_, T>, to: Extent) -> Var<'_, T> {
    let extent = x.extent();
    if extent == to {
        return x;
    }
    let over_episodes = extent.episodes > to.episodes;
    x.tape().record(Op::SumTo(SumTo { to: to.shape, over_episodes }), &[x])
}

#[track_caller]
pub(super) fn broadcast_to<T: Float>(x: Var<'_, T>, to: Extent) -> Var<'_, T> {
    if x.extent() == to { x } else { x.tape().record(Op::BroadcastTo(BroadcastTo { to }), &[x]) }
}

/// The cotangent that is wanted, from what an op's rule made of it: summed along axes where it is longer, and added to
/// what it is wanted on top of. Along axes where it is shorter it stays so; whoever needs it in full repeats it.
pub(super) fn settle<'t, T: Float>(x: Var<'t, T>, wanted: OpWanted<'t, T>) -> Var<'t, T> {
    let (extent, to) = (x.extent(), wanted.extent);
    let own = if extent.broadcasts_to(to) {
        x
    } else {
        let episodes = extent.episodes.min(to.episodes);
        sum_to(x, Extent { episodes, shape: shorter(extent.shape, to.shape) })
    };
    match wanted.onto {
        Some(onto) => onto + own,
        None => own,
    }
}

/// The shape that is 1 along the axes along which `to` is, and as long as `shape` along the others.
pub(super) fn shorter(shape: Shape, to: Shape) -> Shape {
    let rank = shape.rank().min(to.rank());
    let (own, to) = (&shape.dims()[shape.rank() - rank..], &to.dims()[to.rank() - rank..]);
    let mut dims = [1; Shape::MAX_RANK];
    for (dim, (&own, &to)) in dims.iter_mut().zip(own.iter().zip(to)) {
        *dim = if to == 1 { 1 } else { own as usize };
    }
    Shape::new(&dims[..rank])
}

/// The tangent of an output of extent `output`, from a part of it that is still to be repeated: along axes, and over the
/// episodes of operands that have no tangent.
pub(super) fn whole<T: Float>(tangent: Var<'_, T>, output: Extent) -> Var<'_, T> {
    broadcast_to(tangent, Extent { episodes: tangent.episodes().max(output.episodes), ..output })
}

impl<T: Float> Var<'_, T> {
    /// The sum of all elements of each episode, a scalar.
    #[track_caller]
    pub fn sum(self) -> Self {
        sum_to(self, Extent { shape: Shape::SCALAR, ..self.extent() })
    }

    /// The mean of all elements of each episode, a scalar.
    #[track_caller]
    pub fn mean(self) -> Self {
        self.sum() * (T::ONE / T::from_usize(self.shape().len()))
    }

    /// The sum along one axis, which goes: `[2, 3, 4].sum_axis(1)` is `[2, 4]`.
    ///
    /// # Panics
    /// There is no such axis.
    #[track_caller]
    pub fn sum_axis(self, axis: usize) -> Self {
        let (kept, gone) = without_axis(self.shape(), axis);
        sum_to(self, Extent { shape: kept, ..self.extent() }).reshape(gone)
    }

    /// The mean along one axis, which goes.
    ///
    /// # Panics
    /// There is no such axis.
    #[track_caller]
    pub fn mean_axis(self, axis: usize) -> Self {
        let sum = self.sum_axis(axis);
        sum * (T::ONE / T::from_usize(self.shape().dim(axis)))
    }

    /// The sum over the episodes, shared by all: from E losses side by side to the one that an outer step descends.
    /// A variable that all episodes share is returned as it is.
    #[track_caller]
    pub fn sum_episodes(self) -> Self {
        sum_to(self, Extent { episodes: 1, ..self.extent() })
    }

    /// Repeats axes of length 1, and adds axes in front, as NumPy broadcasts.
    ///
    /// # Panics
    /// The shape does not broadcast to that one.
    #[track_caller]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
        broadcast_to(self, Extent { shape: shape.into(), ..self.extent() })
    }
}

/// The shape with that axis of length 1, and without it.
#[track_caller]
pub(super) fn without_axis(shape: Shape, axis: usize) -> (Shape, Shape) {
    assert!(axis < shape.rank(), "shape {shape} has no axis {axis}");
    let mut kept = [1; Shape::MAX_RANK];
    let mut gone = [1; Shape::MAX_RANK];
    let mut count = 0;
    for other in (0..shape.rank()).filter(|&other| other != axis) {
        kept[other] = shape.dim(other);
        gone[count] = shape.dim(other);
        count += 1;
    }
    (Shape::new(&kept[..shape.rank()]), Shape::new(&gone[..count]))
}
