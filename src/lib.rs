//! SIMD reverse-mode automatic differentiation whose tape gives exact Hessian-vector products.

pub mod calculus;
pub mod check;
pub mod kernels;
pub mod meta;
pub mod nn;
pub mod ops;
pub mod prelude;
pub mod simd;
pub mod tape;
pub mod tasks;
pub mod tensor;
