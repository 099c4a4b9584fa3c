//! What can be wrong with a checkpoint.

use std::io;
use std::path::PathBuf;

use crate::tensor::Shape;

/// Why a checkpoint could not be written, read or used; each says which file it is about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// There is no such file.
    #[error("{path}: no such checkpoint")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused to read or write.
    #[error("{path}: cannot {action} the checkpoint: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `write`.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is something else, or was written by another program or an unknown version.
    #[error("{path}: not a checkpoint of this program: {reason}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is missing or unknown.
        reason: String,
    },
    /// The end of the file is missing.
    #[error("{path}: truncated: {found} bytes are left of at least {expected}")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        found: u64,
        /// The length in bytes that its beginning announces.
        expected: u64,
    },
    /// The content is not what was written.
    #[error("{path}: damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A tensor holds numbers of another type than asked for.
    #[error("{path}: tensor {name} holds {found}, not {expected}")]
    WrongType {
        /// The file.
        path: PathBuf,
        /// The tensor, as `group.name`.
        name: String,
        /// The type in the file.
        found: String,
        /// The type asked for.
        expected: &'static str,
    },
    /// A tensor has another shape than asked for.
    #[error("{path}: tensor {name} has shape {found}, not {expected}")]
    WrongShape {
        /// The file.
        path: PathBuf,
        /// The tensor, as `group.name`.
        name: String,
        /// The shape in the file.
        found: Shape,
        /// The shape asked for.
        expected: Shape,
    },
    /// A tensor or an entry of the metadata that was asked for is not there.
    #[error("{path}: holds no {what}")]
    Absent {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        what: String,
    },
    /// The file holds a tensor for which there is no place.
    #[error("{path}: holds a tensor {name} that the model does not have")]
    Unexpected {
        /// The file.
        path: PathBuf,
        /// The tensor, as `group.name`.
        name: String,
    },
}
