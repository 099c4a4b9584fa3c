//! Matrix products: the layers of the sinusoid network, the classifiers' and squares, in GFLOP/s as elements a second.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use metatape::kernels::gemm::{Addend, Dimensions, Operand, gemm, gemm_add, gemm_fold};
use metatape::simd::{Float, level};

/// Whether `A` and `B` are stored transposed.
type Transposed = (bool, bool);

fn bench<T: Float>(c: &mut Criterion, group: &str, size: Dimensions, transposed: Transposed, folds: bool) {
    let Dimensions { episodes, rows, inner, columns } = size;
    let values = |count: usize| (0..count).map(|i| T::from_f64((i % 13) as f64 - 6.0)).collect::<Vec<T>>();
    let (a, b) = (values(episodes * rows * inner), values(episodes * inner * columns));
    let a = Operand { values: &a[..], transposed: transposed.0, episode_stride: rows * inner };
    let b = Operand { values: &b[..], transposed: transposed.1, episode_stride: inner * columns };
    let mut product = vec![T::ZERO; if folds { 1 } else { episodes } * rows * columns];

    let mut group = c.benchmark_group(format!("gemm/{group}/{}/{}", T::NAME, level()));
    group.throughput(Throughput::Elements(2 * (episodes * rows * inner * columns) as u64));
    let letter = |transposed| if transposed { 'T' } else { 'N' };
    let kind =
        format!("{}{}{}", letter(transposed.0), letter(transposed.1), if folds { "-fold" } else { "" });
    let id = BenchmarkId::new(kind, format!("{episodes}x{rows}x{inner}x{columns}"));
    group.bench_function(id, |bencher| {
        bencher.iter(|| {
            let multiply = if folds { gemm_fold } else { gemm };
            multiply(size, black_box(a), black_box(b), black_box(&mut product));
        });
    });
    group.finish();
}

/// The network 1-40-40-1 on ten points an episode: forward, and the gradients in data and weights.
fn sinusoid<T: Float>(c: &mut Criterion) {
    for episodes in [1, 4, 25] {
        for (rows, inner, columns, transposed, folds) in [
            (10, 1, 40, (false, false), false),
            (10, 40, 40, (false, false), false),
            (10, 40, 1, (false, false), false),
            (10, 1, 40, (false, true), false),
            (10, 40, 40, (false, true), false),
            (40, 10, 40, (true, false), false),
            (40, 10, 40, (true, false), true),
            (1, 10, 40, (true, false), true),
            (40, 10, 1, (true, false), true),
        ] {
            bench::<T>(c, "sinusoid", Dimensions { episodes, rows, inner, columns }, transposed, folds);
        }
    }
}

/// A layer of the network, `relu(X W + b)`, in one pass.
fn layer<T: Float>(c: &mut Criterion) {
    let (rows, inner, columns) = (10, 40, 40);
    for episodes in [1, 4, 25] {
        let values =
            |count: usize| (0..count).map(|i| T::from_f64((i % 13) as f64 - 6.0)).collect::<Vec<T>>();
        let (a, b) = (values(episodes * rows * inner), values(episodes * inner * columns));
        let bias = values(episodes * columns);
        let a = Operand { values: &a[..], transposed: false, episode_stride: rows * inner };
        let b = Operand { values: &b[..], transposed: false, episode_stride: inner * columns };
        let bias = Addend { values: &bias[..], row_stride: 0, episode_stride: columns };
        let mut product = vec![T::ZERO; episodes * rows * columns];
        let size = Dimensions { episodes, rows, inner, columns };
        let mut group = c.benchmark_group(format!("gemm/layer/{}/{}", T::NAME, level()));
        group.throughput(Throughput::Elements(2 * (episodes * rows * inner * columns) as u64));
        group.bench_function(format!("{episodes}x{rows}x{inner}x{columns}"), |bencher| {
            bencher.iter(|| {
                let (a, b, bias) = (black_box(a), black_box(b), black_box(bias));
                gemm_add(size, a, b, Some(bias), true, black_box(&mut product));
            });
        });
        group.finish();
    }
}

fn large<T: Float>(c: &mut Criterion) {
    for n in [32, 64, 128, 256, 512, 1024] {
        let size = Dimensions { episodes: 1, rows: n, inner: n, columns: n };
        bench::<T>(c, "square", size, (false, false), false);
    }
    for (rows, inner, columns) in [(80, 784, 256), (64, 576, 784), (256, 256, 256)] {
        for transposed in [(false, false), (false, true), (true, false)] {
            bench::<T>(c, "layers", Dimensions { episodes: 1, rows, inner, columns }, transposed, false);
        }
    }
}

criterion_group!(benches, layer::<f32>, sinusoid::<f32>, sinusoid::<f64>, large::<f32>, large::<f64>);
criterion_main!(benches);
