//! What a learned optimiser sees of a number that may have any magnitude.

use crate::ops::{Var, concat};
use crate::simd::Float;
use crate::tape::Extent;

/// Where the logarithm ends and the straight line begins: at `e^-10`.
const P: f64 = 10.0;

/// Magnitude and sign of each of the numbers `[rows, 1]` as two of similar size, `[rows, 2]` (Andrychowicz et al. 2016,
/// appendix A, `p = 10`):
///
/// `(ln|x| / p, sign x)` where `|x| >= e^-p`, else `(-1, e^p x)`.
///
/// Both parts are continuous: written here as `ln max(|x|, e^-p) / p` and `e^p x` cut to `[-1, 1]`.
///
/// # Panics
/// `x` is not one column.
#[track_caller]
pub fn log_and_sign<T: Float>(x: Var<'_, T>) -> Var<'_, T> {
    let shape = x.shape();
    assert!(shape.rank() == 2 && shape.dim(1) == 1, "log_and_sign of {shape}: wants one column");
    let constant = |value: f64| x.tape().fill(Extent::shared([1, 1]), T::from_f64(value));
    let magnitude = x.abs().maximum(constant((-P).exp())).ln().scale(T::from_f64(1.0 / P));
    let sign = x.scale(T::from_f64(P.exp())).maximum(constant(-1.0)).minimum(constant(1.0));
    concat(magnitude, sign, 1)
}
