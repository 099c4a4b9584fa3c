//! The parts that a dataset's authors have cut it into.

use std::fmt;

use super::source::Source;
use crate::tasks::DatasetError;

/// A part of a dataset, with classes of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Split {
    /// To learn from.
    Train,
    /// To choose between what was learned.
    Val,
    /// To be looked at once, at the end.
    Test,
}

impl Split {
    /// All three.
    pub const ALL: [Split; 3] = [Split::Train, Split::Val, Split::Test];

    /// `train`, `val` or `test`.
    pub const fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Val => "val",
            Split::Test => "test",
        }
    }

    /// The folder, ending in `/` unless it is none, in which the dataset lies, found by the list of classes or files that
    /// each split has: `list` says where it is in that folder.
    pub(super) fn root(
        self,
        source: &Source,
        list: impl Fn(Split) -> String,
    ) -> Result<String, DatasetError> {
        if let Some(root) = source.names.before(&list(self)) {
            return Ok(root.to_owned());
        }
        let path = source.path().to_owned();
        let there: Vec<Split> =
            Split::ALL.into_iter().filter(|&split| source.names.before(&list(split)).is_some()).collect();
        Err(match there.as_slice() {
            [] => DatasetError::UnknownLayout { path, expected: list(self) },
            _ => DatasetError::MissingSplit {
                path,
                split: self.name(),
                expected: list(self),
                found: there.iter().map(|split| split.name()).collect(),
            },
        })
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
