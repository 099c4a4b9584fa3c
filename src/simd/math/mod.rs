//! Elementary functions over [`Lanes`].

mod coefficients;
mod exp;
mod expm1;
mod ln;
mod ln1p;
mod recip;
mod sigmoid;
mod sin_cos;
mod softplus;
mod tanh;

pub(super) use coefficients::Coefficients;
pub use exp::exp;
pub use expm1::expm1;
pub use ln::ln;
pub use ln1p::ln1p;
pub use recip::recip;
pub use sigmoid::sigmoid;
pub use sin_cos::{cos, sin};
pub use softplus::softplus;
pub use tanh::tanh;

use super::{Float, Lanes};

/// `c[0] + c[1] x + c[2] x^2 + ...`, by Horner's rule.
#[inline(always)]
fn polynomial<T: Float, L: Lanes<T>>(x: L, coefficients: &[T]) -> L {
    let (highest, lower) = coefficients.split_last().expect("a polynomial has coefficients");
    let mut sum = L::splat(*highest);
    for c in lower.iter().rev() {
        sum = sum.mul_add(x, L::splat(*c));
    }
    sum
}
