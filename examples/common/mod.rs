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
mod directory;
pub mod draw;
mod failure;
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
/// 0: done. 2: an error, on one line. 130: interrupted by Ctrl-C.
pub fn main<O: Parser>(body: impl FnOnce(O) -> Result) -> ExitCode {
    interrupt::listen();
    let (code, line) = end_of(std::env::args_os(), body);
    if let Some(line) = line {
        eprintln!("{line}");
    }
    ExitCode::from(code)
}

/// The exit code, and the line for stderr that goes with it.
fn end_of<O: Parser>(
    words: impl IntoIterator<Item = OsString>,
    body: impl FnOnce(O) -> Result,
) -> (u8, Option<String>) {
    let options = match O::try_parse_from(words) {
        Ok(options) => options,
        Err(request) if !request.use_stderr() => {
            // Somebody asked for --help and may have closed the pipe after the first lines of it.
            let _ = request.print();
            return (0, None);
        }
        Err(mistake) => return (2, Some(failure::line_of_usage(&mistake))),
    };
    let end = Level::chosen().map_err(Into::into).and_then(|_| body(options));
    match end {
        Ok(()) => (0, None),
        Err(error) if error.is::<Interrupted>() => (130, Some(error.to_string())),
        Err(error) => (2, Some(failure::line(&error.to_string()))),
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
        end_of(["demo"].iter().chain(words).map(OsString::from), body)
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
