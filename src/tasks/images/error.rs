//! What can be wrong with a dataset.

use super::Normalization;

/// Why a dataset could not be read or used; each says what and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// More classes are asked for than there are.
    #[error("{wanted} classes are wanted, there are {found}")]
    TooFewClasses {
        /// The number of classes.
        found: usize,
        /// The number asked for.
        wanted: usize,
    },
    /// A class has fewer images than an episode shows of it.
    #[error(
        "class {class} has {found} images, an episode takes {shots} to adapt to and {query} to be judged on"
    )]
    TooFewImages {
        /// The class.
        class: String,
        /// The number of its images.
        found: usize,
        /// Support images of a class.
        shots: usize,
        /// Query images of a class.
        query: usize,
    },
    /// An episode of this size is none, or larger than any.
    #[error("episodes of {ways} ways, {shots} shots and {query} query images are not possible: {reason}")]
    EpisodeSize {
        /// Classes in an episode.
        ways: usize,
        /// Support images of a class.
        shots: usize,
        /// Query images of a class.
        query: usize,
        /// Which bound is broken.
        reason: String,
    },
    /// Only squares can be turned by a quarter.
    #[error("images of {height} x {width} pixels cannot be rotated: they are not square")]
    NotSquare {
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
    },
    /// A normalization for another number of channels, or with a deviation that is not above 0, or not finite.
    #[error("mean {:?} and deviation {:?} cannot normalize {channels} channel(s)", .normalization.mean, .normalization.deviation)]
    Normalization {
        /// The numbers.
        normalization: Normalization,
        /// The channels of the images.
        channels: usize,
    },
}
