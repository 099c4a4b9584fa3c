//! The ops, by kind, each in one place, and the list that names them all.
//!
//! An op says only *what kind of linear* it is (see [`kind`]); its derivatives follow, and are made of ops of this same
//! language, so that every derivative has derivatives. A user meets the ops as methods and operators of [`Var`].
//!
//! # At the edge of the domain
//!
//! Ops follow IEEE 754, and so do their derivatives: the formula of the rule is computed with infinities and NaNs as they
//! come, and nothing is hidden by a zero that was never there. The tests keep each line, at both orders and in both modes.
//!
//! | | at | value | first derivative | second derivative |
//! |---|---|---|---|---|
//! | `exp` | overflow | inf | inf | inf |
//! | `ln`, `ln1p` | the pole | -inf | inf | -inf |
//! | `ln` | below 0 | NaN | `1 / x` | `-1 / x^2` |
//! | `sqrt` | 0 | 0 | inf | -inf |
//! | `sqrt` | below 0 | NaN | NaN | NaN |
//! | `recip`, `1 / x` | 0 | inf | -inf | inf |
//! | `0 / x` | 0 | NaN | NaN | NaN |
//! | `0 x` | inf | NaN | 0 | 0 |
//! | the norm, `sqrt` of `sum x^2` | 0 | 0 | NaN, as 0 inf | NaN |
//! | `relu`, `abs`, `max` | a tie | | 0; of several largest the first gets it | 0 |
//! | `tanh`, `sigmoid`, `softplus` | infinity | the limit | the limit | 0 |
//! | `sin`, `cos` | infinity | NaN | NaN | NaN |
//! | a closed gate over an op with an infinite derivative | | 0 | NaN, as 0 inf | NaN |
//!
//! A gate (relu, a mask) stops a value, not the 0 that comes down through it: guard the *argument* of what is masked, or add
//! a small number under the root. [`watched`](crate::tape::Tape::watched) tapes say where the first such number comes from.

mod broadcast;
mod conv;
mod cross_entropy;
mod detach;
mod div;
mod dot;
mod exponential;
mod gate;
mod gather;
pub mod kind;
mod linear;
mod list;
mod lstm;
mod matmul;
mod matmul_add;
mod max;
mod moments;
mod mul;
mod permute;
mod placed_shift;
mod pool;
mod power;
mod reshape;
mod rule;
pub mod sample;
mod scalar;
mod scale_shift;
mod scaled_pool;
mod sigmoid;
mod slice;
mod softmax;
mod sum;
mod trigonometric;

use crate::simd::Float;
use crate::tape;

pub use conv::{Conv, ConvInput, ConvWeight, Placement};
pub use cross_entropy::{CrossEntropy, OneHot};
pub use detach::Detach;
pub use div::Div;
pub use dot::{Dot, SumSquares};
pub use exponential::{Exp, Expm1, Ln, Ln1p};
pub use gate::{Gate, Signed};
pub use gather::{Gather, Scatter};
pub use linear::{Add, AddScaled, Neg, Sub};
pub use list::Op;
pub use lstm::{LstmCell, LstmCellPull, LstmGatesPull, LstmOutput, LstmOutputPull};
pub use matmul::Matmul;
pub use matmul_add::MatmulAdd;
pub use max::{MaxPick, MaxPlace};
pub use moments::Moments;
pub use mul::{AddProduct, Mul};
pub use permute::Permute;
pub use placed_shift::PlacedShift;
pub use pool::{PoolPick, PoolPlace, PoolSpread, PoolSum, Window};
pub use power::{Recip, Sqrt, Square};
pub use reshape::Reshape;
pub use scalar::{Affine, Scale};
pub use scale_shift::ScaleShift;
pub use scaled_pool::{ScaledPick, ScaledPlace};
pub use sigmoid::{Sigmoid, Softplus, Tanh};
pub use slice::{Concat, Pad, Slice, concat};
pub use softmax::{LogSumExp, Softmax};
pub use sum::{BroadcastTo, SumTo};
pub use trigonometric::{Cos, Sin};

use gate::gate_by_result;
use linear::add;
use sum::settle;

/// A variable of the engine's own op language.
pub type Var<'t, T = f32> = tape::Var<'t, T, Op>;

/// A list of variables of the engine's own op language, for instance the parameters of a model.
pub type Vars<'t, T = f32> = tape::Vars<'t, T, Op>;

/// A tape of the engine's own op language.
pub type Tape<T = f32> = tape::Tape<T, Op>;

/// A batch on a tape: inputs `x` and targets `y`, one a row.
pub type BatchVars<'t, T = f32> = tape::BatchVars<'t, T, Op>;

/// An episode on a tape: support and query batches.
pub type EpisodeVars<'t, T = f32> = tape::EpisodeVars<'t, T, Op>;

impl Op {
    /// Whether the result is a sum over the episodes, where the inputs have several.
    pub fn folds(self) -> bool {
        match self {
            Op::SumTo(sum) => sum.over_episodes,
            Op::Dot(dot) => dot.over_episodes,
            Op::Matmul(matmul) => matmul.fold,
            Op::ConvWeight(weight) => weight.fold,
            _ => false,
        }
    }
}

/// Declares the methods of [`Var`] that record an op of one input.
macro_rules! unary_methods {
    ($($(#[$doc:meta])* $method:ident = $op:expr;)+) => {
        impl<'t, T: $crate::simd::Float> $crate::ops::Var<'t, T> {
            $($(#[$doc])*
            #[track_caller]
            pub fn $method(self) -> Self {
                self.tape().record($op.into(), &[self])
            })+
        }
    };
}
use unary_methods;

/// Sanity for ops on the last axis: how many rows of how many columns an extent has.
fn rows_and_columns(extent: &tape::Extent) -> Option<(usize, usize)> {
    let shape = extent.shape;
    let columns = shape.rank().checked_sub(1).map(|axis| shape.dim(axis))?;
    (columns > 0).then(|| (extent.len() / columns, columns))
}

/// Calls `body` with each episode's floats of the inputs and of the output, in order.
fn each_episode<T: Float, const N: usize>(
    inputs: [tape::Value<'_, T>; N],
    extent: &tape::Extent,
    out: &mut [T],
    mut body: impl FnMut([&[T]; N], &mut [T]),
) {
    if extent.is_empty() {
        return;
    }
    for (e, out) in out.chunks_exact_mut(extent.shape.len()).enumerate() {
        body(inputs.map(|x| &x.values[e * x.extent.episode_stride()..][..x.extent.shape.len()]), out);
    }
}

/// Refuses row or class numbers at the caller's line, where the kernel that would meet them could only name its own.
#[track_caller]
fn check_numbers<T: Float>(op: &str, numbers: Var<'_, T>, end: usize) {
    let outside = |x: &&T| !crate::kernels::index::is_index(**x, end);
    if let Some(x) = numbers.tape().inspect(numbers.id(), |numbers| numbers.iter().find(outside).copied()) {
        panic!("{op}: {x} is not a whole number below {end}");
    }
}

/// Two extents side by side, as NumPy broadcasts them: shapes from the right, and episodes.
fn broadcast_extents(left: &tape::Extent, right: &tape::Extent) -> Result<tape::Extent, tape::Mismatch> {
    use crate::tensor::Shape;
    if left == right {
        return Ok(*left);
    }
    let shape =
        Shape::broadcast(left.shape, right.shape).ok_or(tape::Mismatch("the shapes do not broadcast"))?;
    Ok(tape::Extent { shape, episodes: join_episodes(left, right)? })
}

fn join_episodes(left: &tape::Extent, right: &tape::Extent) -> Result<u32, tape::Mismatch> {
    match (left.episodes, right.episodes) {
        (1, episodes) | (episodes, 1) => Ok(episodes),
        (left, right) if left == right => Ok(left),
        _ => Err(tape::Mismatch("the numbers of episodes differ")),
    }
}
