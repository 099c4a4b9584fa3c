//! Convolutions: the layers of Conv-4 on 28x28 images and its second on 84x84, one episode's support and query sets, in
//! GFLOP/s of the plain loops as elements a second; Winograd's tiles do less.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use metatape::kernels::conv::{Geometry, add_conv_weight, conv, conv_input};
use metatape::simd::{Float, level};

fn bench<T: Float>(c: &mut Criterion, geometry: Geometry) {
    let Geometry { images, input: [height, width], channels, kernel: [a, b], filters, .. } = geometry;
    let [i, j] = geometry.output().expect("a window that fits");
    let values = |count: usize| (0..count).map(|i| T::from_f64((i % 13) as f64 - 6.0)).collect::<Vec<T>>();
    let mut x = values(images * height * width * channels);
    let mut w = values(a * b * channels * filters);
    let mut y = values(images * i * j * filters);

    let mut group = c.benchmark_group(format!("conv/{}/{}", T::NAME, level()));
    group.throughput(Throughput::Elements(2 * (y.len() * a * b * channels) as u64));
    let id = |kind| {
        BenchmarkId::new(
            kind,
            format!("{images}x{height}x{width}x{channels}-{filters}/{}", geometry.stride[0]),
        )
    };
    group.bench_function(id("forward"), |bencher| {
        bencher.iter(|| conv(&geometry, black_box(&x), black_box(&w), &mut y));
    });
    group.bench_function(id("input"), |bencher| {
        bencher.iter(|| conv_input(&geometry, black_box(&y), black_box(&w), &mut x));
    });
    group.bench_function(id("weight"), |bencher| {
        bencher.iter(|| {
            w.fill(T::ZERO);
            add_conv_weight(&geometry, black_box(&x), black_box(&y), &mut w);
        });
    });
    group.finish();
}

fn conv4<T: Float>(c: &mut Criterion) {
    for images in [5, 75] {
        for (length, channels, stride, filters) in [
            (28, 1, 1, 64),
            (14, 64, 1, 64),
            (7, 64, 1, 64),
            (3, 64, 1, 64),
            (28, 64, 2, 64),
            (42, 32, 1, 32),
        ] {
            let (kernel, stride, padding) = ([3, 3], [stride; 2], [1, 1]);
            bench::<T>(
                c,
                Geometry { images, input: [length; 2], channels, kernel, stride, padding, filters },
            );
        }
    }
}

criterion_group!(benches, conv4::<f32>, conv4::<f64>);
criterion_main!(benches);
