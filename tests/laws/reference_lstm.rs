//! What the ops of the LSTM compute, as the formulas are on paper.

use metatape::tape::Extent;

use crate::case::Operand;
use crate::reference::{build, get, joined};

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn sigmoid_slope(x: f64) -> f64 {
    sigmoid(x) * sigmoid(-x)
}

fn tanh_slope(x: f64) -> f64 {
    x.cosh().powi(-2)
}

/// The result of `value(part, of)` for each of the `parts` of the last axis, where `of(slot, part)` is an operand's number in
/// that part of the same row.
fn by_parts(
    x: &[Operand],
    parts_of_first: usize,
    parts: usize,
    value: impl Fn(usize, &dyn Fn(usize, usize) -> f64) -> f64,
) -> (Extent, Vec<f64>) {
    let first = x[0].extent.shape;
    let axis = first.rank() - 1;
    let hidden = first.dim(axis) / parts_of_first;
    let dims: Vec<usize> =
        (0..=axis).map(|a| if a == axis { parts * hidden } else { first.dim(a) }).collect();
    build(joined(x), dims[..].into(), |e, index| {
        let of = |slot: usize, part: usize| {
            let mut at = index.to_vec();
            at[axis] = part * hidden + index[axis] % hidden;
            get(&x[slot], e, &at)
        };
        value(index[axis] / hidden, &of)
    })
}

pub fn cell(x: &[Operand]) -> (Extent, Vec<f64>) {
    by_parts(x, 4, 2, |part, of| match part {
        0 => sigmoid(of(0, 3)),
        _ => sigmoid(of(0, 1)) * of(1, 1) + sigmoid(of(0, 0)) * of(0, 2).tanh(),
    })
}

pub fn output(x: &[Operand]) -> (Extent, Vec<f64>) {
    by_parts(x, 2, 1, |_, of| of(0, 0) * of(0, 1).tanh())
}

pub fn gates_pull(x: &[Operand]) -> (Extent, Vec<f64>) {
    by_parts(x, 4, 4, |part, of| match part {
        0 => of(2, 1) * of(0, 2).tanh() * sigmoid_slope(of(0, 0)),
        1 => of(2, 1) * of(1, 1) * sigmoid_slope(of(0, 1)),
        2 => of(2, 1) * sigmoid(of(0, 0)) * tanh_slope(of(0, 2)),
        _ => of(2, 0) * sigmoid_slope(of(0, 3)),
    })
}

pub fn cell_pull(x: &[Operand]) -> (Extent, Vec<f64>) {
    by_parts(x, 4, 2, |part, of| {
        let onto = if x.len() > 2 { of(2, part) } else { 0.0 };
        onto + if part == 1 { sigmoid(of(0, 1)) * of(1, 1) } else { 0.0 }
    })
}

pub fn output_pull(x: &[Operand]) -> (Extent, Vec<f64>) {
    by_parts(x, 2, 2, |part, of| {
        let onto = if x.len() > 2 { of(2, part) } else { 0.0 };
        onto + match part {
            0 => of(1, 0) * of(0, 1).tanh(),
            _ => of(1, 0) * of(0, 0) * tanh_slope(of(0, 1)),
        }
    })
}
