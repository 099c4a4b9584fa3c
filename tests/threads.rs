//! The same bits for any number of threads.

mod support;

use metatape::prelude::*;
use support::{episodes, parameters, rates, relu_loss};

/// The bits of all that is learned and reported in a few outer iterations on a pool of `threads`.
fn bits<L>(learner: L, learned: (Tensors, L::Meta), road: Road, chunk: usize, threads: usize) -> Vec<u64>
where
    L: Inner<f32, Meta: Send> + Send,
{
    let problem = Problem { road, ..Problem::new(learner, relu_loss, 2) };
    let mut training =
        Training::new(problem, learned, Adam::new(), Schedule::constant(1e-3), Workers::new(chunk));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    pool.install(|| {
        let mut bits = Vec::new();
        for iteration in 0..4 {
            let batch = episodes(10, 5, 5, iteration);
            let report = if iteration < 2 { training.step(&batch) } else { training.recorded().step(&batch) };
            let report = report.expect("finite meta-gradients");
            bits.extend([report.loss.to_bits(), report.gradient_norm.to_bits()]);
        }
        let at = (&training.learned.0, &training.learned.1);
        let losses = training.problem.evaluate(
            &training.workers,
            at,
            &episodes(10, 5, 5, 9),
            (3, Adaptation::AsTrained),
        );
        bits.extend(losses.concat().iter().map(|loss| loss.to_bits()));
        training.learned.each(&mut |tensor| {
            bits.extend(tensor.values().iter().map(|x| u64::from(x.to_bits())));
        });
        bits
    })
}

#[test]
fn any_number_of_threads_learns_the_same_bits() {
    let theta = parameters(&[1, 40, 40, 1], 1);
    let meta_sgd = MetaSgd::published();
    let alpha = rates(&meta_sgd, &theta, 0.01, 2);
    for (road, chunk) in [(Road::Tape, 1), (Road::Tape, 3), (Road::Adjoint, 1), (Road::Adjoint, 3)] {
        let of_maml = |threads| bits(Maml { rate: 0.01 }, (theta.clone(), ()), road, chunk, threads);
        let of_meta_sgd = |threads| bits(meta_sgd, (theta.clone(), alpha.clone()), road, chunk, threads);
        let (maml, rated) = (of_maml(1), of_meta_sgd(1));
        assert_ne!(maml, rated);
        for threads in [2, 4] {
            assert!(maml == of_maml(threads), "MAML, {road:?}, chunks of {chunk}, {threads} threads");
            assert!(
                rated == of_meta_sgd(threads),
                "Meta-SGD, {road:?}, chunks of {chunk}, {threads} threads"
            );
        }
    }
}

/// Products that are large enough to be split between threads themselves.
#[test]
fn a_large_model_on_one_tape_has_the_same_bits_too() {
    let theta = parameters::<f32>(&[1, 256, 256, 1], 1);
    let episodes = episodes(2, 256, 256, 3);
    let problem = Problem::new(Maml { rate: 0.01 }, relu_loss, 1);
    let gradient = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| support::meta_gradient(&problem, (&theta, &()), &episodes, 2))
    };
    let one = gradient(1);
    assert!(one == gradient(2), "2 threads");
    assert!(one == gradient(4), "4 threads");
}
