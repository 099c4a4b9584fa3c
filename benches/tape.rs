//! What a node costs: tensors of four floats, so that there is nothing to compute.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use metatape::calculus::grad;
use metatape::ops::{Tape, Var};
use metatape::tape::Extent;

const NODES: u32 = 1_000;

/// A chain of `NODES` ops behind `x`: adding, multiplying and gating in turn.
fn chain<'t>(x: Var<'t>) -> Var<'t> {
    let half = x.tape().fill(Extent::shared([4]), 0.5);
    (0..NODES).fold(x, |y, i| match i % 3 {
        0 => y + x,
        1 => y * half,
        _ => y.relu(),
    })
}

fn nodes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tape");
    group.throughput(Throughput::Elements(NODES.into()));
    let mut tape = Tape::new();
    group.bench_function("record", |bencher| {
        bencher.iter(|| {
            tape.clear();
            chain(tape.fill(Extent::shared([4]), 1.0)).id()
        });
    });
    // A reverse walk reads each node once and records one or two for it: the nodes counted are those recorded.
    tape.clear();
    let x = tape.fill(Extent::shared([4]), 1.0);
    grad(chain(x).sum(), &x);
    group.throughput(Throughput::Elements(tape.len() as u64));
    group.bench_function("record_and_grad", |bencher| {
        bencher.iter(|| {
            tape.clear();
            let x = tape.fill(Extent::shared([4]), 1.0);
            grad(chain(x).sum(), &x).id()
        });
    });
    group.finish();

    criterion.bench_function("tape/clear", |bencher| {
        let recorded = || {
            let tape = Tape::<f32>::new();
            chain(tape.fill(Extent::shared([4]), 1.0));
            tape
        };
        bencher.iter_batched_ref(recorded, Tape::clear, BatchSize::LargeInput);
    });
}

criterion_group!(benches, nodes);
criterion_main!(benches);
