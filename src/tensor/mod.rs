//! Values at rest: shapes, tensors, named lists of tensors, episodes, and checkpoints of them on disk.
//!
//! Nothing here is on a tape and nothing here computes a derivative.
//!
//! ```
//! use metatape::tensor::{Tensor, Tensors};
//!
//! let mut parameters = Tensors::new();
//! parameters.push("w", Tensor::from_vec([2, 3], vec![1.0_f32; 6]));
//! parameters.push("b", Tensor::zeros([3]));
//! assert_eq!(parameters.count(), 9);
//! assert_eq!(parameters.get("w").unwrap().shape().dims(), [2, 3]);
//! ```

mod atomic;
mod checkpoint;
mod episode;
mod shape;
#[expect(clippy::module_inception, reason = "a file is named after the type in it")]
mod tensor;
mod tensors;
mod trajectories;

pub use atomic::{PARTIAL, write_atomically};
pub use checkpoint::{Checkpoint, CheckpointError, load, save};
pub use episode::{Batch, Episode};
pub use shape::Shape;
pub use tensor::Tensor;
pub use tensors::Tensors;
pub use trajectories::Trajectories;
