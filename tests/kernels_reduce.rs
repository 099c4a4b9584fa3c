//! Reductions against scalar loops: exact where the numbers are small integers, and close where they are not.

use metatape::kernels::reduce::{all_finite, squared_norm};
use metatape::kernels::softmax::{log_sum_exp, softmax};
use metatape::simd::Float;

const LENGTHS: [usize; 13] = [0, 1, 3, 4, 5, 15, 16, 17, 31, 33, 100, 128, 1000];

fn integers<T: Float>(length: usize, step: usize) -> Vec<T> {
    (0..length).map(|i| T::from_f64(((i * step) % 41) as f64 - 20.0)).collect()
}

fn slices<T: Float>() {
    for length in LENGTHS {
        let x = integers::<T>(length, 7);
        assert_eq!(squared_norm(&x), x.iter().map(|x| *x * *x).sum());
        assert!(all_finite(&x));
        for at in 0..length {
            for bad in [T::INFINITY, -T::INFINITY, T::from_f64(f64::NAN)] {
                let mut x = x.clone();
                x[at] = bad;
                assert!(!all_finite(&x), "{} {bad:?} at {at} of {length}", T::NAME);
                if bad.to_f64().is_nan() {
                    assert!(squared_norm(&x).to_f64().is_nan());
                }
            }
        }
    }
}

#[test]
fn slices_are_reduced_whole_and_nan_propagates() {
    slices::<f32>();
    slices::<f64>();
}

fn nan_in_rows<T: Float>() {
    for columns in LENGTHS.into_iter().filter(|columns| *columns > 0 && *columns < 200) {
        for at in 0..columns {
            let mut x = integers::<T>(3 * columns, 5);
            x[columns + at] = T::from_f64(f64::NAN);
            let mut out = vec![T::ZERO; 3];
            log_sum_exp(&x, &mut out);
            let nan = out.iter().map(|x| x.to_f64().is_nan()).collect::<Vec<_>>();
            assert_eq!(nan, [false, true, false], "{} {columns} columns, NaN at {at}", T::NAME);
            let mut out = vec![T::ZERO; 3 * columns];
            softmax(&x, columns, &mut out);
            for (i, y) in out.iter().enumerate() {
                assert_eq!(y.to_f64().is_nan(), i / columns == 1);
            }
        }
    }
}

#[test]
fn nan_stays_in_its_row() {
    nan_in_rows::<f32>();
    nan_in_rows::<f64>();
}

fn exponentials<T: Float>(tolerance: f64) {
    for columns in LENGTHS.into_iter().filter(|columns| *columns > 0) {
        // Far beyond what exp can hold, so that a shift left out would show.
        for offset in [0.0, 5000.0, -5000.0] {
            let x: Vec<T> = integers::<T>(4 * columns, 17)
                .into_iter()
                .map(|x| T::from_f64(x.to_f64() / 4.0 + offset))
                .collect();
            let (mut sums, mut shares) = (vec![T::ZERO; 4], vec![T::ZERO; 4 * columns]);
            log_sum_exp(&x, &mut sums);
            softmax(&x, columns, &mut shares);
            for (i, row) in x.chunks(columns).enumerate() {
                let exps: Vec<f64> = row.iter().map(|x| (x.to_f64() - offset).exp()).collect();
                let total: f64 = exps.iter().sum();
                let wanted = total.ln() + offset;
                let error = (sums[i].to_f64() - wanted).abs() / wanted.abs().max(1.0);
                assert!(error <= tolerance, "{} {columns} columns: {error:e}", T::NAME);
                for (j, e) in exps.iter().enumerate() {
                    let error = (shares[i * columns + j].to_f64() / (e / total) - 1.0).abs();
                    assert!(error <= tolerance, "{} {columns} columns: {error:e}", T::NAME);
                }
            }
        }
    }
}

#[test]
fn softmax_and_log_sum_exp_hold_their_precision_at_any_offset() {
    // A few roundings, and those of a sum of up to a thousand positive numbers in many chains.
    exponentials::<f32>(8.0 * f64::from(f32::EPSILON));
    exponentials::<f64>(8.0 * f64::EPSILON);
}

#[test]
fn infinite_rows_have_their_limits() {
    let infinity = f32::INFINITY;
    let mut out = [0.0; 3];
    log_sum_exp(&[-infinity, -infinity, 0.0, infinity, 1.0, -infinity], &mut out);
    assert_eq!(out, [-infinity, infinity, 1.0]);
    let mut out = [9.0; 2];
    softmax(&[-infinity, 3.0], 2, &mut out);
    assert_eq!(out, [0.0, 1.0]);
    softmax(&[-infinity, -infinity], 2, &mut out);
    assert!(out.iter().all(|x| x.is_nan()));
}

#[test]
fn long_sums_of_squares_in_single_precision_keep_their_digits() {
    // A sum in blocks of 128 is off by at most one rounding for each addition in a block and each block; one chain of
    // these additions would be off by 1e-2. At least four vectors of eight run side by side, folded five times at the
    // end.
    let x = vec![0.1_f32; 600_000];
    let chain = x.len() / 32;
    let tolerance = (128 + chain.div_ceil(128)) as f32 * f32::EPSILON / 2.0 + 5.0 * f32::EPSILON;
    assert!((squared_norm(&x) / 6_000.0 - 1.0).abs() < tolerance, "{}", squared_norm(&x));
}

#[test]
#[should_panic(expected = "log_sum_exp: 7 numbers are no multiple of 3")]
fn a_matrix_that_does_not_fit_is_named() {
    log_sum_exp(&[1.0_f32; 7], &mut [0.0; 3]);
}
