//! Workloads to be measured beside other engines: `cargo run --release --example workloads -- --help`.
//!
//! Each measurement is one JSON object on a line of its own. `benches/README.md` says how to compare.

#[path = "../common/mod.rs"]
mod common;
mod conv4;
mod data;
mod elementwise;
mod gemm;
mod hvp;
mod lstm;
mod measure;
mod process;
mod ranks;
mod sine_maml;

use std::time::Instant;

use clap::{Parser, ValueEnum};
use metatape::meta::Road;
use serde::Serialize;

use common::crew::crew;
use measure::Bench;

/// Measures the engine on fixed work with fixed data; prints one JSON object for each measurement
///
/// Other engines run the same work on the same data, so that both the speed and the results can be compared.
#[derive(Parser)]
#[command(name = "workloads", version)]
struct Options {
    /// What to measure [default: everything]
    #[arg(value_enum)]
    workload: Option<Workload>,

    /// The meta-learner of sine_maml
    #[arg(long, value_enum, default_value = "maml")]
    algo: Algorithm,

    /// How many tasks a meta-batch of sine_maml or conv4 has [default: 25, 4]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    mb: Option<usize>,

    /// How many inner steps sine_maml and conv4 take
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    steps: usize,

    /// 2: the exact meta-gradient of sine_maml and conv4, 1: its first-order approximation
    #[arg(long, value_name = "1|2", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=2))]
    order: u32,

    /// How many tasks lie side by side on a tape [default: sine_maml up to 25, conv4 1, lstm 16]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    chunk: Option<usize>,

    /// How conv4's meta-gradient finds its way through the inner steps [default: adjoint]
    #[arg(long, value_enum)]
    road: Option<Route>,

    /// 1: lstm's meta-gradient flows through the gradients that it reads too, 0: these count as constant
    #[arg(long, value_name = "0|1", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1))]
    second: u32,

    /// The products of gemm, for instance 80x784x256,25:10x40x40 [default: squares and layers]
    #[arg(long, value_name = "[EPISODES:]ROWSxINNERxCOLUMNS", value_delimiter = ',')]
    shapes: Vec<gemm::Shape>,

    /// The numbers that gemm and conv4 compute with
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value = "f32")]
    precision: Precision,

    /// The lengths of elementwise [default: 1000, 100000 and 10000000]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = at_least_one)]
    n: Vec<usize>,

    /// How many processor cores to use; the process stays on the first ones that it may use
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = common::thread_count)]
    threads: usize,

    /// How often each measurement is repeated; the median counts
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = at_least_one)]
    repeats: usize,

    /// Also how many times as fast conv4's threads are as one of them, by so many turns of one meta-iteration each
    #[arg(long, value_name = "N", default_value_t = 0)]
    turns: usize,

    /// Everything once and briefly: the numbers mean nothing
    #[arg(long)]
    quick: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Workload {
    /// Meta-iterations on sine regression
    SineMaml,
    /// Matrix products
    Gemm,
    /// exp, tanh, sigmoid, relu and addition
    Elementwise,
    /// Meta-iterations on images
    Conv4,
    /// Loss, gradient and Hessian-vector products of a classifier
    Hvp,
    /// Training steps of a learned optimiser
    Lstm,
    /// What it costs ranks to talk; not part of everything
    Ranks,
}

#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Route {
    /// All steps on one tape
    Tape,
    /// Back from step to step
    Adjoint,
}

impl Route {
    fn road(self) -> Road {
        match self {
            Route::Tape => Road::Tape,
            Route::Adjoint => Road::Adjoint,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Precision {
    F32,
    F64,
}

#[derive(Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Algorithm {
    /// A fixed inner rate
    Maml,
    /// A learned inner rate for each parameter
    Metasgd,
}

fn main() -> std::process::ExitCode {
    let started = Instant::now();
    common::main(move |options| run(started, &options))
}

fn run(started: Instant, options: &Options) -> common::Result {
    let memory_at_start = process::memory("VmRSS");
    // Ranks of one machine would all keep to its first cores; `mpirun` gives each its own.
    if crew().size() == 1 {
        process::pin(options.threads)
            .map_err(|error| format!("--threads {}: cannot keep to these cores: {error}", options.threads))?;
    }
    common::start_threads(options.threads)?;
    let &Options { threads, repeats, quick, .. } = options;
    let bench = Bench { threads, repeats, quick, started, memory_at_start };
    for workload in Workload::value_variants() {
        if options.workload.map_or(*workload != Workload::Ranks, |wanted| wanted == *workload) {
            match workload {
                Workload::SineMaml => sine_maml::run(&bench, options),
                Workload::Conv4 => conv4::run(&bench, options),
                Workload::Gemm => gemm::run(&bench, options),
                Workload::Elementwise => elementwise::run(&bench, &options.n),
                Workload::Hvp => hvp::run(&bench),
                Workload::Lstm => lstm::run(&bench, options),
                Workload::Ranks => ranks::run(&bench),
            }
        }
    }
    Ok(())
}

/// For clap: reads a number that may not be 0.
fn at_least_one(word: &str) -> Result<usize, String> {
    match word.parse() {
        Ok(0) | Err(_) => Err("a whole number of at least 1 is needed".to_owned()),
        Ok(number) => Ok(number),
    }
}
