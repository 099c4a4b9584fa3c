//! The matrix product, in every transposition, per episode or folded over episodes.

use super::kind::{Multilinear, OpWanted};
use super::sample::{Domain, Pick};
use super::{Op, Var, join_episodes};
use crate::kernels::gemm::{Dimensions, Operand, gemm, gemm_fold};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `op(A) op(B)`, where `op` transposes or not.
///
/// Folded, it is the sum of the episodes' products, shared by all: the gradient of a shared weight in one product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matmul {
    /// Whether the left operand is transposed.
    pub left_transposed: bool,
    /// Whether the right operand is transposed.
    pub right_transposed: bool,
    /// Whether the products of all episodes are summed.
    pub fold: bool,
}

impl Matmul {
    fn new(left_transposed: bool, right_transposed: bool) -> Self {
        Matmul { left_transposed, right_transposed, fold: false }
    }

    /// Rows, inner length (twice) and columns of the product; `None` where an operand is no matrix.
    #[inline]
    fn lengths(self, left: Shape, right: Shape) -> Option<[usize; 4]> {
        let (&[left_rows, left_columns], &[right_rows, right_columns]) = (left.dims(), right.dims()) else {
            return None;
        };
        let (rows, inner) =
            if self.left_transposed { (left_columns, left_rows) } else { (left_rows, left_columns) };
        let (other_inner, columns) =
            if self.right_transposed { (right_columns, right_rows) } else { (right_rows, right_columns) };
        Some([rows, inner, other_inner, columns].map(|length| length as usize))
    }

    /// The product of `left` and `right` as the kernels see it.
    pub(super) fn operands<'a, T: Float>(
        self,
        left: Value<'a, T>,
        right: Value<'a, T>,
        episodes: u32,
    ) -> (Dimensions, Operand<'a, T>, Operand<'a, T>) {
        let lengths = self.lengths(left.extent.shape, right.extent.shape);
        let [rows, inner, _, columns] = lengths.expect("checked by the extent");
        let size = Dimensions { episodes: episodes as usize, rows, inner, columns };
        (size, operand(left, self.left_transposed), operand(right, self.right_transposed))
    }
}

impl Multilinear for Matmul {
    const NAME: &'static str = "matmul";
    const SLOTS: &'static [usize] = &[0, 1];

    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let lengths = self.lengths(inputs[0].shape, inputs[1].shape);
        let [rows, inner, other_inner, columns] = lengths.ok_or(Mismatch("wants two matrices"))?;
        if inner != other_inner {
            return Err(Mismatch("the inner lengths differ"));
        }
        let episodes = join_episodes(inputs[0], inputs[1])?;
        Ok(Extent { episodes: if self.fold { 1 } else { episodes }, shape: [rows, columns].into() })
    }

    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        let [left, right] = [inputs[0], inputs[1]];
        let episodes = left.extent.episodes.max(right.extent.episodes);
        let (size, left, right) = self.operands(left, right, episodes);
        if self.fold { gemm_fold(size, left, right, out) } else { gemm(size, left, right, out) }
    }

    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        assert!(
            !(self.fold && cotangent.episodes() > 1),
            "the derivative of each episode's loss through a sum over episodes: differentiate the sum of the losses"
        );
        // Y = L R: dL = dY R^T and dR = L^T dY; where the operand itself is transposed, the product turns round.
        let [left, right] = [inputs[0], inputs[1]];
        let ([first, second], [first_transposed, second_transposed]) = match slot {
            0 if !self.left_transposed => ([cotangent, right], [false, !self.right_transposed]),
            0 => ([right, cotangent], [self.right_transposed, true]),
            _ if !self.right_transposed => ([left, cotangent], [!self.left_transposed, false]),
            _ => ([cotangent, left], [true, self.left_transposed]),
        };
        let fold = wanted.extent.episodes == 1 && first.episodes().max(second.episodes()) > 1;
        Matmul { fold, ..Matmul::new(first_transposed, second_transposed) }.onto([first, second], wanted.onto)
    }

    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let [rows, inner, columns] = [pick.length(), pick.length(), pick.length()];
        let [left_transposed, right_transposed] = [pick.below(2) == 1, pick.below(2) == 1];
        let op = Matmul { fold: pick.below(4) == 0, ..Matmul::new(left_transposed, right_transposed) };
        let left = if left_transposed { [inner, rows] } else { [rows, inner] };
        let right = if right_transposed { [columns, inner] } else { [inner, columns] };
        (op, vec![(left.into(), Domain::Real), (right.into(), Domain::Real)])
    }
}

fn operand<T: Float>(value: Value<'_, T>, transposed: bool) -> Operand<'_, T> {
    Operand { values: value.values, transposed, episode_stride: value.extent.episode_stride() }
}

impl<T: Float> Var<'_, T> {
    /// The matrix product: `[n, k]` times `[k, m]` is `[n, m]`.
    ///
    /// # Panics
    /// The operands are no matrices, or the inner lengths differ; the message names both shapes.
    #[track_caller]
    pub fn matmul(self, right: Self) -> Self {
        self.tape().record(Op::Matmul(Matmul::new(false, false)), &[self, right])
    }
}
