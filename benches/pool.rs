//! What stands behind a convolution: moments, pooling and its transposes, normalisation.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use metatape::kernels::moments::moments;
use metatape::kernels::pool::{Scores, Windows, pick, place};
use metatape::kernels::scale_shift::scale_shift;

/// Bytes read and written once, as though nothing were fetched before it is written over.
fn kernels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pool");
    for (images, side) in [(75, 28), (75, 14), (5, 28), (5, 14)] {
        let windows =
            Windows { images, height: side, width: side, channels: 64, size: [2, 2], stride: [2, 2] };
        let length = images * side * side * windows.channels;
        let z: Vec<f32> = (0..length).map(|i| (i as f32 * 0.618_034).fract() - 0.5).collect();
        let v: Vec<f32> = z.iter().rev().copied().collect();
        let ab = vec![0.7; 2 * windows.channels];
        let (mut large, mut small) = (vec![0.0; length], vec![0.0; length / 4]);
        let mut rows = vec![0.0; 2 * windows.channels];
        let scores = Scores::Scaled { z: &z, a: &ab[..windows.channels] };
        let shape = format!("{images}x{side}x{side}x64");

        group.throughput(Throughput::Bytes((4 * length) as u64));
        group.bench_function(BenchmarkId::new("moments", &shape), |bencher| {
            bencher.iter(|| moments(&z, black_box(&mut rows)));
        });
        group.throughput(Throughput::Bytes((5 * length) as u64));
        group.bench_function(BenchmarkId::new("scaled_pick", &shape), |bencher| {
            bencher.iter(|| pick(windows, scores, &z, black_box(&mut small)));
        });
        group.throughput(Throughput::Bytes((9 * length) as u64));
        group.bench_function(BenchmarkId::new("scaled_place", &shape), |bencher| {
            bencher.iter(|| place(windows, scores, &v, black_box(&mut large)));
        });
        group.throughput(Throughput::Bytes((12 * length) as u64));
        group.bench_function(BenchmarkId::new("scale_shift_add", &shape), |bencher| {
            bencher.iter(|| scale_shift(&z, &ab, Some(&v), false, black_box(&mut large)));
        });
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
