//! Matrix products, in chains where each needs the one before, and one by one.

use std::fmt;
use std::hint::black_box;
use std::str::FromStr;

use metatape::kernels::gemm::{Dimensions, Operand, gemm};
use metatape::simd::Float;
use serde::Serialize;

use super::data::normal;
use super::measure::{Bench, timed};
use super::{Options, Precision};

/// What is measured where no shape is asked for.
const SHAPES: [[usize; 4]; 12] = [
    [1, 32, 32, 32],
    [1, 64, 64, 64],
    [1, 128, 128, 128],
    [1, 256, 256, 256],
    [1, 512, 512, 512],
    [1, 1024, 1024, 1024],
    [1, 10, 40, 40],
    [25, 10, 40, 40],
    [1, 80, 784, 5],
    [1, 80, 5, 784],
    [1, 80, 784, 256],
    [1, 1280, 20, 80],
];

/// The most numbers that a matrix may have, all episodes together.
const LARGEST: usize = 1 << 28;

/// The size of a product, read as `ROWSxINNERxCOLUMNS` or, for several side by side, `EPISODES:ROWSxINNERxCOLUMNS`.
#[derive(Clone, Copy)]
pub struct Shape(Dimensions);

impl FromStr for Shape {
    type Err = String;

    fn from_str(word: &str) -> Result<Shape, String> {
        let (episodes, lengths) = word.split_once(':').unwrap_or(("1", word));
        let lengths = [episodes].into_iter().chain(lengths.split('x')).map(str::parse::<usize>);
        match lengths.collect::<Result<Vec<_>, _>>().as_deref() {
            Ok(&[episodes, rows, inner, columns]) => {
                let size = Dimensions { episodes, rows, inner, columns };
                let fits = |[a, b]: [usize; 2]| {
                    let numbers = episodes.checked_mul(a).and_then(|numbers| numbers.checked_mul(b));
                    numbers.is_some_and(|numbers| (1..=LARGEST).contains(&numbers))
                };
                match [[rows, inner], [inner, columns], [rows, columns]].into_iter().all(fits) {
                    true => Ok(Shape(size)),
                    false => Err(format!("a matrix of it has no numbers or more than {LARGEST}")),
                }
            }
            _ => Err("ROWSxINNERxCOLUMNS or EPISODES:ROWSxINNERxCOLUMNS is needed".to_owned()),
        }
    }
}

/// As the peers name it: `sq32`, `10x40@40x40`, `b25:10x40@40x40`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dimensions { episodes, rows, inner, columns } = self.0;
        if episodes > 1 {
            write!(f, "b{episodes}:")?;
        }
        match rows == inner && inner == columns {
            true => write!(f, "sq{rows}"),
            false => write!(f, "{rows}x{inner}@{inner}x{columns}"),
        }
    }
}

#[derive(Serialize)]
struct What<'a> {
    shape: &'a str,
    r#type: &'static str,
    mode: &'static str,
}

#[derive(Serialize)]
struct Nothing {}

pub fn run(bench: &Bench, options: &Options) {
    let measured = match options.shapes.is_empty() {
        true => SHAPES
            .map(|[episodes, rows, inner, columns]| Shape(Dimensions { episodes, rows, inner, columns }))
            .to_vec(),
        false => options.shapes.clone(),
    };
    for shape in measured {
        match options.precision {
            Precision::F32 => multiply::<f32>(bench, shape),
            Precision::F64 => multiply::<f64>(bench, shape),
        }
    }
}

fn multiply<T: Float>(bench: &Bench, shape: Shape) {
    let there = shape.0;
    let Dimensions { episodes, rows, inner, columns } = there;
    let back = Dimensions { inner: columns, columns: inner, ..there };
    let matrices = |seed, rows, columns, scale: f64| -> Vec<T> {
        normal(seed, episodes * rows * columns).map(|z| T::from_f64(z * scale)).collect()
    };
    let x = matrices(1, rows, inner, 1.0);
    let w = matrices(2, inner, columns, (inner as f64).powf(-0.5));
    let w2 = matrices(3, columns, inner, (columns as f64).powf(-0.5));
    let flops = 2.0 * (episodes * rows * inner * columns) as f64;
    let shape = &shape.to_string();
    let tell = |mode, rates, first_call| {
        bench.tell(("gemm", "GFLOP/s"), What { shape, r#type: T::NAME, mode }, rates, first_call, Nothing {});
    };

    let (mode, products) = if inner == columns { ("chain", 1.0) } else { ("chain_pair", 2.0) };
    let links = (2e9 / flops).clamp(1.0, 20_000.0) as usize;
    let mut from = x.clone();
    let mut to = vec![T::ZERO; episodes * rows * columns];
    let mut chain = || {
        from.copy_from_slice(&x);
        for _ in 0..links {
            product(there, &from, &w, &mut to);
            if inner == columns {
                std::mem::swap(&mut from, &mut to);
            } else {
                product(back, &to, &w2, &mut from);
            }
        }
        black_box(&from);
    };
    let ((), first_call) = timed(&mut chain);
    tell(mode, bench.measure(products * flops * links as f64 / 1e9, 0.1, chain), first_call);

    let calls = (5e8 / flops).clamp(1.0, 2_000.0) as usize;
    let rates = bench.measure(flops * calls as f64 / 1e9, 0.1, || {
        for _ in 0..calls {
            product(there, black_box(&x), &w, &mut to);
            black_box(&to);
        }
    });
    tell("dispatch", rates, 0.0);
}

fn product<T: Float>(size: Dimensions, a: &[T], b: &[T], c: &mut [T]) {
    let operand = |values, episode_stride| Operand { values, transposed: false, episode_stride };
    let a = operand(a, size.rows * size.inner);
    let b = operand(b, size.inner * size.columns);
    gemm(size, a, b, c);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_named_as_the_peers_do() {
        for (word, name) in [
            ("64x64x64", "sq64"),
            ("10x40x40", "10x40@40x40"),
            ("25:10x40x40", "b25:10x40@40x40"),
            ("1:80x784x5", "80x784@784x5"),
        ] {
            assert_eq!(word.parse().map(|shape: Shape| shape.to_string()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn a_shape_that_cannot_be_is_refused() {
        for word in ["", "x", "1x2", "1x2x3x4", "0x1x2", "0:1x1x1", "1:2:3x4x5", "-1x1x1", "99999x99999x1"] {
            assert!(word.parse::<Shape>().is_err(), "{word}");
        }
    }
}
