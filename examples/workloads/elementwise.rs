//! Functions of single numbers in f32, in chains where each call needs the one before, and one by one.

use std::hint::black_box;

use metatape::kernels::map::{Unary, map, zip};
use metatape::ops::Add;
use metatape::simd::{Lanes, math};
use serde::Serialize;

use super::data::{tensor, uniform};
use super::measure::{Bench, digits, timed};

#[derive(Serialize)]
struct What {
    op: &'static str,
    n: usize,
    mode: &'static str,
    /// Gigabytes read and written a second.
    #[serde(serialize_with = "digits")]
    gbs: f64,
}

#[derive(Serialize)]
struct Nothing {}

/// From `x`, and for some functions `y`, to the result.
type Function = fn(&[f32], &[f32], &mut [f32]);

/// Name, function, how many slices it reads and writes.
const FUNCTIONS: [(&str, Function, usize); 5] = [
    ("exp", |x, _, out| map(x, out, ExpNeg), 2),
    ("tanh", |x, _, out| map(x, out, Tanh), 2),
    ("sigmoid", |x, _, out| map(x, out, Sigmoid), 2),
    ("relu", |x, _, out| map(x, out, Relu), 2),
    ("add", |x, y, out| zip(x, y, out, Add), 3),
];

pub fn run(bench: &Bench, lengths: &[usize]) {
    let lengths = match (lengths, bench.quick) {
        ([], true) => &[1_000, 100_000][..],
        ([], false) => &[1_000, 100_000, 10_000_000],
        _ => lengths,
    };
    for &n in lengths {
        let x = tensor([n], uniform(1, n).map(|u| u * 4.0 - 2.0));
        let y = tensor([n], uniform(2, n));
        let (x, y) = (x.values(), y.values());
        let (mut from, mut to) = (x.to_vec(), vec![0.0; n]);
        for (op, function, slices) in FUNCTIONS {
            let tell = |mode, rates: super::measure::Rates, first_call| {
                let what = What { op, n, mode, gbs: rates.value * (4 * slices) as f64 };
                bench.tell(("elementwise", "Gelem/s"), what, rates, first_call, Nothing {});
            };
            let links = (20_000_000 / n).max(20);
            let mut chain = || {
                function(x, y, &mut from);
                for _ in 1..links {
                    function(&from, y, &mut to);
                    std::mem::swap(&mut from, &mut to);
                }
                black_box(&from);
            };
            let ((), first_call) = timed(&mut chain);
            tell("chain", bench.measure((links * n) as f64 / 1e9, 0.05, chain), first_call);

            let calls = (10_000_000 / n).clamp(1, 1_000);
            let rates = bench.measure((calls * n) as f64 / 1e9, 0.05, || {
                for _ in 0..calls {
                    function(black_box(x), y, &mut to);
                    black_box(&to);
                }
            });
            tell("dispatch", rates, 0.0);
        }
    }
}

macro_rules! functions {
    ($($name:ident: $x:ident => $result:expr;)+) => {
        $(
            #[derive(Clone, Copy)]
            struct $name;

            impl Unary<f32> for $name {
                #[inline(always)]
                fn apply<L: Lanes<f32>>(self, $x: L) -> L {
                    $result
                }
            }
        )+
    };
}

functions! {
    ExpNeg: x => math::exp(x.neg());
    Tanh: x => math::tanh(x);
    Sigmoid: x => math::sigmoid(x);
    Relu: x => x.max(L::splat(0.0));
}
