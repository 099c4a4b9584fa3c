//! Compute kernels over slices: numbers in, numbers out. No tensor, no tape.
pub mod broadcast;
pub mod gemm;
pub mod index;
pub mod layout;
pub mod map;
pub mod reduce;
pub mod softmax;
