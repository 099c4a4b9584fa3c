//! Data and worlds at rest: where tasks come from.
//!
//! Whatever is drawn is drawn from a generator that the caller passes in; [`stream`] gives each task of a
//! training run one of its own.

mod sinusoid;
mod stream;

pub use sinusoid::{Sinusoid, Wave};
pub use stream::stream;
