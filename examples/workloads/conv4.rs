//! Meta-iterations of MAML on images: 5 ways, 1 shot, 15 query images a class, 28x28, Conv-4 with 64 filters, Adam outside.

use metatape::nn::ConvNet;
use metatape::prelude::*;
use metatape::simd::Float;
use serde::Serialize;

use super::common::crew::crew;
use super::data::{conv4_init, conv4_pool};
use super::measure::{Bench, digits_if_any, timed};
use super::{Options, Precision, Route};

/// How many meta-iterations the checks look at, and how many meta-batches are measured in turn.
const ITERATIONS: usize = 2;
const INNER_RATE: f64 = 0.4;

/// The net of the peers: as Meta-SGD's, without the hidden layer.
const NET: ConvNet = ConvNet { hidden: None, ..ConvNet::meta_sgd_omniglot(5) };

#[derive(Serialize)]
struct What {
    mode: &'static str,
    algo: &'static str,
    r#type: &'static str,
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
    /// Not what is computed, but how fast: this process's threads over one of them.
    #[serde(serialize_with = "digits_if_any", skip_serializing_if = "Option::is_none")]
    over_one: Option<f64>,
}

pub fn run(bench: &Bench, options: &Options) {
    match options.precision {
        Precision::F32 => iterate::<f32>(bench, options),
        Precision::F64 => iterate::<f64>(bench, options),
    }
}

fn iterate<T: Float>(bench: &Bench, options: &Options) {
    let &Options { steps, .. } = options;
    let mb = options.mb.unwrap_or(4);
    let order = if options.order == 1 { Order::First } else { Order::Second };
    // With one task a tape, its slab holds the activations of one query set and of one step.
    let route = options.road.unwrap_or(Route::Adjoint);
    let pool = conv4_pool(ITERATIONS, mb);
    let mut training = training::<T>(steps, Workers::new(options.chunk.unwrap_or(1)).among(crew()));
    (training.problem.order, training.problem.road) = (order, route.road());
    let mut step = |episodes: &Vec<Episode<T>>| training.step(episodes).expect("a finite meta-gradient").loss;

    let (losses, first_call) = timed(|| pool.iter().map(&mut step).collect::<Vec<f64>>());
    let rates = bench.measure(ITERATIONS as f64, 0.25, || {
        pool.iter().for_each(|episodes| {
            step(episodes);
        });
    });
    let over_one = bench.over_one(options.turns, || {
        step(&pool[0]);
    });
    let check = Check {
        check_first: losses[0],
        check_last: losses[ITERATIONS - 1],
        check_iters: ITERATIONS,
        over_one,
    };
    let (mode, algo, order) = ("loop", "maml", order.number());
    let what = What { mode, algo, r#type: T::NAME, mb, steps, order, road: route };
    bench.tell(("conv4", "meta-iter/s"), what, rates, first_call, check);
}

fn training<T: Float>(steps: usize, workers: Workers<T>) -> Training<T, Maml<T>, impl Loss<T>, Adam<T>> {
    let problem = Problem::new(Maml { rate: T::from_f64(INNER_RATE) }, loss::<T>, steps);
    Training::new(problem, (conv4_init(), ()), Adam::new(), Schedule::constant(1e-3), workers)
}

fn loss<'t, T: Float>(theta: Params<'t, T>, batch: BatchVars<'t, T>) -> Var<'t, T> {
    cross_entropy(NET.logits(theta, batch.x), batch.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inner steps, and what PyTorch 2.15 has for the two losses where all of it computes in `f64`.
    const PYTORCH: [(usize, [f64; ITERATIONS]); 3] = [
        (1, [5.284814324609541, 5.912514478423733]),
        (5, [2.5164483286372876, 2.105514536617131]),
        (10, [2.1164187440837137, 1.871438862080976]),
    ];

    #[test]
    fn in_f64_the_losses_are_those_of_pytorch() {
        let pool = conv4_pool(ITERATIONS, 4);
        for (steps, theirs) in PYTORCH {
            let mut training = training::<f64>(steps, Workers::new(1));
            training.problem.road = Road::Adjoint;
            for (episodes, theirs) in pool.iter().zip(theirs) {
                let ours = training.step(episodes).expect("a finite meta-gradient").loss;
                println!("{steps} steps: {ours}, by PyTorch {theirs}");
                assert!((ours - theirs).abs() < 1e-9 * theirs, "{steps} steps: {ours}, by PyTorch {theirs}");
            }
        }
    }
}
