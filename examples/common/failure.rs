//! How an example ends when it does not end well.

use std::io;
use std::path::{Path, PathBuf};

/// Any error.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What an example's `run` returns.
pub type Result<T = ()> = std::result::Result<T, Error>;

/// An error of the machinery that the examples share; each says what and where.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The operating system refused.
    #[error("{path}: cannot {action}: {source}")]
    Io { path: PathBuf, action: &'static str, source: io::Error },
    /// Two runs in one folder would overwrite each other's files.
    #[error("{path}: another run is writing to this folder; wait for it or choose another --out")]
    Taken { path: PathBuf },
    /// What is written there now would be lost, or mixed with another run's.
    #[error("{path}: the folder was removed or replaced while this run was writing to it")]
    Lost { path: PathBuf },
    /// There is nothing to go on from.
    #[error("{path}: no checkpoint to resume from; start without --resume")]
    NothingToResume { path: PathBuf },
    /// The checkpoint belongs to a run with other options.
    #[error(
        "{path}: the checkpoint was made with {what} {saved}, not {asked}; use the same options to resume"
    )]
    OtherRun { path: PathBuf, what: String, saved: String, asked: String },
    /// The log lost lines that were written before the checkpoint.
    #[error("{path}: {found} whole lines are left of the {expected} that were written before the checkpoint")]
    ShortLog { path: PathBuf, found: usize, expected: usize },
    /// A number in a file that should be one is none.
    #[error("{path}: {what} is {text:?}, not a number")]
    NotANumber { path: PathBuf, what: String, text: String },
    /// The threads could not be started.
    #[error("--threads {threads}: cannot start the threads: {reason}")]
    Threads { threads: usize, reason: String },
    /// The plot could not be drawn.
    #[error("{path}: cannot draw: {reason}")]
    Plot { path: PathBuf, reason: String },
}

impl Failure {
    /// For `map_err`: the operating system refused to do `action` with `path`.
    pub fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Failure {
        move |source| Failure::Io { path: path.to_owned(), action, source }
    }
}

/// Somebody pressed Ctrl-C, and all that is worth keeping is on disk.
#[derive(Debug, thiserror::Error)]
#[error("interrupted{hint}")]
pub struct Interrupted {
    hint: String,
}

impl Interrupted {
    /// The run can go on later.
    pub fn with_checkpoint(path: &Path) -> Self {
        let hint = format!(": the checkpoint {} is complete, --resume goes on from it", path.display());
        Interrupted { hint }
    }

    /// There is nothing to go on from.
    pub fn without_checkpoint() -> Self {
        Interrupted { hint: String::new() }
    }
}

/// The line that tells of an error.
pub fn line(message: &str) -> String {
    format!("error: {}", message.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// clap explains a mistake over several lines; this is all of it but the usage.
pub fn line_of_usage(mistake: &clap::Error) -> String {
    let text = mistake.render().to_string();
    let told = text.strip_prefix("error: ").unwrap_or(&text);
    let end = told.find("\nUsage:").or_else(|| told.find("\nFor more information")).unwrap_or(told.len());
    let told = told[..end].trim_end().replace("\n\n", "; ");
    line(&format!("{told} (--help lists all options)"))
}
