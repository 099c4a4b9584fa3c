//! `kernels::gemm` against a naive product in double precision, at the SIMD level in use.

#[path = "support/gemm.rs"]
mod reference;

use metatape::kernels::gemm::{Addend, Dimensions, Operand, gemm, gemm_add, gemm_fold_add};
use metatape::simd::Float;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
use reference::{Stored, StoredEnds};

/// All functions, on all transpositions, with each operand shared and not.
fn check<T: Float>(episodes: usize, rows: usize, inner: usize, columns: usize) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64((rows * 1009 + inner * 101 + columns) as u64);
    let size = Dimensions { episodes, rows, inner, columns };
    // An operand of one episode is shared with no other.
    for case in 0..if episodes == 1 { 4 } else { 16 } {
        reference::check::<T>(size, case, &mut rng);
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

#[test]
#[should_panic(expected = "number 1 is 2.000001")]
fn a_wrong_number_is_noticed() {
    reference::assert_close("a control", &[3.0_f32, 2.000_001], &[(3.0, 3.0), (2.0, 2.0)], 1);
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
