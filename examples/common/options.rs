//! The options that all examples have.

use std::path::PathBuf;

use super::{Failure, Result};

const HEADING: &str = "Options of every example";

/// Options of every example.
#[derive(clap::Args, Clone, Debug)]
pub struct Common {
    /// Where all random numbers come from: the same seed gives the same results with any --threads
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, help_heading = HEADING)]
    pub seed: u64,

    /// How many processor cores to use [default: all]
    #[arg(long, value_name = "N", value_parser = thread_count, help_heading = HEADING)]
    pub threads: Option<usize>,

    /// The folder for results, log, plots and checkpoint; it is created, and an earlier run in it is replaced
    /// [default: runs/ and the example's name]
    #[arg(long, value_name = "DIR", help_heading = HEADING)]
    pub out: Option<PathBuf>,

    /// A small run of the same code, done in seconds; too short for results worth comparing
    #[arg(long, help_heading = HEADING)]
    pub quick: bool,

    /// How much work an interruption may cost: a checkpoint is written after so many seconds, where training can be
    /// resumed
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds, help_heading = HEADING)]
    pub checkpoint_every: f64,

    /// Go on from the checkpoint in --out, with the same options as before
    #[arg(long, help_heading = HEADING)]
    pub resume: bool,
}

impl Common {
    /// The number of threads that was asked for, or that the machine runs at once.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}

/// Starts the threads that the library splits its work over; the calling thread is one of them.
pub fn start_threads(threads: usize) -> Result {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .use_current_thread()
        .build_global()
        .map_err(|error| Failure::Threads { threads, reason: error.to_string() })?;
    Ok(())
}

/// For clap: reads a time that passes between two checkpoints.
fn seconds(word: &str) -> std::result::Result<f64, String> {
    const DAY: f64 = 86_400.0;
    match word.parse() {
        Ok(seconds) if (0.0..=DAY).contains(&seconds) => Ok(seconds),
        _ => Err(format!("a number from 0 to {DAY} is needed")),
    }
}

/// For clap: reads a number of threads that can be.
pub fn thread_count(word: &str) -> std::result::Result<usize, String> {
    const MOST: usize = 1024;
    match word.parse() {
        Ok(threads @ 1..=MOST) => Ok(threads),
        _ => Err(format!("a whole number from 1 to {MOST} is needed")),
    }
}
