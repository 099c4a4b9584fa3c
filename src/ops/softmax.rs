//! Softmax and log-sum-exp along the last axis, stable for any logits.

use super::kind::{Fused, OpCall, OpWanted};
use super::sample::{Domain, Pick};
use super::sum::without_axis;
use super::{Var, rows_and_columns, settle, unary_methods};
use crate::kernels::softmax;
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `y_i = e^{x_i} / sum_j e^{x_j}` along the last axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softmax;

/// `ln sum_j e^{x_j}` along the last axis, which goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogSumExp;

const EMPTY: Mismatch = Mismatch("wants a last axis that is not empty");

/// A shape with a last axis of length 1 in place of the one that went.
fn column<T: Float>(x: Var<'_, T>, like: Shape) -> Var<'_, T> {
    x.reshape(without_axis(like, like.rank() - 1).0)
}

impl Fused for Softmax {
    const NAME: &'static str = "softmax";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        rows_and_columns(inputs[0]).map(|_| *inputs[0]).ok_or(EMPTY)
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let (_, columns) = rows_and_columns(extent).expect("checked by the extent");
        softmax::softmax(inputs[0].values, columns, out);
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        tangents[0].map(|tangent| project(call.output, tangent))
    }
    fn vjp<'t, T: Float>(
        self,
        _: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        Some(settle(project(call.output, cotangent), wanted))
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let exp = inputs[0].exp();
        let shape = exp.shape();
        exp / column(exp.sum_axis(shape.rank() - 1), shape)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        (Softmax, vec![(pick.shape_with_axes(), Domain::Real)])
    }
}

/// The Jacobian of softmax, which is symmetric: `y (v - <y, v>)` in each row.
fn project<'t, T: Float>(y: Var<'t, T>, v: Var<'t, T>) -> Var<'t, T> {
    let yv = y * v;
    let shape = y.shape();
    yv - y * column(yv.sum_axis(shape.rank() - 1), shape)
}

impl Fused for LogSumExp {
    const NAME: &'static str = "log_sum_exp";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        rows_and_columns(inputs[0]).ok_or(EMPTY)?;
        let shape = inputs[0].shape;
        Ok(Extent { shape: without_axis(shape, shape.rank() - 1).1, ..*inputs[0] })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        softmax::log_sum_exp(inputs[0].values, out);
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let x = call.inputs[0];
        tangents[0].map(|tangent| (x.softmax() * tangent).sum_axis(x.shape().rank() - 1))
    }
    fn vjp<'t, T: Float>(
        self,
        _: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        let x = call.inputs[0];
        Some(settle(x.softmax() * column(cotangent, x.shape()), wanted))
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        inputs[0].exp().sum_axis(inputs[0].shape().rank() - 1).ln()
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        (LogSumExp, vec![(pick.shape_with_axes(), Domain::Real)])
    }
}

unary_methods! {
    /// `e^{x_i} / sum_j e^{x_j}` along the last axis, without overflow.
    softmax = Softmax;
    /// `ln sum_j e^{x_j}` along the last axis, which goes; without overflow.
    log_sum_exp = LogSumExp;
}

impl<T: Float> Var<'_, T> {
    /// `x_i - ln sum_j e^{x_j}` along the last axis: the logarithm of [`softmax`](Self::softmax), without underflow.
    #[track_caller]
    pub fn log_softmax(self) -> Self {
        self - column(self.log_sum_exp(), self.shape())
    }
}
