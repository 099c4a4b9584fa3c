//! What values and derivatives are at the edges of an op's domain: the table in `metatape::ops`, line by line.

use metatape::calculus::{grad, hvp, hvp_reverse};
use metatape::ops::{Tape, Var};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// A function at a point: its value, its first and its second derivative.
struct Edge {
    name: &'static str,
    function: for<'t> fn(Var<'t, f64>) -> Var<'t, f64>,
    at: f64,
    expected: [f64; 3],
}

const fn edge(
    name: &'static str,
    at: f64,
    function: for<'t> fn(Var<'t, f64>) -> Var<'t, f64>,
    expected: [f64; 3],
) -> Edge {
    Edge { name, function, at, expected }
}

const EDGES: &[Edge] = &[
    edge("exp", 1000.0, |x| x.exp(), [INF, INF, INF]),
    edge("exp", -1000.0, |x| x.exp(), [0.0, 0.0, 0.0]),
    edge("expm1", -1000.0, |x| x.expm1(), [-1.0, 0.0, 0.0]),
    edge("ln", 0.0, |x| x.ln(), [-INF, INF, -INF]),
    edge("ln", -1.0, |x| x.ln(), [NAN, -1.0, -1.0]),
    edge("ln1p", -1.0, |x| x.ln1p(), [-INF, INF, -INF]),
    edge("sqrt", 0.0, |x| x.sqrt(), [0.0, INF, -INF]),
    edge("sqrt", -1.0, |x| x.sqrt(), [NAN, NAN, NAN]),
    edge("recip", 0.0, |x| x.recip(), [INF, -INF, INF]),
    edge("div 1/x", 0.0, |x| x.tape().scalar(1.0) / x, [INF, -INF, INF]),
    edge("div 0/x", 0.0, |x| x.tape().scalar(0.0) / x, [NAN, NAN, NAN]),
    edge("mul 0 x", INF, |x| x.tape().scalar(0.0) * x, [NAN, 0.0, 0.0]),
    edge("norm", 0.0, |x| x.square().sqrt(), [0.0, NAN, NAN]),
    edge("abs", 0.0, |x| x.abs(), [0.0, 0.0, 0.0]),
    edge("relu", 0.0, |x| x.relu(), [0.0, 0.0, 0.0]),
    edge("tanh", INF, |x| x.tanh(), [1.0, 0.0, 0.0]),
    edge("sigmoid", INF, |x| x.sigmoid(), [1.0, 0.0, 0.0]),
    edge("sigmoid", -INF, |x| x.sigmoid(), [0.0, 0.0, 0.0]),
    edge("softplus", INF, |x| x.softplus(), [INF, 1.0, 0.0]),
    edge("softplus", -INF, |x| x.softplus(), [0.0, 0.0, 0.0]),
    edge("sin", INF, |x| x.sin(), [NAN, NAN, NAN]),
    edge("where", 0.0, |x| guarded(x, |x| x.sqrt()), [0.0, NAN, NAN]),
    edge(
        "where, twice",
        0.0,
        |x| guarded(x, |x| (x + (x.tape().scalar(1.0) - step(x))).sqrt()),
        [0.0, 0.0, 0.0],
    ),
    edge("norm + eps", 0.0, |x| (x.square() + 1e-12).sqrt(), [1e-6, 0.0, 1e6]),
];

/// 1 where `x > 0`, else 0; constant on either side.
fn step(x: Var<'_, f64>) -> Var<'_, f64> {
    let one = x.tape().scalar(1.0);
    x.tape().record(metatape::ops::Gate.into(), &[x, one])
}

/// `f(x)` where `x > 0`, else 0.
fn guarded<'t>(x: Var<'t, f64>, f: impl Fn(Var<'t, f64>) -> Var<'t, f64>) -> Var<'t, f64> {
    x.tape().record(metatape::ops::Gate.into(), &[x, f(x)])
}

fn same(got: f64, expected: f64) -> bool {
    got == expected || (got.is_nan() && expected.is_nan()) || (got - expected).abs() <= 1e-12 * expected.abs()
}

#[test]
fn values_and_both_derivatives_at_the_edge_are_as_written_down() {
    let mut wrong = Vec::new();
    for Edge { name, function, at, expected } in EDGES {
        let tape = Tape::<f64>::new();
        let x = tape.scalar(*at);
        let y = function(x);
        let one = tape.scalar(1.0);
        let found = [y.item(), grad(y, &x).item(), hvp(y, &x, &one).item()];
        let reverse = hvp_reverse(y, &x, &one).item();
        let agree = found.iter().zip(expected).all(|(&got, &expected)| same(got, expected));
        if !agree || !same(reverse, found[2]) {
            wrong.push(format!("{name} at {at}: {found:?}, reverse {reverse}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
