//! Loops over slices: plain numbers in, plain numbers out, every loop run once through [`simd::run`](crate::simd::run).
//!
//! Matrices are row-major slices with their dimensions beside them; nothing here knows a tensor. Lengths that do not
//! fit each other panic at the caller's line.

pub mod map;
pub mod reduce;
pub mod softmax;
