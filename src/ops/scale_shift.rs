//! A factor and a term for each channel, and what is added to that.

use super::kind::{Fused, OpCall, OpWanted};
use super::mul::{add_product, mul_onto};
use super::sample::{Domain, Pick};
use super::sum::whole;
use super::{Op, Var, concat, each_episode, gate_by_result, join_episodes, rows_and_columns, settle};
use crate::kernels::scale_shift::scale_shift;
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value, Wanted};
use crate::tensor::Shape;

/// `a x + b` for each channel, the last axis of `x`, with `ab` `[2, channels]`; and with a third operand `y + a x + b`; or the
/// relu of that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleShift {
    /// Whether everything below 0 becomes 0.
    pub relu: bool,
}

/// Row `number` of `[2, channels]`.
pub(super) fn row<T: Float>(pair: Var<'_, T>, number: usize) -> Var<'_, T> {
    pair.slice(0, number..number + 1).reshape([pair.shape().dim(1)])
}

/// Two lists `[channels]` as the rows of `[2, channels]`.
pub(super) fn rows<'t, T: Float>(first: Var<'t, T>, second: Var<'t, T>) -> Var<'t, T> {
    let channels = first.shape().len();
    concat(first, second, 0).reshape([2, channels])
}

/// `a x + b`, and `onto` added in the same pass where it has the shape of `x`.
pub(super) fn scale_shift_onto<'t, T: Float>(
    x: Var<'t, T>,
    ab: Var<'t, T>,
    onto: Option<Var<'t, T>>,
) -> Var<'t, T> {
    match onto {
        Some(y) if y.shape() == x.shape() => {
            x.tape().record(Op::ScaleShift(ScaleShift { relu: false }), &[x, ab, y])
        }
        Some(y) => y + x.scale_shift(ab),
        None => x.scale_shift(ab),
    }
}

/// The cotangent of `ab` in `a x + b`: the sums of `x g` and of `g` over all that is not a channel.
pub(super) fn cotangent_of_pair<'t, T: Float>(
    x: Var<'t, T>,
    g: Var<'t, T>,
    wanted: OpWanted<'t, T>,
) -> Var<'t, T> {
    let channels = [wanted.extent.shape.dim(1)];
    let of_row = || Wanted { extent: Extent { shape: channels.into(), ..wanted.extent }, onto: None };
    let pair = rows(mul_onto(g, x, 1.0, of_row()), settle(g, of_row()));
    settle(pair, wanted)
}

/// Whether `pair` has two numbers for each channel of `x`.
pub(super) fn check_pair(x: Shape, pair: Shape) -> Result<(), Mismatch> {
    match (x.dims(), pair.dims()) {
        ([.., channels], [2, columns]) if channels == columns => Ok(()),
        _ => Err(Mismatch("wants [2, channels] beside [.., channels]")),
    }
}

impl Fused for ScaleShift {
    const NAME: &'static str = "scale_shift";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let shape = inputs[0].shape;
        check_pair(shape, inputs[1].shape)?;
        let mut extent = Extent { episodes: join_episodes(inputs[0], inputs[1])?, shape };
        if let Some(y) = inputs.get(2) {
            if y.shape != shape {
                return Err(Mismatch("the last is not like the first"));
            }
            extent.episodes = join_episodes(&extent, y)?;
        }
        Ok(extent)
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        match *inputs {
            [x, ab] => each_episode([x, ab], extent, out, |[x, ab], out| {
                scale_shift(x, ab, None, self.relu, out);
            }),
            _ => each_episode([inputs[0], inputs[1], inputs[2]], extent, out, |[x, ab, y], out| {
                scale_shift(x, ab, Some(y), self.relu, out);
            }),
        }
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let [x, ab] = [call.inputs[0], call.inputs[1]];
        let mut sum = tangents.get(2).copied().flatten();
        if let Some(tangent) = tangents[1] {
            sum = Some(scale_shift_onto(x, tangent, sum));
        }
        if let Some(tangent) = tangents[0] {
            sum = Some(add_product(sum, 1.0, tangent, row(ab, 0)));
        }
        Some(self.enter(call, whole(sum?, call.output.extent())))
    }
    fn enter<'t, T: Float>(self, call: OpCall<'_, 't, T>, cotangent: Var<'t, T>) -> Var<'t, T> {
        gate_by_result(self.relu, call, cotangent)
    }
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        Some(match slot {
            0 => mul_onto(cotangent, row(call.inputs[1], 0), 1.0, wanted),
            1 => cotangent_of_pair(call.inputs[0], cotangent, wanted),
            _ => settle(cotangent, wanted),
        })
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let [x, ab] = [inputs[0], inputs[1]];
        let own = x * row(ab, 0) + row(ab, 1);
        let sum = inputs.get(2).map_or(own, |y| *y + own);
        if self.relu { sum.relu() } else { sum }
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let shape = pick.shape_with_axes();
        let (_, channels) = rows_and_columns(&Extent::shared(shape)).expect("axes that are not empty");
        let shapes = [shape, [2, channels].into(), shape];
        let operands = 2 + pick.below(2);
        let op = ScaleShift { relu: pick.below(2) == 1 };
        (op, shapes[..operands].iter().map(|&shape| (shape, Domain::Real)).collect())
    }
}

impl<T: Float> Var<'_, T> {
    /// `a x + b` for each channel of `[.., channels]`, with `a` and `b` the rows of `ab`, `[2, channels]`; in one pass.
    ///
    /// # Panics
    /// The shapes do not fit.
    #[track_caller]
    pub fn scale_shift(self, ab: Self) -> Self {
        self.tape().record(Op::ScaleShift(ScaleShift { relu: false }), &[self, ab])
    }

    /// `relu(a x + b)` for each channel, as [`Var::scale_shift`], in one pass.
    ///
    /// # Panics
    /// The shapes do not fit.
    #[track_caller]
    pub fn scale_shift_relu(self, ab: Self) -> Self {
        self.tape().record(Op::ScaleShift(ScaleShift { relu: true }), &[self, ab])
    }
}
