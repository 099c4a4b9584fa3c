//! A hand-rolled SIMD reverse-mode autodiff engine whose tape gives **exact Hessian-vector products**, and on it MAML and
//! Meta-SGD with **exact second-order meta-gradients**.
//!
//! > A tape is a growing straight-line program with its values in one slab; *a derivative is a walk along the program that
//! > writes more program*; an op says only *what kind of linear* it is; meta-learning is arithmetic on parameters.
//!
//! # A gradient, and a Hessian-vector product
//!
//! ```
//! use metatape::prelude::*;
//!
//! let tape = Tape::<f64>::new();
//! let x = tape.tensor(&Tensor::from_vec([2], vec![1.0, 2.0]));
//! let y = (x * x * x).sum();
//! assert_eq!(grad(y, &x).to_tensor().values(), [3.0, 12.0]);
//!
//! let v = tape.tensor(&Tensor::from_vec([2], vec![1.0, 10.0]));
//! assert_eq!(hvp(y, &x, &v).to_tensor().values(), [6.0, 120.0]);
//! ```
//!
//! # Meta-SGD in five lines
//!
//! A model is a plain function, and an inner step is what it is on paper; nothing is wrapped, cloned or patched.
//!
//! ```
//! use metatape::prelude::*;
//! use metatape::tasks::{Sinusoid, stream};
//!
//! fn model<'t>(theta: Params<'t>, x: Var<'t>) -> Var<'t> {
//!     mlp(theta, x, Activation::Relu)
//! }
//!
//! let mut rng = stream(0, 0, 0);
//! let theta = mlp_parameters(&[1, 40, 40, 1], Initializer::Xavier, &mut rng);
//! let alpha = theta.map(|_| 0.01);
//! let mut meta = (theta, alpha);
//! let mut adam = Adam::new();
//! for iteration in 0..20 {
//!     let task = |task| Sinusoid::meta_sgd().episode(10, 10, &mut stream(0, iteration, task));
//!     let episodes: Vec<Episode> = (0..4).map(task).collect();
//!     let (_loss, gradient) = mean_grad(&meta, &episodes, |_, (theta, alpha), e| {
//!         let g = grad(mse(model(theta, e.support.x), e.support.y), &theta);
//!         let fast = theta - alpha * g;
//!         mse(model(fast, e.query.x), e.query.y)
//!     });
//!     adam.step(&mut meta, &gradient, 1e-3); // exact, second order included
//! }
//! ```
//!
//! [`meta::Training`] is the same with a choice of learner, [order](meta::Order), [road](meta::Road) through several inner
//! steps, clipping and schedule, and allocates nothing once it is warm.
//!
//! # Promises
//!
//! - **Exact or an error.** The order of a meta-gradient is named where it is chosen. Every derivative rule is made of ops
//!   that have rules themselves, so every order exists.
//! - **The same bits** for the same seed at any number of threads, and of processes on many machines
//!   ([`clusters`]). Levels of SIMD differ by rounding.
//! - **Shape errors** panic at the caller's line and name the op and both shapes. What comes from outside (checkpoints, the
//!   level in `METATAPE_SIMD`) gives typed errors.
//! - **Full speed on a plain build.** The best instructions of the machine are chosen at run time; see [`simd`].
//!
//! # Rooms
//!
//! [`simd`] and [`kernels`] compute on slices. [`tensor`] holds values at rest, [`tape`] the program, [`ops`] its language
//! and [`calculus`] the walks that differentiate it. [`nn`] has layers and losses, [`check`] gradient checks for users,
//! [`tasks`] data, [`meta`] the learners.

pub mod calculus;
pub mod check;
pub mod kernels;
pub mod meta;
pub mod nn;
pub mod ops;
pub mod prelude;
#[doc = include_str!("clusters.md")]
pub mod clusters {}
#[doc = include_str!("promises.md")]
pub mod promises {}
pub mod simd;
pub mod tape;
pub mod tasks;
pub mod tensor;
