//! The list of ops: the one place that names them all.

use super::kind::{Laws, OpCall, Rule, kinds};
use super::sample::{Pick, Sample};
use super::*;
use crate::tape::{Call, Differentiable, Extent, Language, MAX_INPUTS, Mismatch, Value};

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
            fn extent(&self, inputs: &[Extent]) -> Result<Extent, Mismatch> {
                match *self { $($(Op::$op(op) => Rule::<kinds::$kind>::extent(op, inputs),)+)+ }
            }

            #[inline]
            fn evaluate<T: Float>(&self, inputs: &[Value<'_, T>], extent: Extent, out: &mut [T]) {
                match *self { $($(Op::$op(op) => Rule::<kinds::$kind>::evaluate(op, inputs, extent, out),)+)+ }
            }

            #[inline]
            fn is_view(&self) -> bool {
                match self { $($(Op::$op(_) => <$op as Rule<kinds::$kind>>::IS_VIEW,)+)+ }
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

            fn vjp<'t, T: Float>(
                self,
                call: Call<'_, 't, T, Op>,
                cotangent: Var<'t, T>,
                wanted: &[Option<Extent>],
            ) -> [Option<Var<'t, T>>; MAX_INPUTS] {
                match self { $($(Op::$op(op) => Rule::<kinds::$kind>::vjp(op, call, cotangent, wanted),)+)+ }
            }

            fn add<'t, T: Float>(left: Var<'t, T>, right: Var<'t, T>) -> Var<'t, T> {
                left + right
            }
        }
    };
}

ops! {
    Diagonal { Exp, Ln, Expm1, Ln1p, Sqrt, Recip, Square, Tanh, Sigmoid, Softplus, Sin, Cos }
    Linear { Neg, Scale, Add, Sub, SumTo, BroadcastTo, Reshape, Permute, Slice, Pad, Concat }
    Multilinear { Mul, Matmul, Gate, Signed, MaxPick, MaxPlace, Gather, Scatter, OneHot, Detach }
    Fused { Affine, Div, LogSumExp, Softmax, CrossEntropy }
}
