//! How far apart two numbers may be that a law says are equal: one table.
//!
//! Each is relative to the larger of 1 and the largest number compared, or to the sum of the magnitudes of what an inner
//! product adds up.

/// Law 1 in `f64`: our `exp`, `tanh`... are good to a few units in the last place, sums of at most 125 terms add some.
pub const FORWARD: f64 = 1e-14;
/// Law 1 in `f32`, for the same reason: 2^29 times coarser than `f64`.
pub const FORWARD_F32: f64 = 5e-6;
/// Law 2: both sides add the same products in another order.
pub const LINEAR: f64 = 1e-12;
/// Law 3: a five-point stencil of step 1e-3 is off by 1e-12 / 30 of the fifth derivative, which is 1e4 times the first
/// for `1 / x` at 0.3.
pub const DIAGONAL: f64 = 1e-9;
/// Law 4: the rules multiply and add in another order, at second order through twice as many ops.
pub const TRANSPOSE: f64 = 1e-12;
/// A fused op and its twin: other formulas for the same number, both stable in the domain that is drawn from.
pub const TWIN: f64 = 1e-12;
/// Episodes side by side and alone: the same numbers, which gemm may add in another order.
pub const EPISODES: f64 = 1e-12;
/// Law 5: both modes of Hessian-vector product through up to 30 ops.
pub const MODES: f64 = 1e-11;
