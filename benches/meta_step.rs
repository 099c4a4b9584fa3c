//! Whole meta-iterations on the sinusoid benchmark: exact second order, by both roads.

mod common;

use common::regression;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use metatape::prelude::*;
use metatape::tasks::{Sinusoid, stream};

fn meta_step(criterion: &mut Criterion) {
    let theta = mlp_parameters(&[1, 40, 40, 1], Initializer::Xavier, &mut stream(0, 0, 0));
    let meta_sgd = MetaSgd::published();
    let rates = meta_sgd.rates_like(&theta, 0.01);
    learner(criterion, "maml", Maml { rate: 0.01 }, (theta.clone(), ()));
    learner(criterion, "meta_sgd", meta_sgd, (theta, rates));
}

fn learner<L: Inner<f32> + Copy>(
    criterion: &mut Criterion,
    name: &str,
    learner: L,
    learned: (Tensors, L::Meta),
) where
    L::Meta: Clone,
{
    let mut group = criterion.benchmark_group("meta_step");
    for (meta_batch, steps) in [(4, 1), (4, 5), (25, 1), (25, 5)] {
        let mut rng = stream(0, 0, 1);
        let episodes: Vec<Episode> =
            (0..meta_batch).map(|_| Sinusoid::meta_sgd().episode(10, 10, &mut rng)).collect();
        group.throughput(Throughput::Elements(1));
        for (road_name, road) in [("tape", Road::Tape), ("adjoint", Road::Adjoint)] {
            let problem = Problem { road, ..Problem::new(learner, regression, steps) };
            // A rate of zero keeps the work the same from one iteration to the next.
            let (schedule, workers) = (Schedule::constant(0.0), Workers::new(meta_batch));
            let mut training = Training::new(problem, learned.clone(), Adam::new(), schedule, workers);
            let id = BenchmarkId::new(format!("{name}/{road_name}"), format!("{meta_batch}x{steps}"));
            group.bench_function(id, |bencher| bencher.iter(|| training.step(&episodes)));
        }
    }
}

criterion_group!(benches, meta_step);
criterion_main!(benches);
