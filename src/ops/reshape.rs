//! The same floats under another shape.

use super::kind::Linear;
use super::sample::Pick;
use super::{Op, Var};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `x` read as another shape of the same length; nothing is copied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reshape {
    /// The new shape within one episode.
    pub to: Shape,
}

impl Linear for Reshape {
    const NAME: &'static str = "reshape";
    const IS_VIEW: bool = true;
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        match inputs[0].shape.len() == self.to.len() {
            true => Ok(Extent { shape: self.to, ..*inputs[0] }),
            false => Err(Mismatch("the new shape has another length")),
        }
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        out.copy_from_slice(inputs[0].values);
    }
    fn transpose<'t, T: Float>(self, _: usize, inputs: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        cotangent.reshape(inputs[0].shape)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        let shape = pick.shape_with_axes();
        let flat = Shape::from([shape.len()]);
        if pick.below(2) == 0 {
            (Reshape { to: flat }, vec![shape])
        } else {
            (Reshape { to: shape }, vec![flat])
        }
    }
}

impl<T: Float> Var<'_, T> {
    /// The same elements, in row-major order, under another shape of the same length. Nothing is copied.
    ///
    /// # Panics
    /// The new shape has another length.
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        let to = shape.into();
        if to == self.shape() { self } else { self.tape().record(Op::Reshape(Reshape { to }), &[self]) }
    }
}
