//! The elementwise product, and what is added to one.

use super::broadcast::{zip, zip3};
use super::dot::Dot;
use super::kind::{Fused, Multilinear, OpCall, OpWanted};
use super::sample::{Domain, Pick};
use super::sum::{shorter, whole};
use super::{Op, Var, broadcast_extents};
use crate::kernels::map::{Binary, Ternary};
use crate::simd::{Float, Lanes};
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `factor x0 x1`, elementwise, broadcast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mul {
    /// What the product is multiplied by, rounded to the tape's type.
    pub factor: f64,
}

/// `x0 + factor x1 x2`, elementwise, broadcast: a step of gradient descent with its own rate for each parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AddProduct {
    /// What the product is multiplied by, rounded to the tape's type.
    pub factor: f64,
}

impl Mul {
    /// `x0 x1`.
    pub const PLAIN: Mul = Mul { factor: 1.0 };
}

impl<T: Float> Binary<T> for Mul {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        L::splat(T::from_f64(self.factor)).mul(x).mul(y)
    }
}

impl<T: Float> Ternary<T> for AddProduct {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L, z: L) -> L {
        L::splat(T::from_f64(self.factor)).mul(y).mul_add(z, x)
    }
}

impl Multilinear for Mul {
    const NAME: &'static str = "mul";
    const SLOTS: &'static [usize] = &[0, 1];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        broadcast_extents(inputs[0], inputs[1])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        zip(inputs[0], inputs[1], out, self);
    }
    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        mul_onto(cotangent, inputs[1 - slot], self.factor, wanted)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let op = Mul { factor: pick.one_of(&[1.0, -1.5]) };
        (op, pick.broadcast_pair().map(|shape| (shape, Domain::Real)).to_vec())
    }
}

impl Fused for AddProduct {
    const NAME: &'static str = "add_product";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        broadcast_extents(inputs[0], &broadcast_extents(inputs[1], inputs[2])?)
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        zip3([inputs[0], inputs[1], inputs[2]], out, self);
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let mut sum = tangents[0];
        for slot in [1, 2] {
            if let Some(tangent) = tangents[slot] {
                sum = Some(add_product(sum, self.factor, tangent, call.inputs[3 - slot]));
            }
        }
        Some(whole(sum?, call.output.extent()))
    }
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        Some(match slot {
            0 => super::settle(cotangent, wanted),
            _ => mul_onto(cotangent, call.inputs[3 - slot], self.factor, wanted),
        })
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        inputs[0] + (inputs[1] * inputs[2]).scale(T::from_f64(self.factor))
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let [left, right] = pick.broadcast_pair();
        let both = Shape::broadcast(left, right).expect("a pair that broadcasts");
        let shapes = match pick.below(2) {
            0 => [both, left, right],
            _ => [pick.broadcast_from(both), left, right],
        };
        let op = AddProduct { factor: pick.one_of(&[1.0, -1.5]) };
        (op, shapes.map(|shape| (shape, Domain::Real)).to_vec())
    }
}

/// `factor x y`, added to `onto` where there is something to add to.
pub(super) fn add_product<'t, T: Float>(
    onto: Option<Var<'t, T>>,
    factor: f64,
    x: Var<'t, T>,
    y: Var<'t, T>,
) -> Var<'t, T> {
    match onto {
        Some(onto) => x.tape().record(Op::AddProduct(AddProduct { factor }), &[onto, x, y]),
        None => x.tape().record(Op::Mul(Mul { factor }), &[x, y]),
    }
}

/// The cotangent `factor cotangent other`, settled as it is computed: see [`settle`](super::settle).
pub(super) fn mul_onto<'t, T: Float>(
    cotangent: Var<'t, T>,
    other: Var<'t, T>,
    factor: f64,
    wanted: OpWanted<'t, T>,
) -> Var<'t, T> {
    let product = broadcast_extents(&cotangent.extent(), &other.extent()).expect("operands of one product");
    if product.broadcasts_to(wanted.extent) {
        return add_product(wanted.onto, factor, cotangent, other);
    }
    let over_episodes = product.episodes > wanted.extent.episodes;
    let to = shorter(product.shape, wanted.extent.shape);
    let sum = cotangent.tape().record(Op::Dot(Dot { to, over_episodes, factor }), &[cotangent, other]);
    match wanted.onto {
        Some(onto) => onto + sum,
        None => sum,
    }
}

impl<T: Float> std::ops::Mul for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn mul(self, other: Self) -> Self {
        self.tape().record(Op::Mul(Mul::PLAIN), &[self, other])
    }
}

impl<T: Float> Var<'_, T> {
    /// `x + factor y z`, elementwise, broadcast, in one pass.
    ///
    /// # Panics
    /// The shapes do not broadcast.
    #[track_caller]
    pub fn add_product(self, factor: T, y: Self, z: Self) -> Self {
        self.tape().record(Op::AddProduct(AddProduct { factor: factor.to_f64() }), &[self, y, z])
    }
}
