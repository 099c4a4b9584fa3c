//! Training steps of a learned optimiser (Andrychowicz et al. 2016): two layers of LSTM see each coordinate's gradient and say how
//! to move it, for 20 steps on 128 least-squares problems of 10 coordinates; Adam outside.

use std::ops::Range;

use metatape::nn::Lstm;
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
const NET: Lstm = Lstm { inputs: 1, hidden: 20, layers: 2 };

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
    let chunk = options.chunk.unwrap_or(CHUNK).min(PROBLEMS);
    let pool = least_squares_pool(ITERATIONS, PROBLEMS, SIZE);
    let mut learned = lstm_init();
    let (mut gradient, mut part) = (learned.zeros_like(), learned.zeros_like());
    let (mut adam, mut tape) = (Adam::new(), Tape::new());
    let mut step = |batch: &[Tensor; 3]| {
        tape.clear();
        let on_tape = learned.put(&tape);
        let mut total = 0.0;
        gradient.for_each_mut(|g| *g = 0.0);
        for first in (0..PROBLEMS).step_by(chunk) {
            let chunk = first..PROBLEMS.min(first + chunk);
            total += tape.forgetting(|| {
                let problems = [0, 1, 2].map(|i| side_by_side(&tape, &batch[i], chunk.clone()));
                let loss = meta_loss(on_tape, problems, second == 1);
                part.copy_from_tape(&grad(loss, &on_tape));
                f64::from(loss.item())
            });
            gradient.add_assign(&part);
        }
        adam.step(&mut learned, &gradient, 1e-3);
        total
    };

    let (losses, first_call) = timed(|| pool.iter().map(&mut step).collect::<Vec<f64>>());
    let check = Check { check_first: losses[0], check_last: losses[ITERATIONS - 1], check_iters: ITERATIONS };
    let rates = bench.measure(ITERATIONS as f64, 0.25, || {
        pool.iter().for_each(|batch| {
            step(batch);
        });
    });
    bench.tell(("lstm", "unrolls/s"), What { mode: "loop", second, chunk }, rates, first_call, check);
}

/// Some problems of a batch as episodes.
fn side_by_side<'t>(tape: &'t Tape, batch: &Tensor, some: Range<usize>) -> Var<'t> {
    let each = [batch.shape().dim(1), batch.shape().dim(2)];
    let size = each[0] * each[1];
    tape.leaf(Extent::new(some.len() as u32, each), |out| {
        out.copy_from_slice(&batch.values()[some.start * size..some.end * size]);
    })
}

/// The sum of the losses `|a theta - y|^2` behind all steps, as a part of the mean over the problems of a batch.
fn meta_loss<'t>(learned: Params<'t>, [a, y, mut theta]: [Var<'t>; 3], second: bool) -> Var<'t> {
    let loss = |theta| (a.matmul(theta) - y).sum_squares(1.0);
    let head = [learned.len() - 2, learned.len() - 1].map(|i| learned.get(i));
    let mut state = NET.start(a.tape(), SIZE);
    let mut here = loss(theta);
    let mut total = None;
    for _ in 0..STEPS {
        let gradient = grad(here, &theta);
        state = NET.step(learned, state, if second { gradient } else { gradient.detach() });
        theta = theta.add_scaled(0.1, NET.output(state).matmul_add(head[0], head[1], false));
        here = loss(theta);
        total = Some(total.map_or(here, |total: Var<'t>| total + here));
    }
    total.expect("a step").sum_episodes() * (1.0 / PROBLEMS as f32)
}
