//! What a node costs: tensors of four floats, so that there is nothing to compute.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use metatape::calculus::grad;
use metatape::ops::{Tape, Var};
use metatape::tape::Extent;

const OPS: u32 = 1_000;

/// A chain of `OPS` ops behind `x`: adding, multiplying and gating in turn.
fn chain<'t>(x: Var<'t>) -> Var<'t> {
    let half = x.tape().fill(Extent::shared([4]), 0.5);
    (0..OPS).fold(x, |y, i| match i % 3 {
        0 => y + x,
        1 => y * half,
        _ => y.relu(),
    })
}

type Work = fn(&mut Tape<f32>) -> u32;

fn record(tape: &mut Tape<f32>) -> u32 {
    tape.clear();
    chain(tape.fill(Extent::shared([4]), 1.0)).id()
}

/// The same, and the gradient of its sum.
fn record_and_grad(tape: &mut Tape<f32>) -> u32 {
    tape.clear();
    let x = tape.fill(Extent::shared([4]), 1.0);
    grad(chain(x).sum(), &x).id()
}

/// What is timed; never inlined, so that callgrind can count just this.
#[inline(never)]
fn measured(work: Work, tape: &mut Tape<f32>) -> u32 {
    work(tape)
}

fn nodes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tape");
    for (name, work) in [("record", record as Work), ("record_and_grad", record_and_grad)] {
        // Once before, for the number of nodes, those of the reverse walk included, and for the memory.
        let mut tape = Tape::new();
        work(&mut tape);
        group.throughput(Throughput::Elements(tape.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| measured(work, &mut tape)));
    }
    group.finish();

    criterion.bench_function("tape/clear", |bencher| {
        let recorded = || {
            let mut tape = Tape::new();
            record(&mut tape);
            tape
        };
        bencher.iter_batched_ref(recorded, Tape::clear, BatchSize::LargeInput);
    });
}

criterion_group!(benches, nodes);
criterion_main!(benches);
