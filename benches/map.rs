//! Elementwise kernels on slices inside the first cache, the second, and beyond, and broadcasting on the small shapes of a
//! network with 40 units for four tasks side by side.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use metatape::kernels::broadcast::{broadcast, zip_broadcast, zip3_broadcast};
use metatape::kernels::map::{Ternary, Unary, map, zip, zip3};
use metatape::ops::{Add, Gate};
use metatape::simd::{Float, Lanes, math};

macro_rules! functions {
    ($($name:ident = $function:path;)+) => {
        $(
            #[derive(Clone, Copy)]
            struct $name;

            impl Unary<f32> for $name {
                #[inline(always)]
                fn apply<L: Lanes<f32>>(self, x: L) -> L {
                    $function(x)
                }
            }
        )+
    };
}

functions! {
    Exp = math::exp;
    Ln = math::ln;
    Tanh = math::tanh;
    Sigmoid = math::sigmoid;
    Sin = math::sin;
}

/// `x - y z`, a step of gradient descent.
#[derive(Clone, Copy)]
struct Descend;

impl<T: Float> Ternary<T> for Descend {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L, z: L) -> L {
        y.neg().mul_add(z, x)
    }
}

type Function = fn(&[f32], &mut [f32]);

/// The length of the row that is added to every row, as a bias to a layer of 40 units.
const COLUMNS: usize = 40;

fn add_row(x: &[f32], out: &mut [f32]) {
    let counts = [1, 1, 1, x.len() / COLUMNS, COLUMNS];
    zip_broadcast([counts, [1, 1, 1, 1, COLUMNS]], x, &x[..COLUMNS], out, Add);
}

fn elementwise(criterion: &mut Criterion) {
    let functions: [(&str, Function); 9] = [
        ("exp", |x, out| map(x, out, Exp)),
        ("ln", |x, out| map(x, out, Ln)),
        ("tanh", |x, out| map(x, out, Tanh)),
        ("sigmoid", |x, out| map(x, out, Sigmoid)),
        ("sin", |x, out| map(x, out, Sin)),
        ("relu", |x, out| zip(x, x, out, Gate)),
        ("add", |x, out| zip(x, x, out, Add)),
        ("descend", |x, out| zip3(x, x, x, out, Descend)),
        ("add_row", add_row),
    ];
    let mut group = criterion.benchmark_group("map");
    for n in [1_000, 100_000, 10_000_000] {
        group.throughput(Throughput::Elements(n as u64));
        let x: Vec<f32> = (0..n).map(|i| 0.5 + (i % 1000) as f32 * 0.002).collect();
        let mut out = vec![0.0; n];
        for (name, function) in functions {
            group
                .bench_function(BenchmarkId::new(name, n), |bencher| bencher.iter(|| function(&x, &mut out)));
        }
    }
}

fn small_shapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("broadcast");
    let x: Vec<f32> = (0..10_000).map(|i| (i % 1000) as f32 * 0.002).collect();
    let mut out = vec![0.0; 10_000];
    let tasks = 4;
    let bias = [tasks, 1, 1, 1, 40];
    for (name, left, right) in [
        ("4x[10, 40] + 4x[40]", [tasks, 1, 1, 10, 40], bias),
        ("4x[10, 40] + [40]", [tasks, 1, 1, 10, 40], [1, 1, 1, 1, 40]),
        ("4x[10, 40] + 4x[10, 1]", [tasks, 1, 1, 10, 40], [tasks, 1, 1, 10, 1]),
        ("[40] + 4x[40]", [1, 1, 1, 1, 40], bias),
        ("[1] + 4x[1]", [1; 5], [tasks, 1, 1, 1, 1]),
    ] {
        let length = tasks * left[3].max(right[3]) * left[4].max(right[4]);
        group.bench_function(name, |bencher| {
            bencher.iter(|| zip_broadcast(black_box([left, right]), &x, &x, &mut out[..length], Add));
        });
    }
    group.bench_function("4x[40] to 4x[10, 40]", |bencher| {
        bencher.iter(|| broadcast(black_box([bias, [tasks, 1, 1, 10, 40]]), &x, &mut out[..1600]));
    });
    let (shared, own) = ([1, 1, 1, 40, 40], [tasks, 1, 1, 40, 40]);
    group.bench_function("[40, 40] - [40, 40] 4x[40, 40]", |bencher| {
        bencher
            .iter(|| zip3_broadcast(black_box([shared, shared, own]), &x, &x, &x, &mut out[..6400], Descend));
    });
}

criterion_group!(benches, elementwise, small_shapes);
criterion_main!(benches);
