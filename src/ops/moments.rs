//! The mean and the variance of each channel.

use super::dot::Dot;
use super::kind::{Fused, OpCall, OpWanted};
use super::mul::add_product;
use super::sample::{Domain, Pick};
use super::scale_shift::{row, rows, scale_shift_onto};
use super::{SumTo, Var, each_episode, rows_and_columns, unary_methods};
use crate::kernels::moments::moments;
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// The mean `m` and the (biased) variance `mean (x - m)^2` of each channel, the last axis of `x`, over all other axes:
/// `[.., channels]` to `[2, channels]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments;

/// One over the number of rows.
fn share<T: Float>(x: Var<'_, T>) -> f64 {
    let shape = x.shape();
    shape.dim(shape.rank() - 1) as f64 / shape.len() as f64
}

/// The `a` and `b` of [`Moments`]' vjp `a x + b`, as the rows of `[2, channels]`.
pub(super) fn pull_pair<'t, T: Float>(call: OpCall<'_, 't, T>, cotangent: Var<'t, T>) -> Var<'t, T> {
    let share = T::from_f64(share(call.inputs[0]));
    let [of_mean, of_variance] = [0, 1].map(|number| row(cotangent, number));
    let a = of_variance.scale(share + share);
    rows(a, add_product(Some(of_mean.scale(share)), -1.0, row(call.output, 0), a))
}

impl Fused for Moments {
    const NAME: &'static str = "moments";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        match rows_and_columns(inputs[0]) {
            Some((1.., channels)) => Ok(Extent { shape: [2, channels].into(), ..*inputs[0] }),
            _ => Err(Mismatch("wants a last axis and numbers along it")),
        }
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        each_episode([inputs[0]], extent, out, |[x], out| moments(x, out));
    }
    /// `[mean dx; 2 mean (x - m) dx]`, the latter as `2 (mean x dx - m mean dx)`, so that `x - m` need not be written: the
    /// rounding errors grow with `m` over the deviation as those of the cotangent do, and not with its square.
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let (x, dx) = (call.inputs[0], tangents[0]?);
        let (tape, to) = (x.tape(), Shape::from([call.output.shape().dim(1)]));
        let share = share(x);
        let sum = tape.record(SumTo { to, over_episodes: false }.into(), &[dx]);
        let mean = sum.scale(T::from_f64(share));
        let products = tape.record(Dot { to, over_episodes: false, factor: 2.0 * share }.into(), &[x, dx]);
        Some(rows(mean, add_product(Some(products), -2.0, row(call.output, 0), mean)))
    }
    /// `mbar / N - (2 vbar / N) m + (2 vbar / N) x` for the cotangent `[mbar; vbar]`.
    fn vjp<'t, T: Float>(
        self,
        _: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        Some(scale_shift_onto(call.inputs[0], pull_pair(call, cotangent), wanted.onto))
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let shape = inputs[0].shape();
        let channels = shape.dim(shape.rank() - 1);
        let x = inputs[0].reshape([shape.len() / channels, channels]);
        let mean = x.mean_axis(0);
        rows(mean, (x - mean).square().mean_axis(0))
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        (Moments, vec![(pick.shape_with_axes(), Domain::Real)])
    }
}

unary_methods! {
    /// The mean and the (biased) variance of each channel over all other axes: `[.., channels]` to `[2, channels]`, the
    /// means in row 0 and the variances in row 1.
    ///
    /// # Panics
    /// There is no last axis, or nothing along it.
    moments = Moments;
}
