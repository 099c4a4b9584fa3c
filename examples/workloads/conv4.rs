//! Meta-iterations of MAML on images: 5 ways, 1 shot, 15 query images a class, 28x28, Conv-4 with 64 filters, Adam outside.

use metatape::nn::ConvNet;
use metatape::prelude::*;
use serde::Serialize;

use super::common::workers;
use super::data::{conv4_init, conv4_pool};
use super::measure::{Bench, timed};
use super::{Options, Route};

/// How many meta-iterations the checks look at, and how many meta-batches are measured in turn.
const ITERATIONS: usize = 2;
const INNER_RATE: f32 = 0.4;

/// The net of the peers: as Meta-SGD's, without the hidden layer.
const NET: ConvNet = ConvNet { hidden: None, ..ConvNet::meta_sgd_omniglot(5) };

#[derive(Serialize)]
struct What {
    mode: &'static str,
    algo: &'static str,
    mb: usize,
    steps: usize,
    order: u32,
    road: Route,
}

#[derive(Serialize)]
struct Check {
    check_first: f64,
    check_last: f64,
    check_iters: usize,
}

pub fn run(bench: &Bench, options: &Options) {
    let &Options { steps, .. } = options;
    let mb = options.mb.unwrap_or(4);
    let order = if options.order == 1 { Order::First } else { Order::Second };
    // With one task a tape, its slab holds the activations of one query set and of one step.
    let route = options.road.unwrap_or(Route::Adjoint);
    let pool = conv4_pool(ITERATIONS, mb);
    let problem = Problem::new(Maml { rate: INNER_RATE }, loss, steps);
    let problem = Problem { order, road: route.road(), ..problem };
    let workers = workers(options.chunk.unwrap_or(1));
    let mut training =
        Training::new(problem, (conv4_init(), ()), Adam::new(), Schedule::constant(1e-3), workers);
    let mut step = |episodes: &Vec<Episode>| training.step(episodes).expect("a finite meta-gradient").loss;

    let (losses, first_call) = timed(|| pool.iter().map(&mut step).collect::<Vec<f64>>());
    let check = Check { check_first: losses[0], check_last: losses[ITERATIONS - 1], check_iters: ITERATIONS };
    let rates = bench.measure(ITERATIONS as f64, 0.25, || {
        pool.iter().for_each(|episodes| {
            step(episodes);
        });
    });
    let what = What { mode: "loop", algo: "maml", mb, steps, order: order.number(), road: route };
    bench.tell(("conv4", "meta-iter/s"), what, rates, first_call, check);
}

fn loss<'t>(theta: Params<'t>, batch: BatchVars<'t>) -> Var<'t> {
    cross_entropy(NET.logits(theta, batch.x), batch.y)
}
