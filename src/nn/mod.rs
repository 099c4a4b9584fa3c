//! Models as plain functions of parameters: parameter arithmetic, layers, initialisers, losses.
//!
//! Layers never differentiate and hold no state. A model is a function from [`Params`] and inputs to outputs.

mod batch_norm;
mod conv_net;
mod dense;
mod dense_net;
mod gaussian;
mod initialize;
mod loss;
mod lstm;
mod params;

pub use batch_norm::{batch_norm, batch_norm_by, normalizer};
pub use conv_net::{ConvNet, Features, Halving, Scales};
pub use dense::{Activation, dense, mlp, mlp_parameters};
pub use dense_net::DenseNet;
pub use gaussian::{Gaussian, gaussian_mlp, gaussian_mlp_parameters};
pub use initialize::Initializer;
pub use loss::{accuracy, cross_entropy, mse};
pub use lstm::{Lstm, lstm};
pub use params::Params;
