//! Meta-iterations on sine regression: 10 support and 10 query points a task, layers 1-40-40-1, Adam outside.

use metatape::prelude::*;
use serde::Serialize;

use super::data::{mlp_init, sine_pool};
use super::measure::{Bench, digits, timed};
use super::{Algorithm, Options};

/// How many meta-iterations the checks look at, and how many meta-batches are measured in turn.
const ITERATIONS: usize = 100;
/// The inner rate: MAML's, and where Meta-SGD's begin.
const INNER_RATE: f32 = 0.01;
/// The most tasks side by side on one tape. Measured in `benches/README.md`; the number of threads plays no part.
const CHUNK: usize = 25;

#[derive(Serialize)]
struct What {
    mode: &'static str,
    algo: Algorithm,
    mb: usize,
    steps: usize,
    order: u32,
    chunk: usize,
}

#[derive(Serialize)]
struct Check {
    check_first: f64,
    check_last: f64,
    check_iters: usize,
    /// From the start of the process to the end of the first meta-iteration, data and all.
    #[serde(serialize_with = "digits")]
    first_iteration_s: f64,
}

pub fn run(bench: &Bench, options: &Options) {
    let theta = mlp_init(&[1, 40, 40, 1], 0.7);
    match options.algo {
        Algorithm::Maml => train(bench, options, Maml { rate: INNER_RATE }, (theta, ())),
        Algorithm::Metasgd => {
            let learner = MetaSgd::published();
            let alpha = learner.rates_like(&theta, INNER_RATE);
            train(bench, options, learner, (theta, alpha));
        }
    }
}

fn loss<'t>(theta: Params<'t>, batch: BatchVars<'t>) -> Var<'t> {
    mse(mlp(theta, batch.x, Activation::Relu), batch.y)
}

fn train<L: Inner<f32>>(bench: &Bench, options: &Options, learner: L, learned: (Tensors, L::Meta)) {
    let &Options { algo, steps, .. } = options;
    let mb = options.mb.unwrap_or(25);
    let order = if options.order == 1 { Order::First } else { Order::Second };
    let chunk = options.chunk.unwrap_or(CHUNK).min(mb);
    let pool = sine_pool(ITERATIONS, mb);
    let problem = Problem { order, ..Problem::new(learner, loss, steps) };
    let (schedule, workers) = (Schedule::constant(1e-3), Workers::new(chunk));
    let mut training = Training::new(problem, learned, Adam::new(), schedule, workers);
    let mut training = training.recorded();

    let mut first_iteration_s = 0.0;
    let (losses, first_call) = timed(|| {
        let step = |episodes: &Vec<Episode>| {
            let loss = meta_step(&mut training, episodes);
            if first_iteration_s == 0.0 {
                first_iteration_s = bench.started.elapsed().as_secs_f64();
            }
            loss
        };
        pool.iter().map(step).collect::<Vec<f64>>()
    });
    let check = Check {
        check_first: losses[0],
        check_last: losses[ITERATIONS - 1],
        check_iters: ITERATIONS,
        first_iteration_s,
    };
    let rates = bench.measure(ITERATIONS as f64, 0.25, || {
        for episodes in &pool {
            meta_step(&mut training, episodes);
        }
    });
    let what = What { mode: "loop", algo, mb, steps, order: order.number(), chunk };
    bench.tell(("sine_maml", "meta-iter/s"), what, rates, first_call, check);
}

fn meta_step<L: Inner<f32>, F: Loss<f32>>(
    training: &mut Recorded<'_, f32, L, F, Adam>,
    episodes: &[Episode],
) -> f64 {
    training.step(episodes).expect("a finite meta-gradient").loss
}
