//! SIMD reverse-mode automatic differentiation whose tape gives exact Hessian-vector products.

pub mod kernels;
pub mod simd;
