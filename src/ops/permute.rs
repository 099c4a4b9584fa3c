//! Axes in another order.

use super::broadcast::counts;
use super::kind::Linear;
use super::sample::Pick;
use super::{Op, Var};
use crate::kernels::broadcast::AXES;
use crate::kernels::layout;
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `x` with axis `order[i]` as axis `i`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permute {
    order: [u8; Shape::MAX_RANK],
    rank: u8,
}

impl Permute {
    /// The permutation that makes axis `order[i]` the new axis `i`.
    ///
    /// # Panics
    /// `order` does not hold each axis once.
    #[track_caller]
    pub fn new(order: &[usize]) -> Self {
        let each_once = (0..order.len()).all(|axis| order.contains(&axis));
        assert!(
            each_once && order.len() <= Shape::MAX_RANK,
            "permute: {order:?} does not hold each axis once"
        );
        let mut axes = [0; Shape::MAX_RANK];
        for (slot, &axis) in axes.iter_mut().zip(order) {
            *slot = axis as u8;
        }
        Permute { order: axes, rank: order.len() as u8 }
    }

    /// For each axis of the result, which axis of the operand it is.
    pub fn order(&self) -> impl Iterator<Item = usize> {
        self.order[..usize::from(self.rank)].iter().map(|&axis| usize::from(axis))
    }

    fn inverse(self) -> Self {
        let mut order = [0; Shape::MAX_RANK];
        for (i, &axis) in self.order[..usize::from(self.rank)].iter().enumerate() {
            order[usize::from(axis)] = i as u8;
        }
        Permute { order, ..self }
    }
}

impl Linear for Permute {
    const NAME: &'static str = "permute";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let shape = inputs[0].shape;
        let rank = usize::from(self.rank);
        if shape.rank() != rank {
            return Err(Mismatch("the order has another number of axes"));
        }
        let dims: [usize; Shape::MAX_RANK] =
            std::array::from_fn(|i| if i < rank { shape.dim(usize::from(self.order[i])) } else { 1 });
        Ok(Extent { shape: Shape::new(&dims[..rank]), ..*inputs[0] })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let x = inputs[0];
        let own = x.extent.shape.strides();
        let rank = usize::from(self.rank);
        let mut strides = [0; AXES];
        strides[0] = x.extent.shape.len();
        for (i, &axis) in self.order[..rank].iter().enumerate() {
            strides[AXES - rank + i] = own[usize::from(axis)];
        }
        layout::permute(counts(extent), strides, x.values, out);
    }
    fn transpose<'t, T: Float>(self, _: usize, _: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        cotangent.tape().record(Op::Permute(self.inverse()), &[cotangent])
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        let shape = pick.shape_with_axes();
        let mut order: Vec<usize> = (0..shape.rank()).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, pick.below(i + 1));
        }
        (Permute::new(&order), vec![shape])
    }
}

impl<T: Float> Var<'_, T> {
    /// Axes in another order: axis `order[i]` becomes axis `i`.
    ///
    /// # Panics
    /// `order` does not hold each axis once.
    #[track_caller]
    pub fn permute(self, order: &[usize]) -> Self {
        self.tape().record(Op::Permute(Permute::new(order)), &[self])
    }

    /// The transpose of a matrix.
    ///
    /// # Panics
    /// It is no matrix.
    #[track_caller]
    pub fn t(self) -> Self {
        self.permute(&[1, 0])
    }
}
