//! Compute kernels over slices: numbers in, numbers out. No tensor, no tape.
//!
//! Each kernel is written once over [`Lanes`](crate::simd::Lanes) and enters the best instruction level through
//! [`simd::run`](crate::simd::run), once a call.

mod axes;
pub mod broadcast;
pub mod conv;
mod formula;
pub mod gemm;
pub mod index;
pub mod layout;
pub mod lstm;
pub mod map;
pub mod moments;
pub mod pool;
pub mod reduce;
pub mod scale_shift;
pub mod softmax;
pub mod sum;
