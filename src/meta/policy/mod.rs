//! Meta-learning of policies: adaptation by policy gradients, and an exact trust region around what is learned.
//!
//! [`Estimator`] makes [`Experience`] of trajectories: advantages over a linear baseline. [`PolicyProblem`] adapts a
//! [`Policy`] to a task by an inner learner and gives the gradient, the divergence and the exact Fisher product of the
//! adapted policies; [`Trpo`] takes the step.

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
