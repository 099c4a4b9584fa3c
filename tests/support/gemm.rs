//! `kernels::gemm` against a naive product in double precision.

use metatape::kernels::gemm::{Addend, Dimensions, Operand, gemm, gemm_add, gemm_fold, gemm_fold_add};
use metatape::simd::Float;
use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;

/// Matrices of all the episodes, one behind the other, or one for all.
pub struct Stored<T> {
    values: Vec<T>,
    transposed: bool,
    stride: usize,
}

impl<T: Float> Stored<T> {
    pub fn random(
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

    pub fn operand(&self) -> Operand<'_, T> {
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
pub struct StoredEnds<T> {
    values: Vec<T>,
    row_stride: usize,
    stride: usize,
    pub relu: bool,
}

impl<T: Float> StoredEnds<T> {
    /// A matrix or one row, for each episode or for all, with relu or without.
    pub fn random(size: Dimensions, rng: &mut Xoshiro256PlusPlus) -> Self {
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

    pub fn addend(&self) -> Option<Addend<'_, T>> {
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
pub fn assert_close<T: Float>(what: &str, found: &[T], expected: &[(f64, f64)], terms: usize) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (x, (y, magnitude))) in found.iter().zip(expected).enumerate() {
        let error = (x.to_f64() - y).abs();
        let tolerance = (terms + 1) as f64 * T::EPSILON.to_f64() * magnitude;
        assert!(error <= tolerance, "{what}: number {i} is {x}, not {y} (error {error:e} > {tolerance:e})");
    }
}

/// All functions; the bits of `case`, from the lowest on: A and B transposed, A and B shared by the episodes.
pub fn check<T: Float>(size: Dimensions, case: u32, rng: &mut Xoshiro256PlusPlus) {
    let Dimensions { episodes, rows, inner, columns } = size;
    let [a_transposed, b_transposed, a_shared, b_shared] = [1, 2, 4, 8].map(|bit| case & bit != 0);
    let what = format!("{} {size:?}, case {case:04b}", T::NAME);
    let a = Stored::<T>::random(rows, inner, a_transposed, episodes, a_shared, rng);
    let b = Stored::<T>::random(inner, columns, b_transposed, episodes, b_shared, rng);
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

    let ends = StoredEnds::<T>::random(size, rng);
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
