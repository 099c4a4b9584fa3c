//! What all examples share: the command line, the folder that a run writes to, progress, plots and tables.
//!
//! ```ignore
//! mod common;
//!
//! fn main() -> std::process::ExitCode {
//!     common::main(run)
//! }
//!
//! fn run(options: Options) -> common::Result {
//!     let mut session = Session::start("sinusoid", &options.common, &options)?;
//!     ...
//!     session.finish(&rows)
//! }
//! ```
#![allow(dead_code, unused_imports, reason = "each example uses some of this")]

mod axis;
pub mod choices;
pub mod crew;
mod directory;
pub mod draw;
mod failure;
mod identity;
mod interrupt;
mod log;
mod options;
mod plot;
mod progress;
pub mod saved;
mod session;
mod statistics;
pub mod streams;
mod table;
mod training;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use metatape::simd::Level;

pub use crew::{leads, side_by_side, tell, workers};
pub use failure::{Error, Failure, Interrupted, Result};
pub use interrupt::{exit_if_interrupted, interrupted};
pub use options::{Common, start_threads, thread_count};
pub use plot::Chart;
pub use progress::Progress;
pub use saved::Saved;
pub use session::Session;
pub use statistics::mean_and_ci95;
pub use table::table;
pub use training::{Kept, Named, Score, Train};

/// Reads the command line, runs `body`, and turns its end into an exit code.
///
/// 0: done. 2: an error, on one line. 130: interrupted by Ctrl-C, or by whoever ends programs on a cluster.
pub fn main<O: Parser>(body: impl FnOnce(O) -> Result) -> ExitCode {
    interrupt::listen();
    let words: Vec<OsString> = std::env::args_os().collect();
    let End { code, line, of_all } = end_of(words, body);
    if let Some(line) = line.filter(|_| leads() || !of_all) {
        if !leads() {
            // What goes wrong everywhere is told by rank 0, with which all ranks end.
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
        eprintln!("{line}");
    }
    // A rank that stops alone does not take its leave: whoever started the ranks sees that, and ends those that wait for it.
    if of_all {
        crew::leave();
    }
    ExitCode::from(code)
}

/// How a program ends: its exit code, and the line for stderr that goes with it.
#[derive(Debug, PartialEq)]
struct End {
    code: u8,
    line: Option<String>,
    /// Whether all ranks end here, in the same way.
    of_all: bool,
}

fn end_of<O: Parser>(words: Vec<OsString>, body: impl FnOnce(O) -> Result) -> End {
    let together = |code, line| End { code, line, of_all: true };
    #[cfg(feature = "mpi")]
    if let Err(error) = crew::join(&words) {
        return End::of(&error);
    }
    let options = match O::try_parse_from(words) {
        Ok(options) => options,
        Err(request) if !request.use_stderr() => {
            if leads() {
                // Somebody asked for --help and may have closed the pipe after the first lines of it.
                let _ = request.print();
            }
            return together(0, None);
        }
        Err(mistake) => return together(2, Some(failure::line_of_usage(&mistake))),
    };
    let end = Level::chosen().map_err(Into::into).and_then(|_| body(options));
    match end {
        Ok(()) => together(0, None),
        Err(error) if error.is::<Interrupted>() => together(130, Some(error.to_string())),
        Err(error) => End::of(&error),
    }
}

impl End {
    fn of(error: &Error) -> Self {
        let of_all = error.is::<crew::Agreed>() || crew::crew().size() == 1;
        End { code: 2, line: Some(failure::line(&error.to_string())), of_all }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Parser)]
    #[command(name = "demo")]
    struct Demo {
        #[command(flatten)]
        common: Common,
    }

    fn end(words: &[&str], body: impl FnOnce(Demo) -> Result) -> (u8, Option<String>) {
        let End { code, line, of_all } =
            end_of(["demo"].iter().chain(words).map(OsString::from).collect(), body);
        assert!(of_all);
        (code, line)
    }

    #[test]
    fn a_run_that_ends_well_says_nothing() {
        let seen = |demo: Demo| {
            assert_eq!((demo.common.seed, demo.common.quick), (7, true));
            Ok(())
        };
        assert_eq!(end(&["--seed", "7", "--quick"], seen), (0, None));
    }

    #[test]
    fn bad_options_are_one_line_each() {
        for words in [
            &["--seed", "x"][..],
            &["--seed"],
            &["--seed", "-1"],
            &["--sed", "1"],
            &["stray"],
            &["--threads", "0"],
            &["--threads", "1000000"],
        ] {
            let (code, line) = end(words, |_| panic!("{words:?} was taken"));
            let line = line.unwrap();
            assert_eq!(code, 2, "{line}");
            assert!(line.starts_with("error: ") && !line.contains('\n'), "{line}");
            assert!(line.contains(words[0]), "{line}");
        }
    }

    #[test]
    fn errors_are_one_line_and_interruption_is_told_apart() {
        let broken = |_: Demo| Err("a.zip: broken\n  at byte 3".into());
        assert_eq!(end(&[], broken), (2, Some("error: a.zip: broken at byte 3".to_owned())));
        let (code, line) = end(&[], |_| Err(Interrupted::without_checkpoint().into()));
        assert_eq!((code, line.as_deref()), (130, Some("interrupted")));
    }
}
