//! Images at rest, by class.

mod error;
mod normalization;
mod split;
mod store;

pub use error::DatasetError;
pub use normalization::Normalization;
pub use store::Images;
