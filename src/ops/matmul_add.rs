//! A matrix product with what it is added to and a relu behind: a dense layer in one op.

use super::kind::{Fused, Multilinear, OpCall, OpWanted};
use super::matmul::Matmul;
use super::sample::{Domain, Pick};
use super::sum::whole;
use super::{Op, Var, gate_by_result, join_episodes, settle};
use crate::kernels::gemm::{Addend, gemm_add};
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `op(A) op(B) + C`, or the relu of that, where `op` transposes or not; `C` is a matrix, or one row for all rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatmulAdd {
    /// Whether the left operand is transposed.
    pub left_transposed: bool,
    /// Whether the right operand is transposed.
    pub right_transposed: bool,
    /// Whether everything below 0 becomes 0.
    pub relu: bool,
}

impl MatmulAdd {
    fn matmul(self) -> Matmul {
        Matmul { left_transposed: self.left_transposed, right_transposed: self.right_transposed, fold: false }
    }
}

/// Whether an addend is a product of `rows` and `columns`, or a row of it.
fn fits(addend: Shape, product: Shape) -> bool {
    let &[_, columns] = product.dims() else { return false };
    addend == product || matches!(*addend.dims(), [width] | [1, width] if width == columns)
}

impl Fused for MatmulAdd {
    const NAME: &'static str = "matmul_add";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let product = self.matmul().extent(&inputs[..2])?;
        if !fits(inputs[2].shape, product.shape) {
            return Err(Mismatch("the last is neither like the product nor a row of it"));
        }
        Ok(Extent { episodes: join_episodes(&product, inputs[2])?, ..product })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let (size, left, right) = self.matmul().operands(inputs[0], inputs[1], extent.episodes);
        let addend = Addend {
            values: inputs[2].values,
            row_stride: if inputs[2].extent.shape == extent.shape { size.columns } else { 0 },
            episode_stride: inputs[2].extent.episode_stride(),
        };
        gemm_add(size, left, right, Some(addend), self.relu, out);
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let [left, right] = [call.inputs[0], call.inputs[1]];
        let mut sum = tangents[2];
        if let Some(tangent) = tangents[0] {
            sum = Some(self.matmul().onto([tangent, right], sum));
        }
        if let Some(tangent) = tangents[1] {
            sum = Some(self.matmul().onto([left, tangent], sum));
        }
        let sum = whole(sum?, call.output.extent());
        Some(self.enter(call, sum))
    }
    fn enter<'t, T: Float>(self, call: OpCall<'_, 't, T>, cotangent: Var<'t, T>) -> Var<'t, T> {
        gate_by_result(self.relu, call, cotangent)
    }
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        Some(match slot {
            2 => settle(cotangent, wanted),
            _ => self.matmul().transpose(slot, &call.inputs[..2], cotangent, wanted),
        })
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let sum = self.matmul().onto([inputs[0], inputs[1]], None) + inputs[2];
        if self.relu { sum.relu() } else { sum }
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let (Matmul { left_transposed, right_transposed, .. }, mut inputs) = Matmul::sample(pick);
        let op = MatmulAdd { left_transposed, right_transposed, relu: pick.below(2) == 1 };
        let [left, right] = [inputs[0].0, inputs[1].0].map(Extent::shared);
        let product = op.matmul().extent(&[&left, &right]).expect("a pair that fits").shape;
        let columns = product.dim(1);
        let addend = pick.one_of(&[product, [columns].into(), [1, columns].into()]);
        inputs.push((addend, Domain::Real));
        (op, inputs)
    }
}

impl Matmul {
    /// The product of `factors`, added to `onto` where there is something to add to; in one pass where the two fit.
    pub(super) fn onto<'t, T: Float>(self, factors: [Var<'t, T>; 2], onto: Option<Var<'t, T>>) -> Var<'t, T> {
        let tape = factors[0].tape();
        let Some(onto) = onto else { return tape.record(Op::Matmul(self), &factors) };
        let product = self.extent(&[&factors[0].extent(), &factors[1].extent()]).expect("factors that fit");
        if self.fold || !fits(onto.shape(), product.shape) {
            return onto + tape.record(Op::Matmul(self), &factors);
        }
        let Matmul { left_transposed, right_transposed, .. } = self;
        let op = MatmulAdd { left_transposed, right_transposed, relu: false };
        tape.record(Op::MatmulAdd(op), &[factors[0], factors[1], onto])
    }
}

impl<T: Float> Var<'_, T> {
    /// `x w + b`, with an optional relu behind, in one pass: `x` is `[n, k]`, `w` `[k, m]`, `b` `[m]` or `[n, m]`.
    ///
    /// # Panics
    /// The shapes do not fit; the message names all.
    #[track_caller]
    pub fn matmul_add(self, w: Self, b: Self, relu: bool) -> Self {
        let op = MatmulAdd { left_transposed: false, right_transposed: false, relu };
        self.tape().record(Op::MatmulAdd(op), &[self, w, b])
    }
}
