//! The errors of the elementary functions and of their derivative rules, against bounds and against the documentation: a
//! sampled run of what the example `accuracy` does at length.
#![allow(dead_code, reason = "what else the example needs of its parts")]

#[path = "../../examples/accuracy/double_double.rs"]
mod double_double;
#[path = "../../examples/accuracy/error.rs"]
mod error;
#[path = "../../examples/accuracy/functions.rs"]
mod functions;
mod judges;
#[path = "../../examples/accuracy/measure.rs"]
mod measure;
#[path = "../../examples/accuracy/points.rs"]
mod points;
#[path = "../../examples/accuracy/reference.rs"]
mod reference;
mod special_values;
#[path = "../../examples/accuracy/table.rs"]
mod table;

use functions::{
    Cos, Exp, Expm1, Function, Ln, Ln1p, NAMES, Of, Recip, Sigmoid, Sin, Softplus, Sqrt, Tanh, Visit,
    visit_all,
};
use measure::{Worst, worst};
use metatape::simd::{Double, Float, Level, Single, level};
use points::{Hard, Patterns, Seeded};
use table::{Row, columns, markdown, rounded_up};

/// The largest errors allowed to a function, then to its derivative: in `f32` with a fused multiply-add (AVX2, AVX-512) and
/// without (portable), and the same in `f64`.
type Bounds = [[f64; 4]; 2];

const BOUNDS: [(&str, Bounds); 11] = [
    ("exp", [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]),
    ("expm1", [[1.35, 1.35, 1.35, 1.35], [1.8, 1.8, 1.8, 1.8]]),
    ("ln", [[0.95, 0.95, 0.95, 0.95], [0.5, 0.5, 0.5, 0.5]]),
    ("ln1p", [[1.3, 1.3, 0.95, 0.95], [1.5, 1.5, 1.5, 1.5]]),
    ("tanh", [[1.4, 1.4, 1.5, 1.5], [1.2, 1.2, 1.2, 1.4]]),
    ("sigmoid", [[1.4, 1.4, 1.25, 1.3], [1.1, 1.1, 1.1, 1.1]]),
    ("softplus", [[1.25, 1.25, 1.25, 1.25], [1.4, 1.4, 1.25, 1.3]]),
    ("sin", [[1.2, 1.4, 1.2, 1.45], [1.2, 1.4, 1.2, 1.45]]),
    ("cos", [[1.2, 1.4, 1.2, 1.45], [1.2, 1.4, 1.2, 1.45]]),
    ("sqrt", [[0.5, 0.5, 0.5, 0.5], [1.5, 1.5, 1.5, 1.5]]),
    ("recip", [[0.5, 0.5, 0.5, 0.5], [1.95, 1.95, 1.95, 1.95]]),
];

fn bound(name: &str, of: Of, float: &str, level: Level) -> f64 {
    let (_, bounds) = BOUNDS.iter().find(|(other, _)| *other == name).expect("every function has bounds");
    let column = 2 * usize::from(float == Double::NAME) + usize::from(level == Level::Portable);
    bounds[usize::from(of == Of::Derivative)][column]
}

fn check<F: Function>(of: Of, float: &str, Worst { ulp, x, points }: Worst) {
    let allowed = bound(F::NAME, of, float, level());
    println!(
        "{float} {:?} of {} at {}: {ulp:.3} ULP at {x:e} among {points} ({allowed} allowed)",
        of,
        F::NAME,
        level()
    );
    assert!(
        ulp <= allowed,
        "{float} {of:?} of {} at {}: {ulp} ULP at {x:e}, {allowed} allowed",
        F::NAME,
        level()
    );
}

fn single<F: Function>(function: F) {
    for of in [Of::Value, Of::Derivative] {
        // A prime stride meets every exponent with many mantissas.
        check::<F>(of, Single::NAME, worst(function, of, &Patterns::<F>::every(1009), 1, || {}));
    }
}

fn double<F: Function>(function: F) {
    for of in [Of::Value, Of::Derivative] {
        let hard = worst(function, of, &Hard::of::<F>(), 1, || {});
        check::<F>(of, Double::NAME, hard.or(worst(function, of, &Seeded::<F>::new(1_000_000), 1, || {})));
    }
}

macro_rules! stays_within_its_bounds {
    ($($name:ident: $function:expr,)+) => {$(
        mod $name {
            use super::*;

            #[test]
            fn stays_within_its_bounds_in_f32() {
                single($function);
            }

            #[test]
            fn stays_within_its_bounds_in_f64() {
                double($function);
            }
        }
    )+};
}

stays_within_its_bounds! {
    exp: Exp,
    expm1: Expm1,
    ln: Ln,
    ln1p: Ln1p,
    tanh: Tanh,
    sigmoid: Sigmoid,
    softplus: Softplus,
    sin: Sin,
    cos: Cos,
    sqrt: Sqrt,
    recip: Recip,
}

/// The numbers of a table as the example writes it, by kind, function and column; NaN where there is a dash.
fn cells(text: &str) -> Vec<(Of, String, Vec<f64>)> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.map(|line| {
        let (name, numbers) = line.split_once("` |").expect("a name");
        let numbers = numbers.trim_end_matches('|').split('|');
        (name.to_owned(), numbers.map(|number| number.trim().parse().unwrap_or(f64::NAN)).collect())
    });
    rows.enumerate()
        .map(|(at, (name, numbers))| {
            (if at < NAMES.len() { Of::Value } else { Of::Derivative }, name, numbers)
        })
        .collect()
}

#[test]
fn the_documentation_names_every_function_and_stays_within_the_bounds() {
    let cells = cells(include_str!("../../src/simd/math/accuracy.md"));
    assert_eq!(
        cells.iter().map(|(_, name, _)| name).collect::<Vec<_>>(),
        [NAMES, NAMES].concat().iter().collect::<Vec<_>>()
    );
    for (of, name, numbers) in cells {
        assert_eq!(numbers.len(), 6, "{name}");
        for (number, (float, level)) in numbers.iter().zip(columns()) {
            // A bound may lie between two of the table's digits.
            let allowed = rounded_up(bound(&name, of, float, level));
            assert!(*number <= allowed, "{of:?} of {name}, {float} {level}: {number}, {allowed} allowed");
        }
    }
}

#[test]
fn the_table_says_what_was_measured() {
    let row = |function: &str, of, float: &str, level: Level, ulp| Row {
        function: function.to_owned(),
        of,
        float: float.to_owned(),
        level: level.name().to_owned(),
        ulp,
        x: 1.0,
        points: 1,
    };
    let rows = [
        row("exp", Of::Value, "f32", Level::Portable, 0.5),
        row("exp", Of::Value, "f64", Level::Avx512, 0.501),
        row("recip", Of::Derivative, "f64", Level::Avx2, 1.999),
    ];
    let cells = cells(&markdown(&rows, 1, 1000));
    for (of, name, numbers) in cells {
        let written: Vec<_> =
            numbers.into_iter().enumerate().filter(|(_, number)| !number.is_nan()).collect();
        let expected: &[(usize, f64)] = match (of, name.as_str()) {
            (Of::Value, "exp") => &[(0, 0.5), (5, 0.51)],
            (Of::Derivative, "recip") => &[(4, 2.0)],
            _ => &[],
        };
        assert_eq!(written, expected, "{of:?} of {name}");
    }
}
