//! What can be wrong with a dataset.

use std::io;
#[cfg(feature = "datasets")]
use std::path::Path;
use std::path::PathBuf;

use super::Normalization;

/// Why a dataset could not be read or used; each says what and where.
///
/// The path of a member of an archive is that of the archive and its own, as if the archive were a folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// There is nothing of this name.
    #[error("{path}: no such file or folder")]
    Missing {
        /// What was asked for.
        path: PathBuf,
    },
    /// The operating system refused to read.
    #[error("{path}: cannot be read: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// An archive, or a member of it, is damaged, or packed in a way that is not read.
    #[error("{path}: not a sound zip archive: {reason}")]
    Archive {
        /// The archive or the member.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The name of a member is no path inside the archive.
    #[error("{path}: the name of the member {member:?} leads out of the archive")]
    UnsafeMember {
        /// The archive.
        path: PathBuf,
        /// The name.
        member: String,
    },
    /// More than is read.
    #[error("{path}: more than {limit} {what}")]
    TooLarge {
        /// The file, the folder or the archive.
        path: PathBuf,
        /// What is counted.
        what: &'static str,
        /// The most that is read.
        limit: u64,
    },
    /// A file is no image, is damaged, or shows too many pixels.
    #[error("{path}: not an image that can be read: {reason}")]
    Image {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The files are not those of the dataset.
    #[error("{path}: not the layout of this dataset, which has {expected}")]
    UnknownLayout {
        /// The folder or the archive.
        path: PathBuf,
        /// What was looked for.
        expected: String,
    },
    /// There are other splits, but not this one.
    #[error("{path}: no split {split}: there is no {expected}, only {}", .found.join(" and "))]
    MissingSplit {
        /// The folder or the archive.
        path: PathBuf,
        /// The split asked for.
        split: &'static str,
        /// The file that would list it.
        expected: String,
        /// The splits that are there.
        found: Vec<&'static str>,
    },
    /// A list of classes or images is wrong.
    #[error("{path}, line {line}: {reason}")]
    List {
        /// The list.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no image at all.
    #[error("{path}: no images")]
    NoImages {
        /// The folder or the archive.
        path: PathBuf,
    },
    /// A class has no image.
    #[error("{path}: class {class} has no images")]
    EmptyClass {
        /// Where they should lie.
        path: PathBuf,
        /// The class.
        class: String,
    },
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

impl DatasetError {
    /// What the operating system says about a file.
    #[cfg(feature = "datasets")]
    pub(in crate::tasks) fn from_io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => DatasetError::Missing { path },
            _ => DatasetError::Io { path, source },
        }
    }
}
