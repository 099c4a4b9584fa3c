//! The kinds of op, and the derivative rules that follow from each kind.
//!
//! | kind | an op states | jvp (derived) | vjp (derived) |
//! |---|---|---|---|
//! | [`Diagonal`] | `f(x)` and `d(x, y)` | `dx * d` | `dy * d` |
//! | [`Linear`] | `A(x...)` and its transpose | `A(dx...)` | transpose |
//! | [`Multilinear`] | `B(x0, x1)`, which slots, one transpose a slot | sum over slots of `B(.., dx_i, ..)` | transposes |
//! | [`Fused`] | `f`, its jvp and vjp, and a composite twin | as stated | as stated |

use super::sample::{Domain, Pick};
use super::{Op, Var};
use crate::simd::{Float, Lanes};
use crate::tape::{Call, Extent, Mismatch, Value, Wanted};
use crate::tensor::Shape;

/// A call of an op of this language.
pub type OpCall<'a, 't, T> = Call<'a, 't, T, Op>;

/// What is asked of an op of this language for one of its inputs.
pub type OpWanted<'t, T> = Wanted<'t, T, Op>;

/// What the laws of an op's kind need to know of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Laws {
    /// Elementwise: the derivative against differences.
    Diagonal,
    /// Linear in all inputs together.
    Linear,
    /// Linear in each of these inputs alone.
    Multilinear(&'static [usize]),
    /// Equal to its composite twin.
    Fused,
}

/// `y = f(x)` elementwise.
pub trait Diagonal: Copy + Into<Op> + Sync {
    /// The op's name.
    const NAME: &'static str;
    /// Where it is defined and smooth.
    const DOMAIN: Domain;
    /// `f(x)`.
    fn apply<T: Float, L: Lanes<T>>(self, x: L) -> L;
    /// `f'(x)`, given `x` and `y = f(x)`.
    fn derivative<'t, T: Float>(self, x: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T>;
    /// The op; one of them, where it has settings.
    fn sample(pick: &mut Pick<'_>) -> Self;
}

/// `y = A(x...)`, linear in all inputs together.
pub trait Linear: Copy + Into<Op> {
    /// The op's name.
    const NAME: &'static str;
    /// Whether the result is the input's floats, unchanged and in the same order.
    const IS_VIEW: bool = false;
    /// The extent of the result.
    ///
    /// # Errors
    /// The operands do not fit.
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch>;
    /// Computes the result.
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]);
    /// `A^T(cotangent)` for one slot. What comes back may still be summed or repeated to fit the slot's extent.
    fn transpose<'t, T: Float>(self, slot: usize, inputs: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T>;
    /// `A(0, .., tangent, .., 0)`, for ops of several inputs. `output` is the extent of `A(x...)`.
    fn partial<'t, T: Float>(
        self,
        _slot: usize,
        _inputs: &[Extent],
        tangent: Var<'t, T>,
        _output: Extent,
    ) -> Var<'t, T> {
        tangent.tape().record(self.into(), &[tangent])
    }
    /// A random use: the op and the shapes that it takes.
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>);
}

/// `y = B(x0, x1, ..)`, linear in each of some slots while the others stand still.
pub trait Multilinear: Copy + Into<Op> {
    /// The op's name.
    const NAME: &'static str;
    /// The slots in which it is linear. In the others it is piecewise constant: no derivative flows into them.
    const SLOTS: &'static [usize];
    /// Whether the result is the first input's floats, unchanged and in the same order.
    const IS_VIEW: bool = false;
    /// The extent of the result.
    ///
    /// # Errors
    /// The operands do not fit.
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch>;
    /// Computes the result.
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]);
    /// The transpose for one of [`Multilinear::SLOTS`], as it is `wanted`. An op that does not fit and add as it computes
    /// leaves that to `settle`.
    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Var<'t, T>;
    /// A random use: the op, and for each input its shape and where its values may lie.
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>);
}

/// An op that could be a program of other ops, and is one for speed or accuracy. Its twin is that program.
pub trait Fused: Copy + Into<Op> {
    /// The op's name.
    const NAME: &'static str;
    /// The extent of the result.
    ///
    /// # Errors
    /// The operands do not fit.
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch>;
    /// Computes the result.
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]);
    /// The tangent of the result.
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>>;
    /// The cotangent of one slot, as it is `wanted`, `None` where no derivative flows into it. An op that does not fit and
    /// add as it computes leaves that to `settle`.
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>>;
    /// See [`Differentiable::enter`](crate::tape::Differentiable::enter).
    fn enter<'t, T: Float>(self, _call: OpCall<'_, 't, T>, cotangent: Var<'t, T>) -> Var<'t, T> {
        cotangent
    }
    /// The same function, composed of other ops.
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T>;
    /// A random use: the op, and for each input its shape and where its values may lie.
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>);
}
