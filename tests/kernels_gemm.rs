//! `kernels::gemm` against a naive product in double precision, at the SIMD level in use.

use metatape::kernels::gemm::{Addend, Dimensions, Operand, gemm, gemm_add, gemm_fold, gemm_fold_add};
use metatape::simd::Float;
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

/// Matrices of all the episodes, one behind the other, or one for all.
struct Stored<T> {
    values: Vec<T>,
    transposed: bool,
    stride: usize,
}

impl<T: Float> Stored<T> {
    fn random(
        rows: usize,
        columns: usize,
        transposed: bool,
        episodes: usize,
        shared: bool,
        rng: &mut Xoshiro256PlusPlus,
    ) -> Self {
        let count = if shared { 1 } else { episodes };
        let values = (0..count * rows * columns).map(|_| T::from_f64(rng.random_range(-1.0..1.0))).collect();
        Stored { values, transposed, stride: if shared { 0 } else { rows * columns } }
    }

    fn operand(&self) -> Operand<'_, T> {
        Operand { values: &self.values, transposed: self.transposed, episode_stride: self.stride }
    }

    /// The matrix of one episode, upright and in double precision.
    fn upright(&self, episode: usize, rows: usize, columns: usize) -> Vec<f64> {
        let values = &self.values[episode * self.stride..];
        let place = |i: usize, j: usize| if self.transposed { j * rows + i } else { i * columns + j };
        (0..rows * columns).map(|at| values[place(at / columns, at % columns)].to_f64()).collect()
    }
}

/// The product, and beside each of its elements the sum of the magnitudes of its terms.
fn naive(rows: usize, inner: usize, columns: usize, a: &[f64], b: &[f64]) -> Vec<(f64, f64)> {
    let mut c = vec![(0.0, 0.0); rows * columns];
    for i in 0..rows {
        for p in 0..inner {
            for j in 0..columns {
                let term = a[i * inner + p] * b[p * columns + j];
                let (sum, magnitude) = &mut c[i * columns + j];
                *sum += term;
                *magnitude += term.abs();
            }
        }
    }
    c
}

/// Addends of all the episodes, and the relu behind them.
struct StoredEnds<T> {
    values: Vec<T>,
    row_stride: usize,
    stride: usize,
    relu: bool,
}

impl<T: Float> StoredEnds<T> {
    /// A matrix or one row, for each episode or for all, with relu or without.
    fn random(size: Dimensions, rng: &mut Xoshiro256PlusPlus) -> Self {
        let [repeats, shared, relu] = [rng.random(), rng.random(), rng.random()];
        let one = if repeats { size.columns } else { size.rows * size.columns };
        let count = if shared { one } else { size.episodes * one };
        StoredEnds {
            values: (0..count).map(|_| T::from_f64(rng.random_range(-1.0..1.0))).collect(),
            row_stride: if repeats { 0 } else { size.columns },
            stride: if shared { 0 } else { one },
            relu,
        }
    }

    fn addend(&self) -> Option<Addend<'_, T>> {
        Some(Addend { values: &self.values, row_stride: self.row_stride, episode_stride: self.stride })
    }

    /// The addend and relu on sums, and the magnitudes of their terms, of one episode.
    fn apply(&self, episode: usize, columns: usize, sums: &mut [(f64, f64)]) {
        for (at, (sum, magnitude)) in sums.iter_mut().enumerate() {
            let at = episode * self.stride + at / columns * self.row_stride + at % columns;
            let addend = self.values[at].to_f64();
            *sum = if self.relu { (*sum + addend).max(0.0) } else { *sum + addend };
            *magnitude += addend.abs();
        }
    }
}

/// A sum of `terms` products, in any order, errs by at most `terms` times half of EPSILON times the sum of their
/// magnitudes; and so does the reference.
fn assert_close<T: Float>(what: &str, found: &[T], expected: &[(f64, f64)], terms: usize) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (x, (y, magnitude))) in found.iter().zip(expected).enumerate() {
        let error = (x.to_f64() - y).abs();
        let tolerance = (terms + 1) as f64 * T::EPSILON.to_f64() * magnitude;
        assert!(error <= tolerance, "{what}: number {i} is {x}, not {y} (error {error:e} > {tolerance:e})");
    }
}

/// All functions, on all transpositions, with each operand shared and not.
fn check<T: Float>(episodes: usize, rows: usize, inner: usize, columns: usize) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64((rows * 1009 + inner * 101 + columns) as u64);
    let size = Dimensions { episodes, rows, inner, columns };
    for case in 0..16 {
        let [a_transposed, b_transposed, a_shared, b_shared] = [1, 2, 4, 8].map(|bit| case & bit != 0);
        if episodes == 1 && (a_shared || b_shared) {
            continue;
        }
        let what = format!("{} {size:?}, case {case:04b}", T::NAME);
        let a = Stored::<T>::random(rows, inner, a_transposed, episodes, a_shared, &mut rng);
        let b = Stored::<T>::random(inner, columns, b_transposed, episodes, b_shared, &mut rng);
        let expected: Vec<Vec<(f64, f64)>> = (0..episodes)
            .map(|e| naive(rows, inner, columns, &a.upright(e, rows, inner), &b.upright(e, inner, columns)))
            .collect();

        let mut c = vec![T::INFINITY; episodes * rows * columns];
        gemm(size, a.operand(), b.operand(), &mut c);
        assert_close(&what, &c, &expected.concat(), inner);

        let mut folded = vec![T::INFINITY; rows * columns];
        gemm_fold(size, a.operand(), b.operand(), &mut folded);
        let mut sums = vec![(0.0, 0.0); rows * columns];
        for c in &expected {
            for (sum, term) in sums.iter_mut().zip(c) {
                *sum = (sum.0 + term.0, sum.1 + term.1);
            }
        }
        assert_close(&format!("{what}, folded"), &folded, &sums, episodes * inner);

        let ends = StoredEnds::<T>::random(size, &mut rng);
        let what = format!("{what}, added {}, {}, relu {}", ends.row_stride, ends.stride, ends.relu);
        let mut expected = expected;
        for (episode, c) in expected.iter_mut().enumerate() {
            ends.apply(episode, columns, c);
        }
        gemm_add(size, a.operand(), b.operand(), ends.addend(), ends.relu, &mut c);
        assert_close(&what, &c, &expected.concat(), inner + 1);

        ends.apply(0, columns, &mut sums);
        gemm_fold_add(size, a.operand(), b.operand(), ends.addend(), ends.relu, &mut folded);
        assert_close(&format!("{what}, folded"), &folded, &sums, episodes * inner + 1);
    }
}

fn check_both(episodes: usize, rows: usize, inner: usize, columns: usize) {
    check::<f32>(episodes, rows, inner, columns);
    check::<f64>(episodes, rows, inner, columns);
}

#[test]
fn small_products() {
    for rows in 0..=17 {
        for columns in 0..=17 {
            for inner in [0, 1, 2, 3, 5, 8, 16, 17] {
                check_both(1, rows, inner, columns);
            }
        }
    }
}

#[test]
fn small_products_of_three_episodes() {
    for rows in [0, 1, 2, 5, 7, 10, 17] {
        for columns in [0, 1, 2, 5, 8, 9, 17, 40] {
            for inner in [0, 1, 3, 10, 17] {
                check_both(3, rows, inner, columns);
            }
        }
    }
}

#[test]
fn awkward_sizes() {
    for rows in [1, 31, 64, 100] {
        for columns in [1, 33, 40, 65, 129] {
            for inner in [1, 31, 40, 513] {
                check_both(1, rows, inner, columns);
            }
        }
    }
}

/// Past the blocks of `inner`, of rows and of columns, and past the size from which operands are packed.
#[test]
fn more_than_one_block() {
    check_both(1, 257, 513, 129);
    check_both(1, 300, 1101, 65);
    check_both(1, 49, 65, 2200);
    check_both(3, 100, 100, 100);
}

#[test]
fn the_identity_changes_no_bit() {
    for n in [1, 5, 16, 40, 65, 129] {
        let identity: Vec<f32> = (0..n * n).map(|at| if at / n == at % n { 1.0 } else { 0.0 }).collect();
        let values: Vec<f32> = (0..n * n).map(|at| (at as f32).sin()).collect();
        let size = Dimensions { episodes: 1, rows: n, inner: n, columns: n };
        let operand = |values| Operand { values, transposed: false, episode_stride: 0 };
        let mut c = vec![0.0; n * n];
        gemm(size, operand(&identity), operand(&values), &mut c);
        assert_eq!(c, values, "1 X, n = {n}");
        gemm(size, operand(&values), operand(&identity), &mut c);
        assert_eq!(c, values, "X 1, n = {n}");
    }
}

#[test]
fn zero_times_nan_is_nan() {
    for (rows, inner, columns) in [(1, 20, 40), (40, 20, 1), (10, 20, 40), (100, 120, 130)] {
        for transposed in [false, true] {
            let size = Dimensions { episodes: 1, rows, inner, columns };
            let zeros = vec![0.0_f32; rows * inner];
            let mut b = vec![1.0_f32; inner * columns];
            let (p, j) = (inner / 2, columns - 1);
            b[if transposed { j * inner + p } else { p * columns + j }] = f32::NAN;
            let mut c = vec![0.0; rows * columns];
            gemm(
                size,
                Operand { values: &zeros, transposed: false, episode_stride: 0 },
                Operand { values: &b, transposed, episode_stride: 0 },
                &mut c,
            );
            for (at, x) in c.iter().enumerate() {
                assert_eq!(x.is_nan(), at % columns == j, "{size:?}: number {at} is {x}");
            }
        }
    }
}

/// On each of the paths, in all lanes: where the sum is NaN, and where it is below zero.
#[test]
fn relu_keeps_nan_and_nothing_below_zero() {
    for (rows, inner, columns) in [(7, 1, 21), (7, 20, 1), (1, 20, 21), (7, 20, 21), (100, 600, 130)] {
        for b_transposed in [false, true] {
            let size = Dimensions { episodes: 2, rows, inner, columns };
            let (zeros, ones) = (vec![0.0_f32; 2 * rows * inner], vec![1.0; 2 * inner * columns]);
            let addend: Vec<f32> =
                (0..rows * columns).map(|at| [f32::NAN, -1.0, 2.0, -0.0][at * 7 % 4]).collect();
            let mut c = vec![9.0; 2 * rows * columns];
            gemm_add(
                size,
                Operand { values: &zeros, transposed: false, episode_stride: rows * inner },
                Operand { values: &ones, transposed: b_transposed, episode_stride: inner * columns },
                Some(Addend { values: &addend, row_stride: columns, episode_stride: 0 }),
                true,
                &mut c,
            );
            for (x, d) in c.iter().zip(addend.iter().cycle()) {
                let expected = if *d <= 0.0 { 0.0 } else { *d };
                assert!(x.to_bits() == expected.to_bits() || x.is_nan() && d.is_nan(), "{size:?}: {d}, {x}");
            }
        }
    }
}

/// Bits of both functions on pools of 1, 2 and 4 threads.
fn same_bits<T: Float>(episodes: usize, rows: usize, inner: usize, columns: usize) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let size = Dimensions { episodes, rows, inner, columns };
    for case in 0..4 {
        let a = Stored::<T>::random(rows, inner, case & 1 != 0, episodes, false, &mut rng);
        let b = Stored::<T>::random(inner, columns, case & 2 != 0, episodes, case == 0, &mut rng);
        let ends = StoredEnds::<T>::random(size, &mut rng);
        let results = [1, 2, 4].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let mut c = vec![T::ZERO; episodes * rows * columns];
            let mut folded = vec![T::ZERO; rows * columns];
            pool.install(|| {
                gemm_add(size, a.operand(), b.operand(), ends.addend(), ends.relu, &mut c);
                gemm_fold_add(size, a.operand(), b.operand(), ends.addend(), ends.relu, &mut folded);
            });
            (c, folded)
        });
        assert!(results[0] == results[1] && results[0] == results[2], "{} {size:?}, case {case}", T::NAME);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for (episodes, rows, inner, columns) in [(1, 257, 600, 260), (5, 130, 200, 140), (1, 9, 2000, 2000)] {
        same_bits::<f32>(episodes, rows, inner, columns);
        same_bits::<f64>(episodes, rows, inner, columns);
    }
}

#[test]
#[should_panic(
    expected = "gemm: Dimensions { episodes: 1, rows: 2, inner: 3, columns: 4 } needs A of at least 6"
)]
fn an_operand_that_is_too_short_is_named() {
    let size = Dimensions { episodes: 1, rows: 2, inner: 3, columns: 4 };
    let operand = |values| Operand { values, transposed: false, episode_stride: 0 };
    gemm(size, operand(&[0.0; 5]), operand(&[0.0; 12]), &mut [0.0; 8]);
}

#[test]
#[should_panic(expected = "needs an addend of at least 8 numbers and a row stride of 0 or 4, not 7 and 4")]
fn an_addend_that_is_too_short_is_named() {
    let size = Dimensions { episodes: 1, rows: 2, inner: 3, columns: 4 };
    let operand = |values| Operand { values, transposed: false, episode_stride: 0 };
    let addend = Addend { values: &[0.0; 7], row_stride: 4, episode_stride: 0 };
    gemm_add(size, operand(&[0.0; 6]), operand(&[0.0; 12]), Some(addend), false, &mut [0.0; 8]);
}
