//! Reductions of whole slices and along the axes of matrices.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use metatape::kernels::reduce::{all_finite, squared_norm};
use metatape::kernels::softmax::softmax;
use metatape::kernels::sum::{dot_to, sum_to};

fn slices(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reduce");
    for n in [1_000, 100_000, 10_000_000] {
        group.throughput(Throughput::Elements(n as u64));
        let x: Vec<f32> = (0..n).map(|i| (i % 7) as f32).collect();
        let mut total = [0.0];
        group.bench_function(BenchmarkId::new("sum", n), |bencher| {
            bencher.iter(|| sum_to([[1, 1, 1, 1, n], [1; 5]], &x, black_box(&mut total)));
        });
        group.bench_function(BenchmarkId::new("squared_norm", n), |bencher| {
            bencher.iter(|| squared_norm(black_box(&x)));
        });
        group.bench_function(BenchmarkId::new("all_finite", n), |bencher| {
            bencher.iter(|| all_finite(black_box(&x)));
        });
    }
}

fn matrices(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reduce");
    for (rows, columns) in [(10, 40), (250, 40), (80, 5), (1000, 1000)] {
        let size = format!("{rows}x{columns}");
        group.throughput(Throughput::Elements((rows * columns) as u64));
        let x: Vec<f32> = (0..rows * columns).map(|i| (i % 7) as f32).collect();
        let (mut by_row, mut by_column) = (vec![0.0; rows], vec![0.0; columns]);
        let mut whole = vec![0.0; rows * columns];
        let counts = [1, 1, 1, rows, columns];
        group.bench_function(BenchmarkId::new("sum_over_rows", &size), |bencher| {
            bencher.iter(|| sum_to([counts, [1, 1, 1, 1, columns]], &x, &mut by_column));
        });
        group.bench_function(BenchmarkId::new("sum_over_columns", &size), |bencher| {
            bencher.iter(|| sum_to([counts, [1, 1, 1, rows, 1]], &x, &mut by_row));
        });
        group.bench_function(BenchmarkId::new("dot_over_rows", &size), |bencher| {
            bencher.iter(|| dot_to([counts, counts, [1, 1, 1, 1, columns]], &x, &x, 0.5, &mut by_column));
        });
        group.bench_function(BenchmarkId::new("dot_over_columns", &size), |bencher| {
            bencher.iter(|| dot_to([counts, counts, [1, 1, 1, rows, 1]], &x, &x, 0.5, &mut by_row));
        });
        group.bench_function(BenchmarkId::new("softmax", &size), |bencher| {
            bencher.iter(|| softmax(&x, columns, &mut whole));
        });
    }
}

/// Four tasks side by side: biases' and losses' sums, and an inner product of all of a gradient.
fn small_shapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sum");
    let x: Vec<f32> = (0..10_000).map(|i| (i % 7) as f32).collect();
    let mut out = vec![0.0; 1600];
    let (hidden, weights, losses) = ([4, 1, 1, 10, 40], [4, 1, 1, 40, 40], [4, 1, 1, 10, 1]);
    for (name, from, to) in [
        ("4x[10, 40] to 4x[40]", hidden, [4, 1, 1, 1, 40]),
        ("4x[10, 40] to 4x[10, 1]", hidden, [4, 1, 1, 10, 1]),
        ("4x[40, 40] to [40, 40]", weights, [1, 1, 1, 40, 40]),
        ("4x[10, 1] to 4x[]", losses, [4, 1, 1, 1, 1]),
        ("4x[40] to [40]", [4, 1, 1, 1, 40], [1, 1, 1, 1, 40]),
    ] {
        let length = to.iter().product();
        group.bench_function(BenchmarkId::new("sum", name), |bencher| {
            bencher.iter(|| sum_to(black_box([from, to]), &x, &mut out[..length]));
        });
        group.bench_function(BenchmarkId::new("dot", name), |bencher| {
            bencher.iter(|| dot_to(black_box([from, from, to]), &x, &x, 0.5, &mut out[..length]));
        });
    }
}

criterion_group!(benches, slices, matrices, small_shapes);
criterion_main!(benches);
