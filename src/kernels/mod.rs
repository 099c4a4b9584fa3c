//! The loops that compute: slices and integers in, slices out.

pub mod gemm;
