//! Sums and differences.

use super::broadcast::zip;
use super::kind::Linear;
use super::sample::Pick;
use super::sum::whole;
use super::{Op, Var, broadcast_extents};
use crate::kernels::map::{self, Binary, Unary};
use crate::simd::{Float, Lanes};
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `-x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neg;

/// `x0 + x1`, broadcast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Add;

/// `x0 - x1`, broadcast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sub;

/// `x0 + factor x1`, broadcast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AddScaled {
    /// What the second operand is multiplied by, rounded to the tape's type.
    pub factor: f64,
}

impl<T: Float> Unary<T> for Neg {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L) -> L {
        x.neg()
    }
}

impl<T: Float> Binary<T> for Add {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        x.add(y)
    }
}

impl<T: Float> Binary<T> for Sub {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        x.sub(y)
    }
}

impl<T: Float> Binary<T> for AddScaled {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        y.mul_add(L::splat(T::from_f64(self.factor)), x)
    }
}

impl Linear for Neg {
    const NAME: &'static str = "neg";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        Ok(*inputs[0])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        map::map(inputs[0].values, out, self);
    }
    fn transpose<'t, T: Float>(self, _: usize, _: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        -cotangent
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        (Neg, vec![pick.shape()])
    }
}

impl Linear for Add {
    const NAME: &'static str = "add";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        broadcast_extents(inputs[0], inputs[1])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        zip(inputs[0], inputs[1], out, self);
    }
    fn transpose<'t, T: Float>(self, _: usize, _: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        cotangent
    }
    fn partial<'t, T: Float>(
        self,
        _: usize,
        _: &[Extent],
        tangent: Var<'t, T>,
        output: Extent,
    ) -> Var<'t, T> {
        whole(tangent, output)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        (Add, pick.broadcast_pair().to_vec())
    }
}

impl Linear for Sub {
    const NAME: &'static str = "sub";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        broadcast_extents(inputs[0], inputs[1])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        zip(inputs[0], inputs[1], out, self);
    }
    fn transpose<'t, T: Float>(self, slot: usize, _: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        if slot == 0 { cotangent } else { -cotangent }
    }
    fn partial<'t, T: Float>(
        self,
        slot: usize,
        _: &[Extent],
        tangent: Var<'t, T>,
        output: Extent,
    ) -> Var<'t, T> {
        let tangent = if slot == 0 { tangent } else { -tangent };
        whole(tangent, output)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        (Sub, pick.broadcast_pair().to_vec())
    }
}

impl Linear for AddScaled {
    const NAME: &'static str = "add_scaled";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        broadcast_extents(inputs[0], inputs[1])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        zip(inputs[0], inputs[1], out, self);
    }
    fn transpose<'t, T: Float>(self, slot: usize, _: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        if slot == 0 { cotangent } else { cotangent.scale(T::from_f64(self.factor)) }
    }
    fn partial<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Extent],
        tangent: Var<'t, T>,
        output: Extent,
    ) -> Var<'t, T> {
        whole(self.transpose(slot, inputs, tangent), output)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        (AddScaled { factor: pick.one_of(&[-0.5, 3.0]) }, pick.broadcast_pair().to_vec())
    }
}

/// `left + right`.
pub(super) fn add<'t, T: Float>(left: Var<'t, T>, right: Var<'t, T>) -> Var<'t, T> {
    left + right
}

impl<T: Float> std::ops::Neg for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.tape().record(Op::Neg(Neg), &[self])
    }
}

impl<T: Float> std::ops::Add for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn add(self, other: Self) -> Self {
        self.tape().record(Op::Add(Add), &[self, other])
    }
}

impl<T: Float> std::ops::Sub for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn sub(self, other: Self) -> Self {
        self.tape().record(Op::Sub(Sub), &[self, other])
    }
}

impl<T: Float> Var<'_, T> {
    /// `x + factor y`, broadcast, in one pass.
    ///
    /// # Panics
    /// The shapes do not broadcast.
    #[track_caller]
    pub fn add_scaled(self, factor: T, y: Self) -> Self {
        self.tape().record(Op::AddScaled(AddScaled { factor: factor.to_f64() }), &[self, y])
    }
}
