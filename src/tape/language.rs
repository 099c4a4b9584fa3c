//! What the tape and the calculus ask of an op language.

use super::{Extent, Var};
use crate::simd::Float;

/// The most inputs that an op can have.
pub const MAX_INPUTS: usize = 3;

/// An operand at evaluation: its floats, episode after episode, each in row-major order.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a, T> {
    /// The floats.
    pub values: &'a [T],
    /// How they are laid out.
    pub extent: &'a Extent,
}

/// Why operands do not fit an op; the tape adds the op's name and all shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch(pub &'static str);

/// A set of operations that a tape can record: plain data that says how large its result is and computes it.
pub trait Language: Copy + std::fmt::Debug + 'static {
    /// What error messages call the op.
    fn name(&self) -> &'static str;

    /// The extent of the result.
    ///
    /// # Errors
    /// The operands do not fit each other or the op.
    fn extent(&self, inputs: &[&Extent]) -> Result<Extent, Mismatch>;

    /// Computes the result. `out` has the length of `extent` and unspecified contents: all of it must be written.
    fn evaluate<T: Float>(&self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]);

    /// Whether the result is the first input's floats, unchanged and in the same order: then nothing is copied.
    fn is_view(&self) -> bool {
        false
    }
}

/// One recorded op, as its derivative rules see it.
#[derive(Clone, Copy)]
pub struct Call<'a, 't, T: Float, O> {
    /// What the op read.
    pub inputs: &'a [Var<'t, T, O>],
    /// What it computed.
    pub output: Var<'t, T, O>,
}

/// What a walk down the tape asks of one op for one of its inputs.
#[derive(Clone, Copy)]
pub struct Wanted<'t, T: Float, O> {
    /// How large the cotangent is to be.
    pub extent: Extent,
    /// What has come down to the input on other ways. An op that can add to it as it computes spares a pass.
    pub onto: Option<Var<'t, T, O>>,
}

/// A cotangent that has come down to one input of an op and goes no further yet: see [`Differentiable::waits`].
#[derive(Clone, Copy)]
pub struct Waiting<'a, 't, T: Float, O> {
    /// The op.
    pub op: O,
    /// What it read and computed.
    pub call: Call<'a, 't, T, O>,
    /// The cotangent at its end, as [`Differentiable::enter`] gave it.
    pub cotangent: Var<'t, T, O>,
}

/// An op language in which derivatives can be written down: each rule records more ops of the same language, so every
/// derivative has derivatives.
pub trait Differentiable: Language {
    /// The tangent of the output, from the tangents of the inputs; an absent tangent is zero, and never computed with.
    ///
    /// A tangent has the shape of its primal and at least its episodes: it may have E of them where the primal is shared.
    fn jvp<'t, T: Float>(
        self,
        call: Call<'_, 't, T, Self>,
        tangents: &[Option<Var<'t, T, Self>>],
    ) -> Option<Var<'t, T, Self>>;

    /// The cotangent at the end of the op that all its inputs share, from that of the output: where an op ends in a step
    /// of its own, what that step makes of it.
    fn enter<'t, T: Float>(
        self,
        _call: Call<'_, 't, T, Self>,
        cotangent: Var<'t, T, Self>,
    ) -> Var<'t, T, Self> {
        cotangent
    }

    /// The cotangent of input `slot` from that which [`Differentiable::enter`] gave, added to what is `wanted` on top of;
    /// `None` where no derivative flows.
    ///
    /// Along axes where it is the same everywhere, the result may be shorter than asked for: see
    /// [`Differentiable::broadcast`].
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: Call<'_, 't, T, Self>,
        cotangent: Var<'t, T, Self>,
        wanted: Wanted<'t, T, Self>,
    ) -> Option<Var<'t, T, Self>>;

    /// Whether the cotangent of input `slot` is to wait, until the walk needs it, for an op that has read the same input
    /// before and makes the sum of both in one pass: see [`Differentiable::vjp_with`].
    fn waits(&self, _slot: usize) -> bool {
        false
    }

    /// The cotangent of input `slot` as [`Differentiable::vjp`] has it, and that of the same input from an op further up
    /// which waits, in one pass. `None` where no pass makes both; then one is added to the other.
    fn vjp_with<'t, T: Float>(
        self,
        _slot: usize,
        _call: Call<'_, 't, T, Self>,
        _cotangent: Var<'t, T, Self>,
        _waiting: Waiting<'_, 't, T, Self>,
        _wanted: Wanted<'t, T, Self>,
    ) -> Option<Var<'t, T, Self>> {
        None
    }

    /// Whether a derivative can flow into input `slot`; a walk leaves out what lies behind one into which none can.
    fn passes(&self, _slot: usize) -> bool {
        true
    }

    /// `left + right`, broadcast.
    fn add<'t, T: Float>(left: Var<'t, T, Self>, right: Var<'t, T, Self>) -> Var<'t, T, Self>;

    /// `x` itself, through which no derivative flows.
    fn constant<'t, T: Float>(x: Var<'t, T, Self>) -> Var<'t, T, Self>;

    /// `x`, repeated along axes and over episodes to `extent`.
    fn broadcast<'t, T: Float>(x: Var<'t, T, Self>, extent: Extent) -> Var<'t, T, Self>;
}
