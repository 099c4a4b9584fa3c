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

criterion_group!(benches, slices, matrices);
criterion_main!(benches);
