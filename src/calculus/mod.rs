//! Derivatives as walks along the program that write more program.
//!
//! - [`vjp`] walks down the tape and carries cotangents; [`grad`] is its use on a scalar, and [`descend`] a step down it.
//! - [`jvp`] walks up the tape and carries tangents.
//! - What they record is ordinary program, so they compose to every order: [`hvp`] is [`grad`] of [`jvp`] (reverse over
//!   forward), [`hvp_forward`] is [`jvp`] of [`grad`] (forward over reverse), [`hvp_reverse`] is [`grad`] of [`grad`]
//!   (reverse over reverse).
//!
//! This room knows no op: it works for any [`Differentiable`] language.
//!
//! **Episodes.** A scalar loss with E episodes is E losses side by side, and its gradient with respect to a shared
//! variable has E episodes: one gradient for each, as an inner step needs it. The gradient of the *sum* over episodes,
//! as an outer step needs it, is that of a loss with one episode (`loss.sum_episodes()`): there the cotangent of a
//! shared variable is folded into one. The rule for both: a cotangent lives on as many episodes as its primal or the
//! loss, whichever are more. A plain [`vjp`] is the transpose of [`jvp`]: it folds.
//!
//! A tangent with E episodes of a shared variable moves a copy of it in each episode; behind a sum over episodes stands the
//! sum of what that does. The derivative of *each* episode's loss through such a sum would be a matrix of episodes by
//! episodes: `grad` refuses it.

mod forward;
mod reverse;
mod second;
#[cfg(test)]
mod toy;

use crate::simd::Float;
use crate::tape::{Differentiable, Extent, Var};

pub use forward::jvp;
pub use reverse::{descend, grad, vjp};
pub use second::{hessian, hvp, hvp_forward, hvp_reverse, jacobian};

/// `x` repeated over `episodes` episodes where it is shared.
fn on_episodes<'t, T: Float, O: Differentiable>(x: Var<'t, T, O>, episodes: u32) -> Var<'t, T, O> {
    let extent = x.extent();
    if extent.episodes >= episodes {
        return x;
    }
    O::broadcast(x, Extent { episodes, ..extent })
}
