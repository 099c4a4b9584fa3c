//! Checks of gradients, for users and for our own tests.
//!
//! | check | what it holds against each other |
//! |---|---|
//! | [`gradcheck`] | reverse mode, forward mode, and differences of the program's value |
//! | [`gradgradcheck`] | the Hessian-vector product in every composition of the two modes, and differences of the exact gradient |
//! | [`metagradcheck`] | any pair of value and gradient, for instance a meta-gradient, and differences of the value |
//!
//! Differences are adaptive and bring an estimate of their own error ([`derivative`]); the estimate decides what counts as
//! equal, with the floors [`FLOOR`] and [`CANCELLATION`]. A check ends in a [`Report`] of what was compared, or in a
//! [`Failure`] that names the input, its index, both numbers, and the first op on the tape whose own rules disagree with its
//! own values.
//!
//! # What a passed check says
//!
//! In `f64`, on a program that is smooth around the inputs, by each number compared:
//!
//! | | agrees with differences to | agrees with the other exact ways to |
//! |---|---|---|
//! | gradient, in both modes | 1e-9 of itself | 1e-10 of the terms that it adds up |
//! | Hessian-vector product | 1e-9 of itself | 1e-10 of the terms that it adds up |
//! | meta-gradient | 1e-9 of itself | |
//!
//! or to four times what the differences say of their own error, where that is more: a program that cancels is told by its
//! noise. Where the estimate is worse than 1e-5 of the largest derivative around, differences decide nothing, and the check
//! does not pass. A program that gives other bits when it is run again is refused.
//!
//! At a **kink** (relu at 0, a tie of two largest) differences have a limit on either side. The check finds both, lets pass
//! what lies between them, and lists the place in [`Report::kinks`]: it is no failure, and it is no proof. Where a value
//! jumps there is no derivative, and the check fails.
//!
//! # Check your own model in ten lines
//!
//! ```
//! use metatape::check::{gradcheck, gradgradcheck, metagradcheck};
//! use metatape::prelude::*;
//! # use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
//! # let rng = &mut Xoshiro256PlusPlus::seed_from_u64(0);
//! # let batch = |shift: usize| Batch {
//! #     x: Tensor::from_fn([4, 1], move |i| (i + shift) as f64 - 1.5),
//! #     y: Tensor::from_fn([4, 1], move |i| ((i + shift) as f64).sin()),
//! # };
//! # let (support, query) = (batch(0), batch(1));
//!
//! fn loss<'t>(theta: Params<'t, f64>, batch: BatchVars<'t, f64>) -> Var<'t, f64> {
//!     mse(mlp(theta, batch.x, Activation::Tanh), batch.y) // your model
//! }
//! let theta = mlp_parameters(&[1, 4, 1], Initializer::Xavier, rng);
//! println!("{}", gradcheck(|theta| loss(theta, support.put(theta.tape())), &theta)?);
//! println!("{}", gradgradcheck(|theta| loss(theta, support.put(theta.tape())), &theta)?);
//! let problem = Problem::new(Maml { rate: 0.1 }, loss, 2);
//! let episodes = [Episode { support: support.clone(), query }];
//! println!("{}", metagradcheck(|at| problem.gradient(at, &episodes), &(theta, ()))?);
//! # Ok::<(), metatape::check::Failure>(())
//! ```
//!
//! # What the checks catch
//!
//! Each line of each derivative rule of each op, as random uses of the op write it, was changed in each of these ways, and the
//! checks were run on the changed rules. A change after which no first or second derivative is another one is not counted.
//! `cargo test --release --test laws -- --ignored flaw` does it again.
//!
#![doc = include_str!("mutations.md")]

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
pub use report::{Comparison, Failure, Identity, Kink, Place, Report, WrongOp};
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

/// What differences may make of numbers that cancel on the way, relative to the largest of them: where all of a derivative is
/// that, there is nothing to hold against differences. Their estimate is no less, however long the step, where each value is
/// off by one rounding, and as noisy on either side.
const ROUNDING: f64 = SAFETY * (1.0 + 2.0) * f64::EPSILON / differences::FIRST_STEP;

/// The least relative accuracy with which differences decide anything. Worse ones mean a kink, a jump or noise nearby.
const USEFUL: f64 = 1e-5;
