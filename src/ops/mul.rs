//! The elementwise product.

use super::broadcast::zip;
use super::kind::Multilinear;
use super::sample::{Domain, Pick};
use super::{Op, Var, broadcast_extents};
use crate::kernels::map::Binary;
use crate::simd::{Float, Lanes};
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `x0 x1`, elementwise, broadcast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mul;

impl<T: Float> Binary<T> for Mul {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        x.mul(y)
    }
}

impl Multilinear for Mul {
    const NAME: &'static str = "mul";
    const SLOTS: &'static [usize] = &[0, 1];
    fn extent(self, inputs: &[Extent]) -> Result<Extent, Mismatch> {
        broadcast_extents(inputs[0], inputs[1])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: Extent, out: &mut [T]) {
        zip(inputs[0], inputs[1], out, self);
    }
    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        _: Extent,
    ) -> Var<'t, T> {
        cotangent * inputs[1 - slot]
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        (Mul, pick.broadcast_pair().map(|shape| (shape, Domain::Real)).to_vec())
    }
}

impl<T: Float> std::ops::Mul for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn mul(self, other: Self) -> Self {
        self.tape().record(Op::Mul(Mul), &[self, other])
    }
}
