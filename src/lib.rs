//! SIMD reverse-mode automatic differentiation whose tape gives exact Hessian-vector products.

pub mod simd;
pub mod tasks;
pub mod tensor;
