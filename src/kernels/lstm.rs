//! What stands between the gates of an LSTM and its output, number by number, and the same on the way back.
//!
//! Rows of `z` are `4 hidden` wide: what the input, forget, candidate and output gate are made of, one gate after the other.
//! Rows of a `cell` are `2 hidden` wide: its output gate, open as far as it is, and its memory. All numbers of a hidden unit
//! meet in one pass over memory, and every kernel here is that pass with another formula.

use crate::simd::{Float, Kernel, Lanes, math, run};

/// The cell after a step: `sigmoid(o)` beside `sigmoid(f) c + sigmoid(i) tanh(g)`, from `z` and the cell before, of which
/// only the memory `c` counts.
///
/// # Panics
/// The lengths do not fit.
#[track_caller]
pub fn cell<T: Float>(z: &[T], cell: &[T], hidden: usize, out: &mut [T]) {
    let columns = |part| Columns::new(cell, 2, part, hidden);
    let [i, f, g, o] = gates(z, hidden);
    write("lstm cell", [i, f, g, o, columns(1)], hidden, Cell, out);
}

/// The output `o tanh(c)` of a cell.
///
/// # Panics
/// The lengths do not fit.
#[track_caller]
pub fn output<T: Float>(cell: &[T], hidden: usize, out: &mut [T]) {
    let columns = |part| Columns::new(cell, 2, part, hidden);
    write("lstm output", [columns(0), columns(1)], hidden, Output, out);
}

/// The cotangent of `z`, from `z`, the cell before and the cotangent of the cell after.
///
/// # Panics
/// The lengths do not fit.
#[track_caller]
pub fn pull_gates<T: Float>(z: &[T], cell: &[T], cotangent: &[T], hidden: usize, out: &mut [T]) {
    let before = Columns::new(cell, 2, 1, hidden);
    let after = |part| Columns::new(cotangent, 2, part, hidden);
    let [i, f, g, o] = gates(z, hidden);
    write("lstm pull_gates", [i, f, g, o, before, after(0), after(1)], hidden, PullGates, out);
}

/// The cotangent of the cell before, from `z` and the cotangent of the cell after: nothing beside `sigmoid(f)` times that of
/// the memory; and `onto` added where there is one.
///
/// # Panics
/// The lengths do not fit.
#[track_caller]
pub fn pull_cell<T: Float>(z: &[T], cotangent: &[T], onto: Option<&[T]>, hidden: usize, out: &mut [T]) {
    let [_, f, ..] = gates(z, hidden);
    let after = Columns::new(cotangent, 2, 1, hidden);
    match onto.map(|onto| [0, 1].map(|part| Columns::new(onto, 2, part, hidden))) {
        None => write("lstm pull_cell", [f, after], hidden, PullCell, out),
        Some([o, c]) => write("lstm pull_cell", [f, after, o, c], hidden, PullCell, out),
    }
}

/// The cotangent of a cell, from the cell and the cotangent of its output; and `onto` added where there is one.
///
/// # Panics
/// The lengths do not fit.
#[track_caller]
pub fn pull_output<T: Float>(cell: &[T], cotangent: &[T], onto: Option<&[T]>, hidden: usize, out: &mut [T]) {
    let [o, c] = [0, 1].map(|part| Columns::new(cell, 2, part, hidden));
    let after = Columns::new(cotangent, 1, 0, hidden);
    match onto.map(|onto| [0, 1].map(|part| Columns::new(onto, 2, part, hidden))) {
        None => write("lstm pull_output", [o, c, after], hidden, PullOutput, out),
        Some([of_o, of_c]) => write("lstm pull_output", [o, c, after, of_o, of_c], hidden, PullOutput, out),
    }
}

/// `hidden` columns of a matrix.
#[derive(Clone, Copy)]
struct Columns<'a, T> {
    values: &'a [T],
    start: usize,
    pitch: usize,
}

impl<'a, T: Float> Columns<'a, T> {
    /// One of as many `parts` of each row.
    fn new(values: &'a [T], parts: usize, part: usize, hidden: usize) -> Self {
        Columns { values, start: part * hidden, pitch: parts * hidden }
    }

    #[inline(always)]
    fn row(self, row: usize, hidden: usize) -> &'a [T] {
        &self.values[row * self.pitch + self.start..][..hidden]
    }
}

fn gates<T: Float>(z: &[T], hidden: usize) -> [Columns<'_, T>; 4] {
    [0, 1, 2, 3].map(|part| Columns::new(z, 4, part, hidden))
}

/// A function of `IN` numbers that has `OUT` values, written for whole vectors.
trait Formula<T: Float, const IN: usize, const OUT: usize>: Copy {
    fn apply<L: Lanes<T>>(self, x: [L; IN]) -> [L; OUT];
}

/// The slope of the logistic function where it is `y`.
#[inline(always)]
fn sigmoid_slope<T: Float, L: Lanes<T>>(y: L) -> L {
    y.neg().mul_add(y, y)
}

/// The slope of tanh where it is `y`.
#[inline(always)]
fn tanh_slope<T: Float, L: Lanes<T>>(y: L) -> L {
    y.neg().mul_add(y, L::splat(T::ONE))
}

#[derive(Clone, Copy)]
struct Cell;

impl<T: Float> Formula<T, 5, 2> for Cell {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, [i, f, g, o, c]: [L; 5]) -> [L; 2] {
        let kept = math::sigmoid(f).mul(c);
        [math::sigmoid(o), math::sigmoid(i).mul_add(math::tanh(g), kept)]
    }
}

#[derive(Clone, Copy)]
struct Output;

impl<T: Float> Formula<T, 2, 1> for Output {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, [o, c]: [L; 2]) -> [L; 1] {
        [o.mul(math::tanh(c))]
    }
}

#[derive(Clone, Copy)]
struct PullGates;

impl<T: Float> Formula<T, 7, 4> for PullGates {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, [i, f, g, o, c, of_o, of_c]: [L; 7]) -> [L; 4] {
        let (i, f, g, o) = (math::sigmoid(i), math::sigmoid(f), math::tanh(g), math::sigmoid(o));
        [
            of_c.mul(g).mul(sigmoid_slope(i)),
            of_c.mul(c).mul(sigmoid_slope(f)),
            of_c.mul(i).mul(tanh_slope(g)),
            of_o.mul(sigmoid_slope(o)),
        ]
    }
}

#[derive(Clone, Copy)]
struct PullCell;

impl<T: Float> Formula<T, 2, 2> for PullCell {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, [f, of_c]: [L; 2]) -> [L; 2] {
        [L::splat(T::ZERO), math::sigmoid(f).mul(of_c)]
    }
}

impl<T: Float> Formula<T, 4, 2> for PullCell {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, [f, of_c, onto_o, onto_c]: [L; 4]) -> [L; 2] {
        [onto_o, math::sigmoid(f).mul_add(of_c, onto_c)]
    }
}

#[derive(Clone, Copy)]
struct PullOutput;

impl<T: Float> Formula<T, 3, 2> for PullOutput {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, [o, c, of_h]: [L; 3]) -> [L; 2] {
        let y = math::tanh(c);
        [of_h.mul(y), of_h.mul(o).mul(tanh_slope(y))]
    }
}

impl<T: Float> Formula<T, 5, 2> for PullOutput {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, [o, c, of_h, onto_o, onto_c]: [L; 5]) -> [L; 2] {
        let y = math::tanh(c);
        [of_h.mul_add(y, onto_o), of_h.mul(o).mul_add(tanh_slope(y), onto_c)]
    }
}

/// Writes the values of `f`, one beside the other in rows `OUT hidden` wide.
#[track_caller]
fn write<T: Float, F: Formula<T, IN, OUT>, const IN: usize, const OUT: usize>(
    name: &str,
    inputs: [Columns<'_, T>; IN],
    hidden: usize,
    f: F,
    out: &mut [T],
) {
    let rows = out.len().checked_div(OUT * hidden).unwrap_or(0);
    assert!(
        out.len() == rows * OUT * hidden && inputs.iter().all(|x| x.values.len() == rows * x.pitch),
        "{name}: {:?} numbers into {} for {hidden} hidden units",
        inputs.map(|x| x.values.len()),
        out.len()
    );
    if rows > 0 {
        run(Write { inputs, hidden, f, out });
    }
}

struct Write<'a, T, F, const IN: usize, const OUT: usize> {
    inputs: [Columns<'a, T>; IN],
    hidden: usize,
    f: F,
    out: &'a mut [T],
}

// Arrays of vectors are registers: see `gemm`.
#[allow(clippy::needless_range_loop)]
impl<T: Float, F: Formula<T, IN, OUT>, const IN: usize, const OUT: usize> Kernel<T>
    for Write<'_, T, F, IN, OUT>
{
    type Output = ();

    /// The last vector of a part ends where the part ends: some numbers are written twice, the same each time. With 20 hidden
    /// units and vectors of 16 that makes a whole unroll 1.02 to 1.1 times as fast as a masked end does.
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Write { inputs, hidden, f, out } = self;
        for (row, out) in out.chunks_exact_mut(OUT * hidden).enumerate() {
            let Some(last) = hidden.checked_sub(L::N) else {
                let mut x = [L::splat(T::ZERO); IN];
                for k in 0..IN {
                    x[k] = L::load_partial(inputs[k].row(row, hidden));
                }
                let y = f.apply(x);
                for k in 0..OUT {
                    y[k].store_partial(&mut out[k * hidden..(k + 1) * hidden]);
                }
                continue;
            };
            let mut j = 0;
            loop {
                let mut x = [L::splat(T::ZERO); IN];
                for k in 0..IN {
                    x[k] = L::load(&inputs[k].row(row, hidden)[j..]);
                }
                let y = f.apply(x);
                for k in 0..OUT {
                    y[k].store(&mut out[k * hidden + j..]);
                }
                if j == last {
                    break;
                }
                j = (j + L::N).min(last);
            }
        }
    }
}
