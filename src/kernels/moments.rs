//! The mean and the variance of each column, in one pass over memory.
//!
//! The order of every sum is fixed by the lengths and the [`Level`](crate::simd::Level) alone. NaN in a column makes both
//! of its moments NaN.

use super::reduce::BLOCK;
use crate::simd::{Float, Kernel, Lanes, run};

/// How many bytes of rows are read a second time while they are in the first cache.
const BLOCK_BYTES: usize = 16 << 10;

/// `out[0, j] = mean over i of x[i, j]` and `out[1, j] = mean over i of (x[i, j] - out[0, j])^2`:
/// `[rows, columns] -> [2, columns]`.
///
/// A block of rows at a time: its own mean, the squares of its deviations from that, and both merged into those of the rows
/// before (Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance"). All is counted from the first row,
/// so that the variance is as good where the mean is ten thousand times the deviation as where it is 0.
///
/// # Panics
/// `out` is not two rows, or `x` is no whole number of rows, at least one.
#[track_caller]
pub fn moments<T: Float>(x: &[T], out: &mut [T]) {
    let columns = out.len() / 2;
    assert!(
        out.len() == 2 * columns && columns > 0 && !x.is_empty() && x.len().is_multiple_of(columns),
        "moments: {} numbers into {}",
        x.len(),
        out.len()
    );
    run(Moments { x, columns, out });
}

struct Moments<'a, T> {
    x: &'a [T],
    columns: usize,
    out: &'a mut [T],
}

impl<T: Float> Kernel<T> for Moments<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let Moments { x, columns, out } = self;
        out.fill(T::ZERO);
        let (mean, squares) = out.split_at_mut(columns);
        let first = &x[..columns];
        let block = columns * (BLOCK_BYTES / size_of::<T>() / columns).clamp(1, BLOCK);
        let mut before = 0;
        for x in x.chunks(block) {
            let rows = x.len() / columns;
            let join = Join::new(before, rows);
            let mut column = 0;
            while column < columns {
                let width = (columns - column).min(4 * L::N);
                let strip = column..column + width;
                let (x, first) = (&x[column..], &first[strip.clone()]);
                let (mean, squares) = (&mut mean[strip.clone()], &mut squares[strip]);
                match width.div_ceil(L::N) {
                    1 if width < L::N => {
                        Strip::<1, true> { width }.join::<T, L>([x, first], columns, join, mean, squares)
                    }
                    1 => Strip::<1, false> { width }.join::<T, L>([x, first], columns, join, mean, squares),
                    2 => Strip::<2, false> { width }.join::<T, L>([x, first], columns, join, mean, squares),
                    3 => Strip::<3, false> { width }.join::<T, L>([x, first], columns, join, mean, squares),
                    _ => Strip::<4, false> { width }.join::<T, L>([x, first], columns, join, mean, squares),
                }
                column += width;
            }
            before += rows;
        }
        let share = T::ONE / T::from_usize(before);
        for (j, (mean, squares)) in mean.iter_mut().zip(squares).enumerate() {
            *mean += first[j];
            *squares *= share;
        }
    }
}

/// How the moments of a block are joined to those of what came before.
#[derive(Clone, Copy)]
struct Join<T> {
    /// One over the rows of the block.
    each: T,
    /// The share of the block in all rows so far.
    share: T,
    /// What the square of the distance between the two means counts: the product of both numbers of rows over their sum.
    between: T,
}

impl<T: Float> Join<T> {
    fn new(before: usize, rows: usize) -> Self {
        let share = T::from_usize(rows) / T::from_usize(before + rows);
        Join { each: T::ONE / T::from_usize(rows), share, between: T::from_usize(before) * share }
    }
}

/// The columns that `W` vectors cover, the last of which ends where they end, or a `PART` of one.
#[derive(Clone, Copy)]
struct Strip<const W: usize, const PART: bool> {
    width: usize,
}

impl<const W: usize, const PART: bool> Strip<W, PART> {
    #[inline(always)]
    fn place<T: Float, L: Lanes<T>>(self, w: usize) -> usize {
        if w + 1 < W || PART { w * L::N } else { self.width - L::N }
    }

    #[inline(always)]
    fn load<T: Float, L: Lanes<T>>(self, row: &[T], w: usize) -> L {
        match PART {
            true => L::load_partial(&row[..self.width]),
            false => L::load(&row[self.place::<T, L>(w)..]),
        }
    }

    #[inline(always)]
    fn store<T: Float, L: Lanes<T>>(self, x: L, row: &mut [T], w: usize) {
        match PART {
            true => x.store_partial(&mut row[..self.width]),
            false => x.store(&mut row[self.place::<T, L>(w)..]),
        }
    }

    /// Joins the moments of the block whose rows, `columns` apart, begin with `x`, counted from the `first` row of all.
    #[inline(always)]
    fn join<T: Float, L: Lanes<T>>(
        self,
        [x, first]: [&[T]; 2],
        columns: usize,
        join: Join<T>,
        mean: &mut [T],
        squares: &mut [T],
    ) {
        let mut zero = [L::splat(T::ZERO); W];
        for (w, zero) in zero.iter_mut().enumerate() {
            *zero = self.load(first, w);
        }
        let mut own = [L::splat(T::ZERO); W];
        for row in x.chunks(columns) {
            for w in 0..W {
                own[w] = own[w].add(self.load::<T, L>(row, w).sub(zero[w]));
            }
        }
        let mut deviations = [L::splat(T::ZERO); W];
        for own in &mut own {
            *own = own.mul(L::splat(join.each));
        }
        for row in x.chunks(columns) {
            for w in 0..W {
                let deviation = self.load::<T, L>(row, w).sub(zero[w]).sub(own[w]);
                deviations[w] = deviation.mul_add(deviation, deviations[w]);
            }
        }
        // All is read before anything is written: the last two vectors may share columns.
        for w in 0..W {
            let before: L = self.load(mean, w);
            let apart = own[w].sub(before);
            own[w] = apart.mul_add(L::splat(join.share), before);
            let sum = self.load::<T, L>(squares, w).add(deviations[w]);
            deviations[w] = apart.mul(apart).mul_add(L::splat(join.between), sum);
        }
        for w in 0..W {
            self.store(own[w], mean, w);
            self.store(deviations[w], squares, w);
        }
    }
}
