//! Broadcasting and sums along axes against loops over every index: exact, because the numbers are small integers.

use metatape::kernels::broadcast::{AXES, Strides, broadcast, sum_to, zip_broadcast};
use metatape::kernels::map::Binary;
use metatape::simd::{Float, Lanes};

type Counts = [usize; AXES];

const LENGTHS: [usize; 10] = [0, 1, 3, 5, 15, 16, 17, 31, 33, 100];
/// What stands before the innermost axis: nothing, a matrix, axes of length 1 in between, all axes, none of a length.
const OUTER: [[usize; AXES - 1]; 8] = [
    [1, 1, 1, 1],
    [1, 1, 1, 2],
    [1, 1, 1, 17],
    [1, 1, 5, 3],
    [3, 1, 1, 2],
    [2, 3, 2, 2],
    [2, 0, 1, 3],
    [1, 1, 3, 0],
];

fn all_counts() -> impl Iterator<Item = Counts> {
    OUTER.into_iter().flat_map(|[a, b, c, d]| LENGTHS.map(|columns| [a, b, c, d, columns]))
}

/// The length and strides of every operand that broadcasts to `counts`: every choice of axes along which it moves, from
/// a scalar to one number for every index.
fn operands(counts: Counts) -> Vec<(usize, Strides)> {
    let chosen = |choice: usize, axis: usize| (choice >> axis) & 1 == 1;
    (0..1 << AXES)
        .filter(|&choice| (0..AXES).all(|axis| counts[axis] != 1 || !chosen(choice, axis)))
        .map(|choice| {
            let mut strides = [0; AXES];
            let mut length = 1;
            for axis in (0..AXES).rev().filter(|&axis| chosen(choice, axis)) {
                strides[axis] = length;
                length *= counts[axis];
            }
            (length, strides)
        })
        .collect()
}

/// Where an operand stands for each index, in order.
fn places(counts: Counts, strides: Strides) -> Vec<usize> {
    let mut places = vec![0];
    for (count, stride) in counts.into_iter().zip(strides) {
        places = places.iter().flat_map(|at| (0..count).map(move |i| at + i * stride)).collect();
    }
    places
}

fn integers<T: Float>(length: usize, step: usize) -> Vec<T> {
    (0..length).map(|i| T::from_f64(((i * step) % 41) as f64 - 20.0)).collect()
}

/// Runs `kernel` on an output with room behind it, and gives the output if the room was left alone.
fn written<T: Float>(length: usize, kernel: impl FnOnce(&mut [T])) -> Vec<T> {
    let canary = T::from_f64(-12345.0);
    let mut out = vec![canary; length + 40];
    kernel(&mut out[..length]);
    assert!(out[length..].iter().all(|x| *x == canary), "{} length {length} overran", T::NAME);
    out.truncate(length);
    out
}

#[derive(Clone, Copy)]
struct Difference;
impl<T: Float> Binary<T> for Difference {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        x.sub(y)
    }
}

fn zips<T: Float>() {
    for counts in all_counts() {
        let operands = operands(counts).into_iter().map(|(n, strides)| (n, strides, places(counts, strides)));
        let operands: Vec<_> = operands.collect();
        for (x_length, x_strides, x_places) in &operands {
            let x = integers::<T>(*x_length, 7);
            for (y_length, y_strides, y_places) in &operands {
                let y = integers::<T>(*y_length, 11);
                let strides = [*x_strides, *y_strides];
                let out =
                    written(x_places.len(), |out| zip_broadcast(counts, strides, &x, &y, out, Difference));
                let wanted: Vec<T> = x_places.iter().zip(y_places).map(|(i, j)| x[*i] - y[*j]).collect();
                assert_eq!(out, wanted, "{} {counts:?} by {strides:?}", T::NAME);
            }
        }
    }
}

#[test]
fn any_two_operands_meet_at_every_index() {
    zips::<f32>();
    zips::<f64>();
}

fn repeats<T: Float>() {
    for counts in all_counts() {
        for (length, strides) in operands(counts) {
            let x = integers::<T>(length, 7);
            let wanted: Vec<T> = places(counts, strides).into_iter().map(|at| x[at]).collect();
            let out = written(wanted.len(), |out| broadcast(counts, strides, &x, out));
            assert_eq!(out, wanted, "{} {counts:?} by {strides:?}", T::NAME);
        }
    }
}

#[test]
fn an_operand_is_repeated_where_it_stands_still() {
    repeats::<f32>();
    repeats::<f64>();
}

fn sums<T: Float>() {
    // Long enough for a sum in several blocks at every level.
    let long = [[1, 1, 1, 300, 33], [1, 1, 2, 17, 1000], [1, 1, 1, 2, 10_000]];
    for counts in all_counts().chain(long) {
        let x = integers::<T>(counts.iter().product(), 7);
        for (length, strides) in operands(counts) {
            let mut wanted = vec![T::ZERO; length];
            for (at, x) in places(counts, strides).into_iter().zip(&x) {
                wanted[at] += *x;
            }
            let out = written(length, |out| sum_to(counts, strides, &x, out));
            assert_eq!(out, wanted, "{} {counts:?} by {strides:?}", T::NAME);
        }
    }
}

#[test]
fn what_falls_on_one_place_is_summed() {
    sums::<f32>();
    sums::<f64>();
}

fn nan_in_sums<T: Float>() {
    for columns in LENGTHS {
        let counts = [1, 1, 2, 3, columns];
        let length = counts.iter().product();
        for (sums, strides) in operands(counts) {
            let places = places(counts, strides);
            for at in 0..length {
                let mut x = integers::<T>(length, 5);
                x[at] = T::from_f64(f64::NAN);
                let out = written(sums, |out| sum_to(counts, strides, &x, out));
                for (place, sum) in out.iter().enumerate() {
                    let name = T::NAME;
                    assert_eq!(
                        sum.to_f64().is_nan(),
                        place == places[at],
                        "{name} {counts:?} by {strides:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn nan_stays_in_its_sum() {
    nan_in_sums::<f32>();
    nan_in_sums::<f64>();
}

#[test]
fn a_long_sum_in_single_precision_keeps_its_digits() {
    // A sum in blocks of 128 is off by at most one rounding for each addition in a block and each block; one chain of
    // these additions would be off by 1e-2. At least four vectors of eight run side by side, folded five times at the
    // end.
    let x = vec![0.1_f32; 600_000];
    let chain = x.len() / 32;
    let tolerance = (128 + chain.div_ceil(128)) as f32 * f32::EPSILON / 2.0 + 5.0 * f32::EPSILON;
    let mut sum = [0.0];
    sum_to([1, 1, 1, 1, x.len()], [0; AXES], &x, &mut sum);
    assert!((sum[0] / 60_000.0 - 1.0).abs() < tolerance, "{sum:?}");
}
