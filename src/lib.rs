//! SIMD reverse-mode automatic differentiation whose tape gives exact Hessian-vector products.

pub mod calculus;
pub mod simd;
pub mod tape;
pub mod tensor;
