//! Arithmetic with plain numbers: `c x` and `a x + b`.

use super::kind::{Fused, Linear, OpCall, OpWanted};
use super::sample::{Domain, Pick};
use super::{Op, Var, settle};
use crate::kernels::map::{Unary, map};
use crate::simd::{Float, Lanes};
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `factor x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The number that every element is multiplied by, rounded to the tape's type.
    pub factor: f64,
}

/// `scale x + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// What `x` is multiplied by, rounded to the tape's type.
    pub scale: f64,
    /// What is added, rounded to the tape's type.
    pub offset: f64,
}

impl<T: Float> Unary<T> for Scale {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L) -> L {
        x.mul(L::splat(T::from_f64(self.factor)))
    }
}

impl<T: Float> Unary<T> for Affine {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L) -> L {
        x.mul_add(L::splat(T::from_f64(self.scale)), L::splat(T::from_f64(self.offset)))
    }
}

impl Linear for Scale {
    const NAME: &'static str = "scale";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        Ok(*inputs[0])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        map(inputs[0].values, out, self);
    }
    fn transpose<'t, T: Float>(self, _: usize, _: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        cotangent.scale(T::from_f64(self.factor))
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        (Scale { factor: pick.one_of(&[-1.5, 0.5, 3.0]) }, vec![pick.shape()])
    }
}

impl Fused for Affine {
    const NAME: &'static str = "affine";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        Ok(*inputs[0])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        map(inputs[0].values, out, self);
    }
    fn jvp<'t, T: Float>(self, _: OpCall<'_, 't, T>, tangents: &[Option<Var<'t, T>>]) -> Option<Var<'t, T>> {
        tangents[0].map(|tangent| tangent.scale(T::from_f64(self.scale)))
    }
    fn vjp<'t, T: Float>(
        self,
        _: usize,
        _: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        Some(settle(cotangent.scale(T::from_f64(self.scale)), wanted))
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let x = inputs[0];
        x.scale(T::from_f64(self.scale)) + x.tape().scalar(T::from_f64(self.offset))
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let op = Affine { scale: pick.one_of(&[-1.0, 0.5]), offset: pick.one_of(&[1.0, -0.25]) };
        (op, vec![(pick.shape(), Domain::Real)])
    }
}

impl<T: Float> Var<'_, T> {
    /// `factor x`, elementwise. Nothing is recorded for a factor of 1.
    #[track_caller]
    pub fn scale(self, factor: T) -> Self {
        if factor == T::ONE {
            return self;
        }
        self.tape().record(Op::Scale(Scale { factor: factor.to_f64() }), &[self])
    }

    /// `scale x + offset`, elementwise.
    #[track_caller]
    pub fn affine(self, scale: T, offset: T) -> Self {
        self.tape().record(Op::Affine(Affine { scale: scale.to_f64(), offset: offset.to_f64() }), &[self])
    }
}

impl<T: Float> std::ops::Mul<T> for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn mul(self, factor: T) -> Self {
        self.scale(factor)
    }
}

impl<T: Float> std::ops::Div<T> for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn div(self, divisor: T) -> Self {
        self.scale(T::ONE / divisor)
    }
}

impl<T: Float> std::ops::Add<T> for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn add(self, offset: T) -> Self {
        self.affine(T::ONE, offset)
    }
}

impl<T: Float> std::ops::Sub<T> for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn sub(self, offset: T) -> Self {
        self.affine(T::ONE, -offset)
    }
}
