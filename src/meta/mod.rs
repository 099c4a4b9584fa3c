//! Meta-learning: inner steps, two exact roads through several of them, parallel meta-batches, outer optimisers.
//!
//! An inner learner is a pure function of parameters ([`Inner`]): [`Maml`] with a fixed rate, [`MetaSgd`] with learned
//! rates. [`Problem`] joins a learner, a model's loss, a number of steps, an [`Order`] and a [`Road`], and gives the
//! meta-gradient of a meta-batch. [`Training`] descends it and never applies what is not finite. [`policy`] does the same for
//! policies that act in worlds.

mod adapting;
mod adjoint;
mod clip;
mod crew;
mod descent;
mod evaluate;
mod fast_weights;
mod guard;
mod inner;
mod learned_optimizer;
mod maml;
mod meta_lstm;
mod meta_sgd;
pub mod optimizer;
mod optimizer_training;
mod outer;
pub mod policy;
mod preprocess;
mod problem;
mod recording;
mod reptile;
mod schedule;
mod tape_road;
mod training;
mod unroll;

pub use adapting::Adapting;
pub use clip::Clip;
pub use crew::{Alone, Crew, Traffic};
#[cfg(feature = "mpi")]
pub use crew::{Mpi, MpiError};
pub use descent::{Descent, Rule};
pub use evaluate::Adaptation;
pub use guard::{Guard, GuardError};
pub use inner::{Fast, Inner, Loss, MetaVars, Slope};
pub use learned_optimizer::LearnedOptimizer;
pub use maml::Maml;
pub use meta_lstm::MetaLstm;
pub use meta_sgd::{MetaSgd, Rates};
pub use optimizer_training::OptimizerTraining;
pub use outer::{Workers, mean_grad};
pub use preprocess::log_and_sign;
pub use problem::{Objective, Order, Problem, Road};
pub use schedule::Schedule;
pub use tape_road::adapt;
pub use training::{Recorded, Report, Training};
pub use unroll::{Optimizee, Unroll};
