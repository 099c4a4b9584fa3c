//! Checks of gradients, for users and for our own tests.
//!
//! | check | what it holds against each other |
//! |---|---|
//! | [`gradcheck`] | reverse mode, forward mode, and differences of the program's value |
//! | [`gradgradcheck`] | the Hessian-vector product in every composition of the two modes, and differences of the exact gradient |
//! | [`metagradcheck`] | any pair of value and gradient, for instance a meta-gradient, and differences of the value |
//!
//! Differences are adaptive and bring an estimate of their own error ([`derivative`]); the estimate decides what counts as
//! equal, with the floors [`FLOOR`] and [`CANCELLATION`]. A program is checked in `f64` where it is smooth: at a kink (relu at 0) differences
//! have no limit to agree with. A check ends in a [`Report`] of what was compared, or in a [`Failure`] that names the
//! input, its index, both numbers, and the first op on the tape whose own rules disagree with its own values.
//!
//! ```
//! use metatape::check::{gradcheck, gradgradcheck};
//! use metatape::prelude::*;
//!
//! let mut theta = Tensors::new();
//! theta.push("w", Tensor::from_fn([3, 2], |i| 0.1 * i as f64));
//! theta.push("b", Tensor::full([2], -0.3));
//!
//! fn program<'t>(theta: Params<'t, f64>) -> Var<'t, f64> {
//!     let [w, b] = theta.all();
//!     (w.tanh() + b).log_sum_exp()
//! }
//! println!("{}", gradcheck(program, &theta)?);
//! println!("{}", gradgradcheck(program, &theta)?);
//! # Ok::<(), metatape::check::Failure>(())
//! ```

mod differences;
mod gradient;
mod localize;
mod meta;
mod program;
mod report;
mod second;
mod subject;

pub use differences::{Estimate, derivative};
pub use gradient::gradcheck;
pub use meta::metagradcheck;
pub use program::RandomProgram;
pub use report::{Comparison, Failure, Identity, Place, Report, WrongOp};
pub use second::gradgradcheck;

/// How closely a derivative and its difference quotient must agree where the quotient claims to be even better,
/// relative to the larger of the two: the rounding errors of a program may exceed those that its differences show.
pub const FLOOR: f64 = 1e-9;

/// The same relative to the largest derivative around, or the value: a small derivative may be what is left of large terms
/// that cancel.
pub const CANCELLATION: f64 = 1e-12;

/// How closely two ways to compute the same derivative exactly must agree, relative to the sum of the magnitudes of what
/// is added up on the way. Nothing but rounding tells the two apart.
pub const EXACT: f64 = 1e-10;

/// How many times its own estimate a difference quotient may be off: the estimate is a difference of two
/// extrapolations, right in order of magnitude.
const SAFETY: f64 = 4.0;

/// The least relative accuracy with which differences decide anything. Worse ones mean a kink, a jump or noise nearby.
const USEFUL: f64 = 1e-5;
