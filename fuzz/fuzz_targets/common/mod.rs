//! What the examples resume by; the rest of what they share draws and prints.
#![allow(dead_code, reason = "the parts of an example are used by its other parts")]

#[path = "../../../examples/common/crew.rs"]
mod crew;
#[path = "../../../examples/common/directory.rs"]
mod directory;
#[path = "../../../examples/common/failure.rs"]
mod failure;
#[path = "../../../examples/common/identity.rs"]
mod identity;
#[path = "../../../examples/common/log.rs"]
mod log;
#[path = "../../../examples/common/options.rs"]
mod options;
#[path = "../../../examples/common/session.rs"]
mod session;

pub use failure::{Failure, Interrupted, Result};
pub use options::{Common, start_threads};
pub use session::Session;
