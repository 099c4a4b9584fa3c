//! Meta-learning of policies: adaptation by policy gradients, and an exact trust region around what is learned.
//!
//! [`Estimator`] makes [`Experience`] of trajectories: advantages over a linear baseline. [`PolicyProblem`] adapts a
//! [`Policy`] to a task by an inner learner and gives the gradient, the divergence and the exact Fisher product of the
//! adapted policies; [`Trpo`] takes the step, and [`PolicyTraining`] holds all of it.
//!
//! ```
//! use metatape::meta::policy::{Estimator, OuterStep, PolicyProblem, PolicyTraining, Trpo};
//! use metatape::nn::{Gaussian, gaussian_mlp, gaussian_mlp_parameters};
//! use metatape::prelude::*;
//! use metatape::tasks::{Navigation, Start, roll_out, stream};
//!
//! fn policy<'t>(theta: Params<'t>, observations: Var<'t>) -> Gaussian<'t, f32> {
//!     gaussian_mlp(theta, observations, Activation::Relu)
//! }
//!
//! let theta = gaussian_mlp_parameters(&[2, 16, 2], Initializer::Xavier, 0.0, &mut stream(0, 0, 0));
//! let learner = MetaSgd::published();
//! let alpha = learner.rates_like(&theta, 0.5);
//! let problem = PolicyProblem { learner, policy, order: Order::Second };
//! let outer = OuterStep::<Adam>::Trpo(Trpo::published());
//! let mut training = PolicyTraining::new(problem, (theta, alpha), outer);
//!
//! for iteration in 0..2 {
//!     let at = (&training.learned.0, &training.learned.1);
//!     let adapt = |task: u64| {
//!         let world = Navigation::new(Start::Fixed).task(&mut stream(1, iteration, task));
//!         let adapted = training.problem.adapt(at, (1, &Estimator::published()), |updates, actor| {
//!             let number = |trajectory| task << 16 | (updates as u64) << 8 | trajectory;
//!             let mut rngs: Vec<_> = (0..5).map(|trajectory| stream(2, iteration, number(trajectory))).collect();
//!             roll_out(vec![world; 5], 20, &mut rngs, |observations, noise| actor.act(observations, noise))
//!         })?;
//!         Ok(adapted.task)
//!     };
//!     let tasks = (0..4).map(adapt).collect::<Result<Vec<_>, Box<dyn std::error::Error>>>()?;
//!     let report = training.step(&tasks)?;
//!     assert!(report.divergence <= 0.01);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod advantage;
mod baseline;
mod conjugate_gradient;
mod problem;
mod rollouts;
mod training;
mod trpo;

pub use advantage::{Estimator, Experience, discounted_sums, generalized_advantages};
pub use baseline::Baseline;
pub use conjugate_gradient::conjugate_gradient;
pub use problem::{Policy, PolicyProblem, PolicyTask};
pub use rollouts::{Actor, AdaptationError, Adapted};
pub use training::{OuterStep, PolicyReport, PolicyTraining};
pub use trpo::{Trpo, TrpoStep};
