//! The list of ops: the one place that names them all.

use super::kind::{Laws, OpCall, OpWanted};
use super::rule::{Rule, kinds};
use super::sample::{Pick, Sample};
use super::sum::broadcast_to;
use super::*;
use crate::simd::{Compiled, Double, Single};
use crate::tape::{Differentiable, Extent, Language, MAX_INPUTS, Mismatch, Value, Waiting};

macro_rules! ops {
    ($($kind:ident { $($op:ident),+ $(,)? })+) => {
        /// One operation of the engine's language, with its settings.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs, reason = "each variant holds the op of its name, which is documented")]
        pub enum Op { $($($op($op),)+)+ }

        $($(
            impl From<$op> for Op {
                #[inline]
                fn from(op: $op) -> Op {
                    Op::$op(op)
                }
            }
        )+)+

        impl Op {
            /// Every op of the language: its name, and a function that draws a random use of it.
            #[allow(clippy::type_complexity, reason = "a list of pairs")]
            pub const ALL: &'static [(&'static str, fn(&mut Pick<'_>) -> Sample)] = &[
                $($((<$op as Rule<kinds::$kind>>::NAME, <$op as Rule<kinds::$kind>>::sample),)+)+
            ];

            /// Which laws the op must obey.
            pub fn laws(self) -> Laws {
                match self { $($(Op::$op(op) => Rule::<kinds::$kind>::laws(op),)+)+ }
            }

            /// For a fused op, the same function of `inputs` composed of other ops.
            pub fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Option<Var<'t, T>> {
                match self { $($(Op::$op(op) => Rule::<kinds::$kind>::twin(op, inputs),)+)+ }
            }
        }

        impl Language for Op {
            fn name(&self) -> &'static str {
                match self { $($(Op::$op(_) => <$op as Rule<kinds::$kind>>::NAME,)+)+ }
            }

            #[inline]
            fn extent(&self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
                match *self { $($(Op::$op(op) => Rule::<kinds::$kind>::extent(op, inputs),)+)+ }
            }

            #[inline]
            fn evaluate<T: Float>(&self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
                T::call(Evaluation { op: *self, inputs, extent, out });
            }

            #[inline]
            fn is_view(&self) -> bool {
                match self { $($(Op::$op(_) => <$op as Rule<kinds::$kind>>::IS_VIEW,)+)+ }
            }
        }

        impl<T: Float> Evaluation<'_, T> {
            #[inline(always)]
            fn here(self) {
                let Evaluation { op, inputs, extent, out } = self;
                match op { $($(Op::$op(op) => Rule::<kinds::$kind>::evaluate(op, inputs, extent, out),)+)+ }
            }
        }

        impl Differentiable for Op {
            fn jvp<'t, T: Float>(
                self,
                call: OpCall<'_, 't, T>,
                tangents: &[Option<Var<'t, T>>],
            ) -> Option<Var<'t, T>> {
                match self { $($(Op::$op(op) => Rule::<kinds::$kind>::jvp(op, call, tangents),)+)+ }
            }

            fn enter<'t, T: Float>(self, call: OpCall<'_, 't, T>, cotangent: Var<'t, T>) -> Var<'t, T> {
                match self { $($(Op::$op(op) => Rule::<kinds::$kind>::enter(op, call, cotangent),)+)+ }
            }

            fn vjp<'t, T: Float>(
                self,
                slot: usize,
                call: OpCall<'_, 't, T>,
                cotangent: Var<'t, T>,
                wanted: OpWanted<'t, T>,
            ) -> Option<Var<'t, T>> {
                match self { $($(Op::$op(op) => Rule::<kinds::$kind>::vjp(op, slot, call, cotangent, wanted),)+)+ }
            }

            #[inline]
            fn waits(&self, slot: usize) -> bool {
                placed_shift::waits(self, slot)
            }

            fn vjp_with<'t, T: Float>(
                self,
                _: usize,
                call: OpCall<'_, 't, T>,
                cotangent: Var<'t, T>,
                waiting: Waiting<'_, 't, T, Op>,
                wanted: OpWanted<'t, T>,
            ) -> Option<Var<'t, T>> {
                placed_shift::vjp_of_both(self, call, cotangent, waiting, wanted)
            }

            #[inline]
            fn passes(&self, slot: usize) -> bool {
                match self { $($(Op::$op(_) => <$op as Rule<kinds::$kind>>::passes(slot),)+)+ }
            }

            fn add<'t, T: Float>(left: Var<'t, T>, right: Var<'t, T>) -> Var<'t, T> {
                left + right
            }

            fn constant<'t, T: Float>(x: Var<'t, T>) -> Var<'t, T> {
                x.detach()
            }

            fn broadcast<'t, T: Float>(x: Var<'t, T>, extent: Extent) -> Var<'t, T> {
                broadcast_to(x, extent)
            }
        }
    };
}

/// An op's evaluation, on its way from generic code to code that is not.
struct Evaluation<'a, T> {
    op: Op,
    inputs: &'a [Value<'a, T>],
    extent: &'a Extent,
    out: &'a mut [T],
}

impl<T: Float> Compiled for Evaluation<'_, T> {
    type Output = ();
    #[inline]
    fn single(self) {
        let Evaluation { op, inputs, extent, out } = self;
        single(op, &cast(inputs)[..inputs.len()], extent, bytemuck::cast_slice_mut(out));
    }
    #[inline]
    fn double(self) {
        let Evaluation { op, inputs, extent, out } = self;
        double(op, &cast(inputs)[..inputs.len()], extent, bytemuck::cast_slice_mut(out));
    }
}

#[inline(never)]
fn single(op: Op, inputs: &[Value<'_, Single>], extent: &Extent, out: &mut [Single]) {
    Evaluation { op, inputs, extent, out }.here();
}

#[inline(never)]
fn double(op: Op, inputs: &[Value<'_, Double>], extent: &Extent, out: &mut [Double]) {
    Evaluation { op, inputs, extent, out }.here();
}

#[inline]
fn cast<'a, T: Float, U: Float>(inputs: &[Value<'a, T>]) -> [Value<'a, U>; MAX_INPUTS] {
    std::array::from_fn(|slot| match inputs.get(slot) {
        Some(value) => Value { values: bytemuck::cast_slice(value.values), extent: value.extent },
        None => Value { values: &[], extent: Extent::SCALAR },
    })
}

ops! {
    Diagonal { Exp, Ln, Expm1, Ln1p, Sqrt, Recip, Square, Tanh, Sigmoid, Softplus, Sin, Cos }
    Linear {
        Neg, Scale, Add, AddScaled, Sub, SumTo, BroadcastTo, Reshape, Permute, Slice, Pad, Concat, PoolSum, PoolSpread,
    }
    Multilinear {
        Mul, Dot, Matmul, Gate, Signed, MaxPick, MaxPlace, Gather, Scatter, OneHot, Detach, Conv, ConvInput, ConvWeight,
        PoolPick, PoolPlace, ScaledPick, ScaledPlace,
    }
    Fused {
        Affine, AddProduct, MatmulAdd, SumSquares, Div, LogSumExp, Softmax, CrossEntropy, Moments, ScaleShift, LstmCell,
        LstmOutput, LstmGatesPull, LstmCellPull, LstmOutputPull, PlacedShift,
    }
}
