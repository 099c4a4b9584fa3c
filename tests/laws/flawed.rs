//! A small language with right ops and wrong ones: what each law must fail on. All operands of an op have one extent.

use metatape::simd::Float;
use metatape::tape::{Call, Differentiable, Extent, Language, Mismatch, Value, Var, Wanted};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flawed {
    Add,
    Mul,
    Sin,
    Cos,
    Neg,
    /// `2 x`.
    Double,
    /// `sin x`, a billionth too large.
    SinTooLarge,
    /// `sin x` with the derivative `2 cos x`.
    SinWrongFactor,
    /// `sin x` with the derivative `-cos x`.
    SinWrongSign,
    /// `x0 x1` with no derivative by `x1`.
    MulMissingTerm,
    /// `x^2`, whose first derivative is right and whose second is not.
    SquareWrongSecond,
    /// `2 x` as a constant.
    DoubleFrozen,
    /// `2 x` with a jvp of `2 dx` and a vjp of `3 dy`.
    DoubleWrongTranspose,
    /// `x^2` whose vjp is right, but made of [`Flawed::DoubleWrongTranspose`].
    SquareWrongTransposeOfVjp,
    /// `x + 1`, which is not linear.
    PlusOne,
    Constant,
}

use Flawed::*;

impl Language for Flawed {
    fn name(&self) -> &'static str {
        match self {
            Add => "add",
            Mul => "mul",
            Sin => "sin",
            Cos => "cos",
            Neg => "neg",
            Double => "double",
            SinTooLarge => "sin_too_large",
            SinWrongFactor => "sin_wrong_factor",
            SinWrongSign => "sin_wrong_sign",
            MulMissingTerm => "mul_missing_term",
            SquareWrongSecond => "square_wrong_second",
            DoubleFrozen => "double_frozen",
            DoubleWrongTranspose => "double_wrong_transpose",
            SquareWrongTransposeOfVjp => "square_wrong_transpose_of_vjp",
            PlusOne => "plus_one",
            Constant => "constant",
        }
    }

    fn extent(&self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        match inputs.iter().all(|extent| *extent == inputs[0]) {
            true => Ok(*inputs[0]),
            false => Err(Mismatch("wants equal extents")),
        }
    }

    fn evaluate<T: Float>(&self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        for (i, y) in out.iter_mut().enumerate() {
            let x = |slot: usize| inputs[slot].values[i].to_f64();
            *y = T::from_f64(match self {
                Add => x(0) + x(1),
                Mul | MulMissingTerm => x(0) * x(1),
                Sin | SinWrongFactor | SinWrongSign => x(0).sin(),
                SinTooLarge => x(0).sin() * (1.0 + 1e-9),
                Cos => x(0).cos(),
                Neg => -x(0),
                SquareWrongSecond | SquareWrongTransposeOfVjp => x(0) * x(0),
                Double | DoubleFrozen | DoubleWrongTranspose => 2.0 * x(0),
                PlusOne => x(0) + 1.0,
                Constant => x(0),
            });
        }
    }
}

impl Flawed {
    /// `v` times the derivative by one slot, as the flawed rules have it.
    fn times_derivative<'t, T: Float>(
        self,
        call: Call<'_, 't, T, Self>,
        slot: usize,
        v: Var<'t, T, Self>,
        down: bool,
    ) -> Option<Var<'t, T, Self>> {
        let x = call.inputs[0];
        Some(match self {
            Add | PlusOne => v,
            Mul => mul(v, call.inputs[1 - slot]),
            MulMissingTerm if slot == 0 => mul(v, call.inputs[1]),
            MulMissingTerm | DoubleFrozen | Constant => return None,
            Sin | SinTooLarge => mul(v, unary(Cos, x)),
            SinWrongFactor => mul(v, unary(Double, unary(Cos, x))),
            SinWrongSign => mul(v, unary(Neg, unary(Cos, x))),
            Cos => mul(v, unary(Neg, unary(Sin, x))),
            Neg => unary(Neg, v),
            Double => unary(Double, v),
            DoubleWrongTranspose if down => Flawed::add(v, unary(Double, v)),
            DoubleWrongTranspose => unary(Double, v),
            SquareWrongSecond => mul(v, unary(DoubleFrozen, x)),
            SquareWrongTransposeOfVjp if down => mul(v, unary(DoubleWrongTranspose, x)),
            SquareWrongTransposeOfVjp => mul(v, unary(Double, x)),
        })
    }
}

impl Differentiable for Flawed {
    fn jvp<'t, T: Float>(
        self,
        call: Call<'_, 't, T, Self>,
        tangents: &[Option<Var<'t, T, Self>>],
    ) -> Option<Var<'t, T, Self>> {
        let slots = tangents.iter().enumerate();
        slots
            .filter_map(|(slot, tangent)| self.times_derivative(call, slot, (*tangent)?, false))
            .reduce(Flawed::add)
    }

    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: Call<'_, 't, T, Self>,
        cotangent: Var<'t, T, Self>,
        wanted: Wanted<'t, T, Self>,
    ) -> Option<Var<'t, T, Self>> {
        let own = self.times_derivative(call, slot, cotangent, true)?;
        Some(wanted.onto.map_or(own, |onto| Flawed::add(onto, own)))
    }

    fn add<'t, T: Float>(left: Var<'t, T, Self>, right: Var<'t, T, Self>) -> Var<'t, T, Self> {
        left.tape().record(Add, &[left, right])
    }

    fn constant<'t, T: Float>(x: Var<'t, T, Self>) -> Var<'t, T, Self> {
        unary(Constant, x)
    }

    fn broadcast<'t, T: Float>(x: Var<'t, T, Self>, extent: Extent) -> Var<'t, T, Self> {
        unreachable!("flawed ops are all of one extent, not {} and {extent}", x.extent())
    }
}

pub fn unary<'t, T: Float>(op: Flawed, x: Var<'t, T, Flawed>) -> Var<'t, T, Flawed> {
    x.tape().record(op, &[x])
}

pub fn mul<'t, T: Float>(x: Var<'t, T, Flawed>, y: Var<'t, T, Flawed>) -> Var<'t, T, Flawed> {
    x.tape().record(Mul, &[x, y])
}
