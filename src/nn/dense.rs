//! Fully connected layers.

use rand::Rng;

use super::{Initializer, Params};
use crate::ops::Var;
use crate::simd::Float;
use crate::tensor::{Tensor, Tensors};

/// What stands behind a layer, elementwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `x` as it is.
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// `ln(1 + e^x)`.
    Softplus,
}

impl Activation {
    /// The activation of `x`.
    #[track_caller]
    pub fn of<T: Float>(self, x: Var<'_, T>) -> Var<'_, T> {
        match self {
            Activation::Identity => x,
            Activation::Relu => x.relu(),
            Activation::Tanh => x.tanh(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Softplus => x.softplus(),
        }
    }
}

/// `activation(x w + b)`: inputs `[n, in]`, weights `[in, out]`, biases `[out]`; `[n, out]`.
///
/// # Panics
/// The shapes do not fit.
#[track_caller]
pub fn dense<'t, T: Float>(
    x: Var<'t, T>,
    w: Var<'t, T>,
    b: Var<'t, T>,
    activation: Activation,
) -> Var<'t, T> {
    match activation {
        Activation::Relu => x.matmul_add(w, b, true),
        _ => activation.of(x.matmul_add(w, b, false)),
    }
}

/// A multilayer perceptron: dense layers with `activation` between them, none behind the last.
///
/// `theta` holds `w, b` for each layer, as [`mlp_parameters`] makes them.
///
/// # Panics
/// The shapes do not fit, or a bias is missing.
#[track_caller]
pub fn mlp<'t, T: Float>(theta: Params<'t, T>, x: Var<'t, T>, activation: Activation) -> Var<'t, T> {
    assert!(theta.len().is_multiple_of(2), "mlp: {} tensors are no pairs of weights and biases", theta.len());
    let layers = theta.len() / 2;
    let mut h = x;
    for layer in 0..layers {
        let activation = if layer + 1 < layers { activation } else { Activation::Identity };
        h = dense(h, theta.get(2 * layer), theta.get(2 * layer + 1), activation);
    }
    h
}

/// Parameters for [`mlp`] with layers of these sizes: weights `w0, w1, ...` by `initializer`, biases `b0, b1, ...` zero.
///
/// ```
/// use metatape::nn::{Initializer, mlp_parameters};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
/// let theta = mlp_parameters::<f32>(&[1, 40, 40, 1], Initializer::Xavier, &mut rng);
/// assert_eq!(theta.count(), 1761);
/// ```
pub fn mlp_parameters<T: Float>(sizes: &[usize], initializer: Initializer, rng: &mut impl Rng) -> Tensors<T> {
    let mut theta = Tensors::new();
    for (layer, pair) in sizes.windows(2).enumerate() {
        theta.push(format!("w{layer}"), initializer.matrix(pair[0], pair[1], rng));
        theta.push(format!("b{layer}"), Tensor::zeros([pair[1]]));
    }
    theta
}
