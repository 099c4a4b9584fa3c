//! Training steps of a learned optimiser (Andrychowicz et al. 2016): two layers of LSTM see each coordinate's gradient and say how
//! to move it, for 20 steps on 128 least-squares problems of 10 coordinates; Adam outside.

use metatape::meta::OptimizerTraining;
use metatape::prelude::*;
use serde::Serialize;

use super::Options;
use super::data::{least_squares_pool, lstm_init};
use super::measure::{Bench, timed};

/// How many training steps the checks look at, and how many batches of problems are measured in turn.
const ITERATIONS: usize = 20;
const PROBLEMS: usize = 128;
const SIZE: usize = 10;
/// How often the learned optimiser moves.
const STEPS: usize = 20;
/// The most problems side by side on a tape: all steps of 16 take 10 MB, those of 128 more than the caches hold.
const CHUNK: usize = 16;

#[derive(Serialize)]
struct What {
    mode: &'static str,
    second: u32,
    chunk: usize,
}

#[derive(Serialize)]
struct Check {
    check_first: f64,
    check_last: f64,
    check_iters: usize,
}

pub fn run(bench: &Bench, options: &Options) {
    let &Options { second, .. } = options;
    let order = if second == 1 { Order::Second } else { Order::First };
    let chunk = options.chunk.unwrap_or(CHUNK).min(PROBLEMS);
    let pool = least_squares_pool(ITERATIONS, PROBLEMS, SIZE);
    let unroll = Unroll { learner: LearnedOptimizer::published(), loss: least_squares, order };
    let (schedule, workers) = (Schedule::constant(1e-3), Workers::new(chunk));
    let mut training = OptimizerTraining::new(unroll, lstm_init(), Adam::new(), schedule, workers);
    let mut step = |problems: &Vec<Optimizee>| {
        training.step(&mut problems.clone(), STEPS).expect("a finite gradient").loss
    };

    let (losses, first_call) = timed(|| pool.iter().map(&mut step).collect::<Vec<f64>>());
    let check = Check { check_first: losses[0], check_last: losses[ITERATIONS - 1], check_iters: ITERATIONS };
    let rates = bench.measure(ITERATIONS as f64, 0.25, || {
        pool.iter().for_each(|problems| {
            step(problems);
        });
    });
    bench.tell(("lstm", "unrolls/s"), What { mode: "loop", second, chunk }, rates, first_call, check);
}

/// `|x theta - y|^2`.
fn least_squares<'t>(theta: Params<'t>, data: BatchVars<'t>) -> Var<'t> {
    (data.x.matmul(theta.get(0)) - data.y).sum_squares(1.0)
}
