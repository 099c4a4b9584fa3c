//! Sums of products: inner products along any axes, and sums of squares.

use super::broadcast::counts;
use super::kind::{Fused, Multilinear, OpCall, OpWanted};
use super::mul::mul_onto;
use super::sample::{Domain, Pick};
use super::{Op, Var, broadcast_extents};
use crate::kernels::sum::dot_to;
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `factor sum of x0 x1`, both broadcast, over all axes along which `to` has length 1, and, if asked for, over the
/// episodes. The products are never written down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// The shape of the result; the product has a shape that it broadcasts to.
    pub to: Shape,
    /// Whether the episodes are summed too. Not read off the extents: a tangent may have episodes where an operand is
    /// shared.
    pub over_episodes: bool,
    /// What the sum is multiplied by, rounded to the tape's type.
    pub factor: f64,
}

/// `factor sum of x^2` over all elements of each episode, a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SumSquares {
    /// What the sum is multiplied by, rounded to the tape's type.
    pub factor: f64,
}

fn evaluate<T: Float>([x, y]: [Value<'_, T>; 2], sum: &Extent, factor: f64, out: &mut [T]) {
    let operands = [counts(x.extent), counts(y.extent), counts(sum)];
    dot_to(operands, x.values, y.values, T::from_f64(factor), out);
}

impl Multilinear for Dot {
    const NAME: &'static str = "dot";
    const SLOTS: &'static [usize] = &[0, 1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let product = broadcast_extents(inputs[0], inputs[1])?;
        let episodes = if self.over_episodes { 1 } else { product.episodes };
        let to = Extent { episodes, shape: self.to };
        match to.broadcasts_to(product) {
            true => Ok(to),
            false => Err(Mismatch("the product is no broadcast of the sum's shape")),
        }
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        evaluate([inputs[0], inputs[1]], extent, self.factor, out);
    }
    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        let episodes = inputs[0].episodes().max(inputs[1].episodes());
        assert!(
            !(self.over_episodes && episodes > 1 && cotangent.episodes() > 1),
            "the derivative of each episode's loss through a sum over episodes: differentiate the sum of the losses"
        );
        mul_onto(cotangent, inputs[1 - slot], self.factor, wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let [left, right] = pick.broadcast_pair();
        let both = Shape::broadcast(left, right).expect("a pair that broadcasts");
        let (to, over_episodes) = (pick.broadcast_from(both), pick.below(2) == 1);
        let op = Dot { to, over_episodes, factor: pick.one_of(&[1.0, -0.5]) };
        (op, vec![(left, Domain::Real), (right, Domain::Real)])
    }
}

impl Fused for SumSquares {
    const NAME: &'static str = "sum_squares";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        Ok(Extent { shape: Shape::SCALAR, ..*inputs[0] })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        evaluate([inputs[0]; 2], extent, self.factor, out);
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let dot = Dot { to: Shape::SCALAR, over_episodes: false, factor: 2.0 * self.factor };
        Some(call.output.tape().record(dot.into(), &[call.inputs[0], tangents[0]?]))
    }
    fn vjp<'t, T: Float>(
        self,
        _: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        Some(mul_onto(cotangent, call.inputs[0], 2.0 * self.factor, wanted))
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        inputs[0].square().sum().scale(T::from_f64(self.factor))
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        (SumSquares { factor: pick.one_of(&[1.0, -0.5]) }, vec![(pick.shape(), Domain::Real)])
    }
}

impl<T: Float> Var<'_, T> {
    /// The inner product `sum of x y` of each episode, a scalar.
    ///
    /// # Panics
    /// The shapes do not broadcast.
    #[track_caller]
    pub fn dot(self, other: Self) -> Self {
        let dot = Dot { to: Shape::SCALAR, over_episodes: false, factor: 1.0 };
        self.tape().record(Op::Dot(dot), &[self, other])
    }

    /// `factor sum of x^2` over all elements of each episode, a scalar.
    #[track_caller]
    pub fn sum_squares(self, factor: T) -> Self {
        self.tape().record(Op::SumSquares(SumSquares { factor: factor.to_f64() }), &[self])
    }
}
