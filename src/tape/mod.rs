//! The tape: a growing straight-line program whose values lie in one slab.
//!
//! Recording an op computes it at once and appends one plain [`Node`]. The tape knows *that* there are ops, not
//! which: it is generic in an op [`Language`]. All that an op reads lies below all that it writes, so one
//! `split_at_mut` is the whole safety proof. [`Tape::clear`] sets lengths to zero and keeps the memory: after the
//! first episode nothing is allocated.
//!
//! **The episode axis.** Every node carries `episodes`: 1, or the number E of episodes that this tape holds side by
//! side. A model is written for one episode; data and fast weights have E episodes, shared meta-parameters have 1, and
//! every op broadcasts over the axis.

mod anomaly;
mod at_rest;
mod bundle;
mod extent;
mod language;
mod program;
mod var;
mod vars;

pub use anomaly::{Anomaly, Ingoing};
pub use at_rest::{AtRest, BatchVars, EpisodeVars};
pub use bundle::Bundle;
pub use extent::Extent;
pub use language::{Call, Differentiable, Language, MAX_INPUTS, Mismatch, Value, Waiting, Wanted};
pub use program::{Node, Scratch, Tape};
pub use var::Var;
pub use vars::Vars;
