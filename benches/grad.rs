//! A loss, and its gradient.

mod common;

use common::Network;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use metatape::prelude::*;

fn grad_of_networks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("grad");
    for network in Network::both() {
        let mut tape = Tape::new();
        let Network { theta, batch, loss, .. } = &network;
        group.bench_function(BenchmarkId::new("loss", network.name), |bencher| {
            bencher.iter(|| {
                tape.clear();
                loss(theta.put(&tape), batch.put(&tape)).item()
            });
        });
        group.bench_function(BenchmarkId::new("grad", network.name), |bencher| {
            bencher.iter(|| {
                tape.clear();
                let theta = theta.put(&tape);
                grad(loss(theta, batch.put(&tape)), &theta).get(0).id()
            });
        });
    }
}

criterion_group!(benches, grad_of_networks);
criterion_main!(benches);
