//! Matrix products in f32, in chains where each needs the one before, and one by one.

use std::hint::black_box;

use metatape::kernels::gemm::{Dimensions, Operand, gemm};
use metatape::tensor::Tensor;
use serde::Serialize;

use super::data::{normal, tensor};
use super::measure::{Bench, timed};

/// Name, episodes, rows, inner length, columns.
const SHAPES: [(&str, usize, usize, usize, usize); 12] = [
    ("sq32", 1, 32, 32, 32),
    ("sq64", 1, 64, 64, 64),
    ("sq128", 1, 128, 128, 128),
    ("sq256", 1, 256, 256, 256),
    ("sq512", 1, 512, 512, 512),
    ("sq1024", 1, 1024, 1024, 1024),
    ("10x40@40x40", 1, 10, 40, 40),
    ("b25:10x40@40x40", 25, 10, 40, 40),
    ("80x784@784x5", 1, 80, 784, 5),
    ("80x5@5x784", 1, 80, 5, 784),
    ("80x784@784x256", 1, 80, 784, 256),
    ("1280x20@20x80", 1, 1280, 20, 80),
];

#[derive(Serialize)]
struct What {
    shape: &'static str,
    mode: &'static str,
}

#[derive(Serialize)]
struct Nothing {}

pub fn run(bench: &Bench) {
    for (shape, episodes, rows, inner, columns) in SHAPES {
        let there = Dimensions { episodes, rows, inner, columns };
        let back = Dimensions { inner: columns, columns: inner, ..there };
        let matrices = |seed, rows, columns, scale: f64| {
            tensor([episodes, rows, columns], normal(seed, episodes * rows * columns).map(|z| z * scale))
        };
        let x = matrices(1, rows, inner, 1.0);
        let w = matrices(2, inner, columns, (inner as f64).powf(-0.5));
        let w2 = matrices(3, columns, inner, (columns as f64).powf(-0.5));
        let flops = 2.0 * (episodes * rows * inner * columns) as f64;

        let (mode, products) = if inner == columns { ("chain", 1.0) } else { ("chain_pair", 2.0) };
        let links = (2e9 / flops).clamp(1.0, 20_000.0) as usize;
        let mut from = x.clone();
        let mut to = Tensor::zeros([episodes, rows, columns]);
        let mut chain = || {
            from.values_mut().copy_from_slice(x.values());
            for _ in 0..links {
                product(there, &from, &w, &mut to);
                if inner == columns {
                    std::mem::swap(&mut from, &mut to);
                } else {
                    product(back, &to, &w2, &mut from);
                }
            }
            black_box(from.values());
        };
        let ((), first_call) = timed(&mut chain);
        let rates = bench.measure(products * flops * links as f64 / 1e9, 0.1, chain);
        bench.tell(("gemm", "GFLOP/s"), What { shape, mode }, rates, first_call, Nothing {});

        let calls = (5e8 / flops).clamp(1.0, 2_000.0) as usize;
        let rates = bench.measure(flops * calls as f64 / 1e9, 0.1, || {
            for _ in 0..calls {
                product(there, black_box(&x), &w, &mut to);
                black_box(to.values());
            }
        });
        bench.tell(("gemm", "GFLOP/s"), What { shape, mode: "dispatch" }, rates, 0.0, Nothing {});
    }
}

fn product(size: Dimensions, a: &Tensor, b: &Tensor, c: &mut Tensor) {
    let operand = |values, episode_stride| Operand { values, transposed: false, episode_stride };
    let a = operand(a.values(), size.rows * size.inner);
    let b = operand(b.values(), size.inner * size.columns);
    gemm(size, a, b, c.values_mut());
}
