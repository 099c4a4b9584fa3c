//! What the examples share is tested here, because examples have no tests of their own.

#[path = "../examples/common/mod.rs"]
mod common;
