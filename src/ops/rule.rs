//! How the derivative rules follow from an op's kind.

use super::kind::{Diagonal, Fused, Laws, Linear, Multilinear, OpCall, OpWanted};
use super::sample::{Domain, Pick, Sample};
use super::{Op, Var, add, settle};
use crate::kernels::map::{Unary, map};
use crate::simd::{Float, Lanes};
use crate::tape::{Extent, MAX_INPUTS, Mismatch, Value};

/// What the list needs to know of an op, whatever its kind `K`.
pub(super) trait Rule<K>: Copy + Into<Op> {
    /// See [`Language::name`](crate::tape::Language::name).
    const NAME: &'static str;
    /// See [`Language::is_view`](crate::tape::Language::is_view).
    const IS_VIEW: bool;
    /// See [`Differentiable::passes`](crate::tape::Differentiable::passes).
    fn passes(_slot: usize) -> bool {
        true
    }
    /// See [`Language::extent`](crate::tape::Language::extent).
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch>;
    /// See [`Language::evaluate`](crate::tape::Language::evaluate).
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]);
    /// See [`Differentiable::jvp`](crate::tape::Differentiable::jvp).
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>>;
    /// See [`Differentiable::enter`](crate::tape::Differentiable::enter).
    fn enter<'t, T: Float>(self, _call: OpCall<'_, 't, T>, cotangent: Var<'t, T>) -> Var<'t, T> {
        cotangent
    }
    /// See [`Differentiable::vjp`](crate::tape::Differentiable::vjp).
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>>;
    /// A random use of the op.
    fn sample(pick: &mut Pick<'_>) -> Sample;
    /// The kind, and what its laws need to know.
    fn laws(self) -> Laws;
    /// The composite twin of a fused op.
    fn twin<'t, T: Float>(self, _inputs: &[Var<'t, T>]) -> Option<Var<'t, T>> {
        None
    }
}

/// The kinds, as types that [`Rule`] is told apart by.
pub(super) mod kinds {
    /// [`Diagonal`](crate::ops::kind::Diagonal) ops.
    #[derive(Debug)]
    pub enum Diagonal {}
    /// [`Linear`](crate::ops::kind::Linear) ops.
    #[derive(Debug)]
    pub enum Linear {}
    /// [`Multilinear`](crate::ops::kind::Multilinear) ops.
    #[derive(Debug)]
    pub enum Multilinear {}
    /// [`Fused`](crate::ops::kind::Fused) ops.
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

    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        Ok(*inputs[0])
    }

    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
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
        _: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        Some(settle(cotangent * self.derivative(call.inputs[0], call.output), wanted))
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

    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        A::extent(self, inputs)
    }

    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
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
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        let inputs = extents(call.inputs);
        Some(settle(self.transpose(slot, &inputs[..call.inputs.len()], cotangent), wanted))
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

    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        B::extent(self, inputs)
    }

    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
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
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        Some(self.transpose(slot, call.inputs, cotangent, wanted))
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

    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        F::extent(self, inputs)
    }

    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        F::evaluate(self, inputs, extent, out);
    }

    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        F::jvp(self, call, tangents)
    }

    fn enter<'t, T: Float>(self, call: OpCall<'_, 't, T>, cotangent: Var<'t, T>) -> Var<'t, T> {
        F::enter(self, call, cotangent)
    }

    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        F::vjp(self, slot, call, cotangent, wanted)
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
