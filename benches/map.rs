//! Elementwise kernels, and one with a repeated row, on slices inside the first cache, the second, and beyond.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use metatape::kernels::broadcast::zip_broadcast;
use metatape::kernels::map::{Unary, map, zip};
use metatape::ops::{Add, Gate};
use metatape::simd::{Lanes, math};

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

type Function = fn(&[f32], &mut [f32]);

/// The length of the row that is added to every row, as a bias to a layer of 40 units.
const COLUMNS: usize = 40;

fn add_row(x: &[f32], out: &mut [f32]) {
    let counts = [1, 1, 1, x.len() / COLUMNS, COLUMNS];
    zip_broadcast([counts, [1, 1, 1, 1, COLUMNS]], x, &x[..COLUMNS], out, Add);
}

fn elementwise(criterion: &mut Criterion) {
    let functions: [(&str, Function); 8] = [
        ("exp", |x, out| map(x, out, Exp)),
        ("ln", |x, out| map(x, out, Ln)),
        ("tanh", |x, out| map(x, out, Tanh)),
        ("sigmoid", |x, out| map(x, out, Sigmoid)),
        ("sin", |x, out| map(x, out, Sin)),
        ("relu", |x, out| zip(x, x, out, Gate)),
        ("add", |x, out| zip(x, x, out, Add)),
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

criterion_group!(benches, elementwise);
criterion_main!(benches);
