//! Values at rest.
mod episode;
mod shape;
#[allow(clippy::module_inception)]
mod tensor;
mod tensors;
pub use episode::{Batch, Episode};
pub use shape::Shape;
pub use tensor::Tensor;
pub use tensors::Tensors;
