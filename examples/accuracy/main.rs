//! How exact the SIMD functions and their derivatives are: `cargo run --release --example accuracy -- --help`.

mod double_double;
mod error;
mod functions;
mod measure;
mod points;
mod reference;
mod table;

#[path = "../common/mod.rs"]
mod common;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;

use clap::Parser;
use metatape::kernels::map::Unary;
use metatape::simd::{Double, Float, Level, Single, level};

use common::{Progress, exit_if_interrupted};
use functions::{Function, NAMES, Of, Visit, visit_all};
use measure::{Worst, worst};
use points::{Hard, Patterns, Points, Seeded};
use reference::Judged;
use table::{Row, markdown};

/// Where the documentation's table lies, from the root of the crate.
const TABLE: &str = "src/simd/math/accuracy.md";

/// Measures the largest errors of the SIMD functions and of what grad makes of their derivative rules
///
/// In units in the last place (ULP) of the true value, against sums of two doubles that are right to 100 bits. At the level
/// named by METATAPE_SIMD; if that is not set, at every level that the machine has, one after the other.
#[derive(Parser)]
#[command(name = "accuracy", version)]
struct Options {
    /// How many seeded points of f64 each function is judged on, besides the hard ones
    #[arg(long, value_name = "N", default_value_t = 100_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    points: u64,

    /// Judges f32 on every Nth bit pattern
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1 << 32))]
    stride: u64,

    /// A function to be judged, again for several [default: all]
    #[arg(long = "function", value_name = "NAME", value_parser = NAMES)]
    functions: Vec<String>,

    /// How many processor cores to use [default: all]
    #[arg(long, value_name = "N", value_parser = common::thread_count)]
    threads: Option<usize>,

    /// Prints one JSON object for each result, not a table
    #[arg(long)]
    json: bool,

    /// Writes the results into the documentation of the crate that this was built from; needs all levels and functions
    #[arg(long, conflicts_with_all = ["functions", "json"])]
    write: bool,
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(options: Options) -> common::Result {
    let chosen = std::env::var_os("METATAPE_SIMD").is_some();
    if options.write && (chosen || Level::best() != Level::Avx512) {
        return Err("--write: the table needs every level, up to avx512; is METATAPE_SIMD set?".into());
    }
    let rows = if chosen { Ok(at_this_level(&options)) } else { at_every_level(&options) }?;
    if let Some(row) = rows.iter().find(|row| !row.ulp.is_finite()) {
        return Err(format!(
            "{} {:?} of {} is not near the truth at {:e}",
            row.float, row.of, row.function, row.x
        )
        .into());
    }
    if options.json {
        for row in &rows {
            println!("{}", serde_json::to_string(row)?);
        }
        return Ok(());
    }
    println!("{}", for_people(&rows));
    if options.write {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE);
        std::fs::write(&path, markdown(&rows, options.stride, options.points))
            .map_err(common::Failure::io(&path, "write"))?;
    }
    Ok(())
}

fn for_people(rows: &[Row]) -> String {
    let cells = rows.iter().map(|row| {
        let of = match row.of {
            Of::Value => row.function.clone(),
            Of::Derivative => format!("{}'", row.function),
        };
        vec![
            of,
            row.float.clone(),
            row.level.clone(),
            format!("{:.4}", row.ulp),
            format!("{:e}", row.x),
            row.points.to_string(),
        ]
    });
    common::table(&["function", "type", "level", "ULP", "at", "points"], &cells.collect::<Vec<_>>())
}

/// Runs this program once for each level of the machine: a process has one level for all its life.
fn at_every_level(options: &Options) -> common::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for level in Level::ALL.into_iter().filter(|level| *level <= Level::best()) {
        let mut command = Command::new(std::env::current_exe()?);
        command.env("METATAPE_SIMD", level.name()).stderr(Stdio::inherit()).arg("--json");
        command.arg(format!("--points={}", options.points)).arg(format!("--stride={}", options.stride));
        command.args(options.functions.iter().map(|name| format!("--function={name}")));
        command.args(options.threads.map(|threads| format!("--threads={threads}")));
        let end = command.output()?;
        exit_if_interrupted();
        if !end.status.success() {
            return Err(format!("the run at level {level} failed: {}", end.status).into());
        }
        for line in String::from_utf8(end.stdout)?.lines() {
            rows.push(serde_json::from_str(line)?);
        }
    }
    Ok(rows)
}

fn at_this_level(options: &Options) -> Vec<Row> {
    let threads =
        options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let mut survey = Survey { options, threads, rows: Vec::new() };
    visit_all(&mut survey);
    survey.rows
}

struct Survey<'a> {
    options: &'a Options,
    threads: usize,
    rows: Vec<Row>,
}

impl Visit for Survey<'_> {
    fn visit<F: Function>(&mut self, function: F) {
        if !self.options.functions.is_empty() && !self.options.functions.iter().any(|name| name == F::NAME) {
            return;
        }
        for of in [Of::Value, Of::Derivative] {
            let patterns = self.judge(function, of, &Patterns::<F>::every(self.options.stride));
            self.push::<Single, F>(of, patterns);
            let hard = self.judge(function, of, &Hard::of::<F>());
            let seeded = self.judge(function, of, &Seeded::<F>::new(self.options.points));
            self.push::<Double, F>(of, hard.or(seeded));
        }
    }
}

impl Survey<'_> {
    fn judge<T: Judged, F: Function + Unary<T>>(
        &self,
        function: F,
        of: Of,
        points: &impl Points<T>,
    ) -> Worst {
        let label = format!("{} {} {:?} of {}", level(), T::NAME, of, F::NAME).to_lowercase();
        let progress = Mutex::new(Progress::start(label, points.blocks() as usize, 0));
        let worst = worst(function, of, points, self.threads, || {
            exit_if_interrupted();
            progress.lock().expect("no thread panicked").step(String::new);
        });
        progress.into_inner().expect("no thread panicked").finish();
        worst
    }

    fn push<T: Float, F: Function>(&mut self, of: Of, Worst { ulp, x, points }: Worst) {
        let (function, float, level) = (F::NAME.to_owned(), T::NAME.to_owned(), level().name().to_owned());
        self.rows.push(Row { function, of, float, level, ulp, x, points });
    }
}
