//! The end of a derivative's way.

use super::kind::{Multilinear, OpWanted};
use super::sample::{Domain, Pick};
use super::{Var, unary_methods};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `x` itself, as a constant: linear in no slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detach;

impl Multilinear for Detach {
    const NAME: &'static str = "detach";
    const SLOTS: &'static [usize] = &[];
    const IS_VIEW: bool = true;
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        Ok(*inputs[0])
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        out.copy_from_slice(inputs[0].values);
    }
    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        _: &[Var<'t, T>],
        _: Var<'t, T>,
        _: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        unreachable!("detach is linear in no slot, {slot} neither")
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        (Detach, vec![(pick.shape(), Domain::Real)])
    }
}

unary_methods! {
    /// The same floats as a constant: no derivative of any order flows through.
    detach = Detach;
}
