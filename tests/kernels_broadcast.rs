//! Broadcasting and sums along axes against loops over every index: exact, because the numbers are small integers.

use metatape::kernels::broadcast::{AXES, Counts, broadcast, zip_broadcast, zip3_broadcast};
use metatape::kernels::map::{Binary, Ternary};
use metatape::kernels::sum::{dot_to, sum_to};
use metatape::simd::{Float, Lanes};

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

/// The lengths of every operand that broadcasts to `counts`: every choice of axes along which it moves, from a scalar to
/// one number for every index.
fn operands(counts: Counts) -> Vec<Counts> {
    let chosen = |choice: usize, axis: usize| (choice >> axis) & 1 == 1;
    (0..1 << AXES)
        .filter(|&choice| (0..AXES).all(|axis| counts[axis] != 1 || !chosen(choice, axis)))
        .map(|choice| std::array::from_fn(|axis| if chosen(choice, axis) { counts[axis] } else { 1 }))
        .collect()
}

fn length(counts: Counts) -> usize {
    counts.iter().product()
}

/// What two operands broadcast to.
fn both(x: Counts, y: Counts) -> Counts {
    std::array::from_fn(|axis| if x[axis] == 1 { y[axis] } else { x[axis] })
}

/// Where an operand stands for each index of `counts`, in order.
fn places(counts: Counts, operand: Counts) -> Vec<usize> {
    let mut places = vec![0];
    for (count, own) in counts.into_iter().zip(operand) {
        let step = usize::from(own == count);
        places = places.iter().flat_map(|at| (0..count).map(move |i| at * own + i * step)).collect();
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
        for x_counts in operands(counts) {
            let x = integers::<T>(length(x_counts), 7);
            for y_counts in operands(counts) {
                let y = integers::<T>(length(y_counts), 11);
                let counts = both(x_counts, y_counts);
                let out = written(length(counts), |out| {
                    zip_broadcast([x_counts, y_counts], &x, &y, out, Difference);
                });
                let pairs = places(counts, x_counts).into_iter().zip(places(counts, y_counts));
                let wanted: Vec<T> = pairs.map(|(i, j)| x[i] - y[j]).collect();
                assert_eq!(out, wanted, "{} {x_counts:?} and {y_counts:?}", T::NAME);
            }
        }
    }
}

#[test]
fn any_two_operands_meet_at_every_index() {
    zips::<f32>();
    zips::<f64>();
}

/// `x - y z`.
#[derive(Clone, Copy)]
struct Step;
impl<T: Float> Ternary<T> for Step {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L, z: L) -> L {
        y.neg().mul_add(z, x)
    }
}

fn triples<T: Float>() {
    for counts in
        [[3, 1, 1, 5, 17], [2, 2, 3, 2, 33], [1, 1, 1, 3, 5], [4, 1, 1, 1, 16], [1; AXES], [2, 1, 0, 1, 3]]
    {
        for x_counts in operands(counts) {
            let x = integers::<T>(length(x_counts), 7);
            for y_counts in operands(counts) {
                let y = integers::<T>(length(y_counts), 11);
                for z_counts in operands(counts) {
                    let z = integers::<T>(length(z_counts), 13);
                    let operands = [x_counts, y_counts, z_counts];
                    let counts = both(both(x_counts, y_counts), z_counts);
                    let out = written(length(counts), |out| zip3_broadcast(operands, &x, &y, &z, out, Step));
                    let [i, j, k] = operands.map(|operand| places(counts, operand));
                    let wanted: Vec<T> = (0..i.len()).map(|at| x[i[at]] - y[j[at]] * z[k[at]]).collect();
                    assert_eq!(out, wanted, "{} {operands:?}", T::NAME);
                }
            }
        }
    }
}

#[test]
fn any_three_operands_meet_at_every_index() {
    triples::<f32>();
    triples::<f64>();
}

fn repeats<T: Float>() {
    for counts in all_counts() {
        for from in operands(counts) {
            let x = integers::<T>(length(from), 7);
            let wanted: Vec<T> = places(counts, from).into_iter().map(|at| x[at]).collect();
            let out = written(wanted.len(), |out| broadcast([from, counts], &x, out));
            assert_eq!(out, wanted, "{} {from:?} to {counts:?}", T::NAME);
        }
    }
}

#[test]
fn an_operand_is_repeated_where_it_stands_still() {
    repeats::<f32>();
    repeats::<f64>();
}

/// Long enough for a sum in several blocks at every level.
const LONG: [Counts; 5] =
    [[1, 1, 1, 300, 33], [1, 1, 2, 17, 1000], [1, 1, 1, 2, 10_000], [1, 1, 400, 2, 3], [2, 200, 3, 2, 40]];

fn sums<T: Float>() {
    for counts in all_counts().chain(LONG) {
        let x = integers::<T>(length(counts), 7);
        for to in operands(counts) {
            let mut wanted = vec![T::ZERO; length(to)];
            for (at, x) in places(counts, to).into_iter().zip(&x) {
                wanted[at] += *x;
            }
            let out = written(length(to), |out| sum_to([counts, to], &x, out));
            assert_eq!(out, wanted, "{} {counts:?} to {to:?}", T::NAME);
        }
    }
}

#[test]
fn what_falls_on_one_place_is_summed() {
    sums::<f32>();
    sums::<f64>();
}

fn dots<T: Float>() {
    for counts in all_counts().filter(|counts| counts[4] < 40).chain(LONG) {
        for x_counts in operands(counts) {
            let x = integers::<T>(length(x_counts), 7);
            // All pairs would be too many: an operand that moves wherever the other does not, and one that always does.
            let others = std::array::from_fn(|axis| if x_counts[axis] == 1 { counts[axis] } else { 1 });
            for y_counts in [others, counts] {
                let y = integers::<T>(length(y_counts), 11);
                for to in operands(counts) {
                    let mut wanted = vec![T::ZERO; length(to)];
                    let pairs = places(counts, x_counts).into_iter().zip(places(counts, y_counts));
                    for (at, (i, j)) in places(counts, to).into_iter().zip(pairs) {
                        wanted[at] += T::from_f64(-2.0) * x[i] * y[j];
                    }
                    for [(a, x), (b, y)] in
                        [[(x_counts, &x), (y_counts, &y)], [(y_counts, &y), (x_counts, &x)]]
                    {
                        let out = written(length(to), |out| dot_to([a, b, to], x, y, T::from_f64(-2.0), out));
                        assert_eq!(out, wanted, "{} {a:?} times {b:?} to {to:?}", T::NAME);
                    }
                }
            }
        }
    }
}

#[test]
fn products_that_fall_on_one_place_are_summed() {
    dots::<f32>();
    dots::<f64>();
}

fn nan_in_sums<T: Float>() {
    for columns in LENGTHS {
        let counts = [1, 1, 2, 3, columns];
        for to in operands(counts) {
            let places = places(counts, to);
            for at in 0..length(counts) {
                let mut x = integers::<T>(length(counts), 5);
                x[at] = T::from_f64(f64::NAN);
                let sums = written(length(to), |out| sum_to([counts, to], &x, out));
                let ones = vec![T::ONE; x.len()];
                let dots = written(length(to), |out| dot_to([counts, counts, to], &ones, &x, T::ONE, out));
                for (place, (sum, dot)) in sums.iter().zip(&dots).enumerate() {
                    let nan = [sum.to_f64().is_nan(), dot.to_f64().is_nan()];
                    assert_eq!(nan, [place == places[at]; 2], "{} {counts:?} to {to:?}", T::NAME);
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
fn an_infinite_factor_of_a_short_sum_makes_it_infinite() {
    for columns in 1..40 {
        let counts = [1, 1, 1, 3, columns];
        let x = vec![1.0_f32; 3 * columns];
        let mut out = [0.0; 3];
        dot_to([counts, [1, 1, 1, 3, 1], [1, 1, 1, 3, 1]], &x, &[2.0, f32::INFINITY, 0.5], 1.0, &mut out);
        assert_eq!(out, [2.0 * columns as f32, f32::INFINITY, 0.5 * columns as f32]);
    }
}

/// How far from right a sum of numbers of one size may be, relative, with `terms` of them in one chain, cut into blocks
/// of 128: one rounding for each addition in a block and for each block, and a few to join chains.
fn tolerance(terms: usize) -> f32 {
    (128 + terms.div_ceil(128)) as f32 * f32::EPSILON / 2.0 + 5.0 * f32::EPSILON
}

#[test]
fn a_long_sum_in_single_precision_keeps_its_digits() {
    // One chain of these additions would be off by 1e-2. At least four vectors of eight run side by side.
    let x = vec![0.1_f32; 600_000];
    let counts = [1, 1, 1, 1, x.len()];
    let (mut sum, mut dot) = ([0.0], [0.0]);
    sum_to([counts, [1; AXES]], &x, &mut sum);
    dot_to([counts, counts, [1; AXES]], &x, &x, 10.0, &mut dot);
    for sum in [sum[0], dot[0]] {
        assert!((sum / 60_000.0 - 1.0).abs() < tolerance(x.len() / 32), "{sum}");
    }
}

#[test]
fn sums_over_many_rows_in_single_precision_keep_their_digits() {
    // One chain of additions a column.
    let rows = 60_000;
    let x = vec![0.1_f32; 40 * rows];
    for columns in [1, 3, 40] {
        let counts = [1, 1, 2, rows / 2, columns];
        let to = [1, 1, 1, 1, columns];
        let (mut sums, mut dots) = (vec![0.0; columns], vec![0.0; columns]);
        sum_to([counts, to], &x[..rows * columns], &mut sums);
        dot_to([counts, [1, 1, 2, rows / 2, 1], to], &x[..rows * columns], &x[..rows], 10.0, &mut dots);
        for sum in sums.iter().chain(&dots) {
            assert!((sum / 6_000.0 - 1.0).abs() < tolerance(rows), "{columns} columns: {sum}");
        }
    }
}

#[test]
fn many_short_sums_apart_in_single_precision_keep_their_digits() {
    // Sums over two axes with one between them that stays, as of images over batch and places.
    let x = vec![0.1_f32; 60_000 * 3 * 2];
    let mut sums = [0.0; 3];
    sum_to([[1, 1, 60_000, 3, 2], [1, 1, 1, 3, 1]], &x, &mut sums);
    for sum in sums {
        assert!((sum / 12_000.0 - 1.0).abs() < tolerance(60_000), "{sum}");
    }
}
