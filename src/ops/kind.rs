//! The kinds of op, and the derivative rules that follow from each kind.
//!
//! | kind | an op states | jvp (derived) | vjp (derived) |
//! |---|---|---|---|
//! | [`Diagonal`] | `f(x)` and `d(x, y)` | `dx * d` | `dy * d` |
//! | [`Linear`] | `A(x...)` and its transpose | `A(dx...)` | transpose |
//! | [`Multilinear`] | `B(x0, x1)`, which slots, one transpose a slot | sum over slots of `B(.., dx_i, ..)` | transposes |
//! | [`Fused`] | `f`, its jvp and vjp, and a composite twin | as stated | as stated |

use super::sample::{Domain, Pick, Sample};
use super::{Op, Var, add, fit};
use crate::kernels::map::{Unary, map};
use crate::simd::{Float, Lanes};
use crate::tape::{Call, Extent, MAX_INPUTS, Mismatch, Value};
use crate::tensor::Shape;

/// A call of an op of this language.
pub type OpCall<'a, 't, T> = Call<'a, 't, T, Op>;

/// Cotangents by slot.
pub type Cotangents<'t, T> = [Option<Var<'t, T>>; MAX_INPUTS];

/// What the list needs to know of an op, whatever its kind `K`.
pub trait Rule<K>: Copy + Into<Op> {
    /// See [`Language::name`](crate::tape::Language::name).
    const NAME: &'static str;
    /// See [`Language::is_view`](crate::tape::Language::is_view).
    const IS_VIEW: bool;
    /// See [`Differentiable::passes`](crate::tape::Differentiable::passes).
    fn passes(_slot: usize) -> bool {
        true
    }
    /// See [`Language::extent`](crate::tape::Language::extent).
    fn extent(self, inputs: &[Extent]) -> Result<Extent, Mismatch>;
    /// See [`Language::evaluate`](crate::tape::Language::evaluate).
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: Extent, out: &mut [T]);
    /// See [`Differentiable::jvp`](crate::tape::Differentiable::jvp).
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>>;
    /// See [`Differentiable::vjp`](crate::tape::Differentiable::vjp).
    fn vjp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: &[Option<Extent>],
    ) -> Cotangents<'t, T>;
    /// A random use of the op.
    fn sample(pick: &mut Pick<'_>) -> Sample;
    /// The kind, and what its laws need to know.
    fn laws(self) -> Laws;
    /// The composite twin of a fused op.
    fn twin<'t, T: Float>(self, _inputs: &[Var<'t, T>]) -> Option<Var<'t, T>> {
        None
    }
}

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
    fn extent(self, inputs: &[Extent]) -> Result<Extent, Mismatch>;
    /// Computes the result.
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: Extent, out: &mut [T]);
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
    fn extent(self, inputs: &[Extent]) -> Result<Extent, Mismatch>;
    /// Computes the result.
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: Extent, out: &mut [T]);
    /// The transpose for one of [`Multilinear::SLOTS`]. What comes back may still be summed or repeated to fit `wanted`.
    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Var<'t, T>],
        cotangent: Var<'t, T>,
        wanted: Extent,
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
    fn extent(self, inputs: &[Extent]) -> Result<Extent, Mismatch>;
    /// Computes the result.
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: Extent, out: &mut [T]);
    /// The tangent of the result.
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>>;
    /// The cotangent of one slot, `None` where no derivative flows into it. What comes back may still be summed or
    /// repeated to fit the slot's extent.
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
    ) -> Option<Var<'t, T>>;
    /// The same function, composed of other ops.
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T>;
    /// A random use: the op, and for each input its shape and where its values may lie.
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>);
}

/// The kinds, as types that [`Rule`] is told apart by.
pub mod kinds {
    /// [`Diagonal`](super::Diagonal) ops.
    #[derive(Debug)]
    pub enum Diagonal {}
    /// [`Linear`](super::Linear) ops.
    #[derive(Debug)]
    pub enum Linear {}
    /// [`Multilinear`](super::Multilinear) ops.
    #[derive(Debug)]
    pub enum Multilinear {}
    /// [`Fused`](super::Fused) ops.
    #[derive(Debug)]
    pub enum Fused {}
}

#[derive(Clone, Copy)]
struct Elementwise<D>(D);

impl<T: Float, D: Diagonal> Unary<T> for Elementwise<D> {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L) -> L {
        self.0.apply::<T, L>(x)
    }
}

impl<D: Diagonal> Rule<kinds::Diagonal> for D {
    const NAME: &'static str = D::NAME;
    const IS_VIEW: bool = false;

    fn extent(self, inputs: &[Extent]) -> Result<Extent, Mismatch> {
        Ok(inputs[0])
    }

    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: Extent, out: &mut [T]) {
        map(inputs[0].values, out, Elementwise(self));
    }

    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        tangents[0].map(|tangent| tangent * self.derivative(call.inputs[0], call.output))
    }

    fn vjp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: &[Option<Extent>],
    ) -> Cotangents<'t, T> {
        let flows = wanted[0].map(|_| cotangent * self.derivative(call.inputs[0], call.output));
        [flows, None, None]
    }

    fn sample(pick: &mut Pick<'_>) -> Sample {
        let op = D::sample(pick);
        Sample { op: op.into(), inputs: vec![(pick.shape(), D::DOMAIN)] }
    }

    fn laws(self) -> Laws {
        Laws::Diagonal
    }
}

impl<A: Linear> Rule<kinds::Linear> for A {
    const NAME: &'static str = A::NAME;
    const IS_VIEW: bool = A::IS_VIEW;

    fn extent(self, inputs: &[Extent]) -> Result<Extent, Mismatch> {
        A::extent(self, inputs)
    }

    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: Extent, out: &mut [T]) {
        A::evaluate(self, inputs, extent, out);
    }

    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let present = tangents.iter().flatten().count();
        if present == tangents.len() {
            let mut all = [call.output; MAX_INPUTS];
            for (slot, tangent) in all.iter_mut().zip(tangents.iter().flatten()) {
                *slot = *tangent;
            }
            return Some(call.output.tape().record(self.into(), &all[..present]));
        }
        let inputs = extents(call.inputs);
        let parts = tangents.iter().enumerate().filter_map(|(slot, tangent)| {
            Some(self.partial(slot, &inputs[..tangents.len()], (*tangent)?, call.output.extent()))
        });
        parts.reduce(add)
    }

    fn vjp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: &[Option<Extent>],
    ) -> Cotangents<'t, T> {
        let inputs = extents(call.inputs);
        by_slot(wanted, |slot, _| Some(self.transpose(slot, &inputs[..wanted.len()], cotangent)))
    }

    fn sample(pick: &mut Pick<'_>) -> Sample {
        let (op, shapes) = A::sample(pick);
        Sample { op: op.into(), inputs: shapes.into_iter().map(|shape| (shape, Domain::Real)).collect() }
    }

    fn laws(self) -> Laws {
        Laws::Linear
    }
}

impl<B: Multilinear> Rule<kinds::Multilinear> for B {
    const NAME: &'static str = B::NAME;
    const IS_VIEW: bool = B::IS_VIEW;

    #[inline]
    fn passes(slot: usize) -> bool {
        B::SLOTS.contains(&slot)
    }

    fn extent(self, inputs: &[Extent]) -> Result<Extent, Mismatch> {
        B::extent(self, inputs)
    }

    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: Extent, out: &mut [T]) {
        B::evaluate(self, inputs, extent, out);
    }

    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        let parts = B::SLOTS.iter().filter_map(|&slot| {
            let mut inputs = [call.output; MAX_INPUTS];
            inputs[..call.inputs.len()].copy_from_slice(call.inputs);
            inputs[slot] = tangents[slot]?;
            Some(call.output.tape().record(self.into(), &inputs[..call.inputs.len()]))
        });
        parts.reduce(add)
    }

    fn vjp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: &[Option<Extent>],
    ) -> Cotangents<'t, T> {
        by_slot(wanted, |slot, wanted| {
            B::SLOTS.contains(&slot).then(|| self.transpose(slot, call.inputs, cotangent, wanted))
        })
    }

    fn sample(pick: &mut Pick<'_>) -> Sample {
        let (op, inputs) = B::sample(pick);
        Sample { op: op.into(), inputs }
    }

    fn laws(self) -> Laws {
        Laws::Multilinear(B::SLOTS)
    }
}

impl<F: Fused> Rule<kinds::Fused> for F {
    const NAME: &'static str = F::NAME;
    const IS_VIEW: bool = false;

    fn extent(self, inputs: &[Extent]) -> Result<Extent, Mismatch> {
        F::extent(self, inputs)
    }

    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: Extent, out: &mut [T]) {
        F::evaluate(self, inputs, extent, out);
    }

    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        F::jvp(self, call, tangents)
    }

    fn vjp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: &[Option<Extent>],
    ) -> Cotangents<'t, T> {
        by_slot(wanted, |slot, _| F::vjp(self, slot, call, cotangent))
    }

    fn sample(pick: &mut Pick<'_>) -> Sample {
        let (op, inputs) = F::sample(pick);
        Sample { op: op.into(), inputs }
    }

    fn laws(self) -> Laws {
        Laws::Fused
    }

    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Option<Var<'t, T>> {
        Some(F::twin(self, inputs))
    }
}

fn extents<T: Float>(inputs: &[Var<'_, T>]) -> [Extent; MAX_INPUTS] {
    let mut extents = [Extent::shared([]); MAX_INPUTS];
    for (extent, input) in extents.iter_mut().zip(inputs) {
        *extent = input.extent();
    }
    extents
}

/// The cotangent of each wanted slot, summed or repeated to the extent that is wanted.
fn by_slot<'t, T: Float>(
    wanted: &[Option<Extent>],
    mut cotangent: impl FnMut(usize, Extent) -> Option<Var<'t, T>>,
) -> Cotangents<'t, T> {
    let mut found = [None; MAX_INPUTS];
    for (slot, (found, want)) in found.iter_mut().zip(wanted).enumerate() {
        if let Some(extent) = *want {
            *found = cotangent(slot, extent).map(|cotangent| fit(cotangent, extent));
        }
    }
    found
}
