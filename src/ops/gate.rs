//! Selection by sign, and what is made of it: relu, abs.

use super::broadcast::zip;
use super::kind::{Multilinear, OpCall, OpWanted};
use super::sample::{Domain, Pick};
use super::{Op, Var, broadcast_extents, settle};
use crate::kernels::map::Binary;
use crate::simd::{Float, Lanes};
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `v` where `s > 0`, else 0: linear in `v`, piecewise constant in `s`, and its own transpose. `relu(x) = gate(x, x)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate;

/// `sign(s) v` with `sign(0) = 0`: linear in `v`, piecewise constant in `s`, and its own transpose.
/// `abs(x) = signed(x, x)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signed;

impl<T: Float> Binary<T> for Gate {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, s: L, v: L) -> L {
        // Written so that a NaN in `s` lets `v` through: relu(NaN) stays NaN.
        L::select(s.le(L::splat(T::ZERO)), L::splat(T::ZERO), v)
    }
}

impl<T: Float> Binary<T> for Signed {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, s: L, v: L) -> L {
        let zero = L::splat(T::ZERO);
        let positive = L::select(s.eq(zero), zero, v);
        L::select(s.lt(zero), v.neg(), positive)
    }
}

macro_rules! selection {
    ($op:ident, $name:literal) => {
        impl Multilinear for $op {
            const NAME: &'static str = $name;
            const SLOTS: &'static [usize] = &[1];
            fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
                broadcast_extents(inputs[0], inputs[1])
            }
            fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
                zip(inputs[0], inputs[1], out, self);
            }
            fn transpose<'t, T: Float>(
                self,
                _: usize,
                inputs: &[Var<'t, T>],
                cotangent: Var<'t, T>,
                wanted: OpWanted<'t, T>,
            ) -> Var<'t, T> {
                settle(cotangent.tape().record(Op::$op($op), &[inputs[0], cotangent]), wanted)
            }
            fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
                let [selector, value] = pick.broadcast_pair();
                ($op, vec![(selector, Domain::NonZero), (value, Domain::Real)])
            }
        }
    };
}

selection!(Gate, "gate");
selection!(Signed, "signed");

/// What a relu at the end of an op, if it has one, lets through of a cotangent or a tangent. It is 0 exactly where it lets
/// nothing through, so its result serves as its argument.
pub(super) fn gate_by_result<'t, T: Float>(
    relu: bool,
    call: OpCall<'_, 't, T>,
    cotangent: Var<'t, T>,
) -> Var<'t, T> {
    if relu { cotangent.tape().record(Op::Gate(Gate), &[call.output, cotangent]) } else { cotangent }
}

impl<T: Float> Var<'_, T> {
    /// `max(x, 0)`, elementwise. At 0 the derivative is 0. NaN stays NaN.
    #[track_caller]
    pub fn relu(self) -> Self {
        self.tape().record(Op::Gate(Gate), &[self, self])
    }

    /// `|x|`, elementwise. At 0 the derivative is 0.
    #[track_caller]
    pub fn abs(self) -> Self {
        self.tape().record(Op::Signed(Signed), &[self, self])
    }

    /// `max(x, y)`, elementwise, broadcast. Where the two are equal, the derivative goes to `other`.
    #[track_caller]
    pub fn maximum(self, other: Self) -> Self {
        other + (self - other).relu()
    }

    /// `min(x, y)`, elementwise, broadcast. Where the two are equal, the derivative goes to `other`.
    #[track_caller]
    pub fn minimum(self, other: Self) -> Self {
        other - (other - self).relu()
    }
}
