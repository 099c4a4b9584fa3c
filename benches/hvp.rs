//! Hessian-vector products in both modes, everything from the loss on included.

mod common;

use common::Network;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use metatape::prelude::*;

type Product = for<'t> fn(Var<'t>, &Params<'t>, &Params<'t>) -> Params<'t>;

fn both_modes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hvp");
    let modes: [(&str, Product); 2] = [
        ("forward_over_reverse", |loss, theta, direction| hvp_forward(loss, theta, direction)),
        ("reverse_over_reverse", |loss, theta, direction| hvp_reverse(loss, theta, direction)),
    ];
    for network in Network::both() {
        let mut tape = Tape::new();
        let Network { theta, direction, batch, loss, .. } = &network;
        for (mode, product) in modes {
            group.bench_function(BenchmarkId::new(mode, network.name), |bencher| {
                bencher.iter(|| {
                    tape.clear();
                    let (theta, direction) = (theta.put(&tape), direction.put(&tape));
                    product(loss(theta, batch.put(&tape)), &theta, &direction).get(0).id()
                });
            });
        }
    }
}

criterion_group!(benches, both_modes);
criterion_main!(benches);
