//! What a kernel computes for each number of a row: functions of operands that move along it or stand still.

use super::gemm::MOST_LANES;
use super::map::{Binary, Ternary, Unary};
use crate::simd::{Float, Lanes, Level, Pair, Vectors, write_past_caches};

/// An operand as a row sees it.
pub(super) trait Operand<T: Float>: Copy {
    /// The part of it that belongs to `count` columns from `column` on, of the row that begins at the place `at`.
    fn columns(self, at: usize, column: usize, count: usize) -> Self;
    /// The vector at column `j`.
    fn vector<L: Lanes<T>>(self, j: usize) -> L;
    /// `count` columns from column `j` on, less than a vector; whatever behind them.
    fn part<L: Lanes<T>>(self, j: usize, count: usize) -> L;
    /// The same with zeros behind them, as a sum wants.
    fn part_and_zeros<L: Lanes<T>>(self, j: usize, count: usize) -> L;
}

/// One number for each column.
#[derive(Clone, Copy)]
pub(super) struct Moving<'a, T>(pub &'a [T]);

impl<T: Float> Operand<T> for Moving<'_, T> {
    #[inline(always)]
    fn columns(self, at: usize, column: usize, count: usize) -> Self {
        Moving(&self.0[at + column..][..count])
    }
    #[inline(always)]
    fn vector<L: Lanes<T>>(self, j: usize) -> L {
        L::load(&self.0[j..j + L::N])
    }
    #[inline(always)]
    fn part<L: Lanes<T>>(self, j: usize, count: usize) -> L {
        L::load_partial(&self.0[j..j + count])
    }
    #[inline(always)]
    fn part_and_zeros<L: Lanes<T>>(self, j: usize, count: usize) -> L {
        self.part(j, count)
    }
}

/// One number for all columns.
#[derive(Clone, Copy)]
pub(super) struct Still<'a, T>(pub &'a [T]);

impl<T: Float> Operand<T> for Still<'_, T> {
    #[inline(always)]
    fn columns(self, at: usize, _: usize, _: usize) -> Self {
        Still(&self.0[at..=at])
    }
    #[inline(always)]
    fn vector<L: Lanes<T>>(self, _: usize) -> L {
        L::splat(self.0[0])
    }
    #[inline(always)]
    fn part<L: Lanes<T>>(self, j: usize, _: usize) -> L {
        self.vector(j)
    }
    #[inline(always)]
    fn part_and_zeros<L: Lanes<T>>(self, _: usize, count: usize) -> L {
        L::load_partial(&[self.0[0]; MOST_LANES][..count])
    }
}

/// A function of the first of `N` operands.
pub(super) trait Formula<T: Float, const N: usize>: Copy {
    /// The same function in `count` columns from `column` on, of the row that begins at the places `at`.
    fn columns(self, at: [usize; N], column: usize, count: usize) -> Self;
    /// Its values from column `j` on.
    fn vector<L: Lanes<T>>(self, j: usize) -> L;
    /// Its values in `count` columns from column `j` on, less than a vector.
    fn part<L: Lanes<T>>(self, j: usize, count: usize) -> L;
}

macro_rules! formulas {
    ($($name:ident, $function:ident: $($operand:ident $type:ident $place:literal),+;)+) => { $(
        #[derive(Clone, Copy)]
        pub(super) struct $name<$($type,)+ F> {
            $(pub $operand: $type,)+
            pub f: F,
        }

        impl<T: Float, $($type: Operand<T>,)+ F: $function<T>, const N: usize> Formula<T, N> for $name<$($type,)+ F> {
            #[inline(always)]
            fn columns(self, at: [usize; N], column: usize, count: usize) -> Self {
                $name { $($operand: self.$operand.columns(at[$place], column, count),)+ f: self.f }
            }
            #[inline(always)]
            fn vector<L: Lanes<T>>(self, j: usize) -> L {
                self.f.apply($(self.$operand.vector(j)),+)
            }
            #[inline(always)]
            fn part<L: Lanes<T>>(self, j: usize, count: usize) -> L {
                self.f.apply($(self.$operand.part(j, count)),+)
            }
        }
    )+ };
}

formulas! {
    One, Unary: x X 0;
    Two, Binary: x X 0, y Y 1;
    Three, Ternary: x X 0, y Y 1, z Z 2;
}

/// Writes a row.
///
/// Its last vector ends where the row ends, so that some numbers are written twice, the same each time: what was stored
/// under a mask instead would be slow to read back.
#[inline(always)]
pub(super) fn write_row<T: Float, L: Lanes<T>, const N: usize>(formula: impl Formula<T, N>, out: &mut [T]) {
    let Some(last) = out.len().checked_sub(L::N) else {
        formula.part::<L>(0, out.len()).store_partial(out);
        return;
    };
    let mut j = 0;
    while j < last {
        formula.vector::<L>(j).store(&mut out[j..j + L::N]);
        j += L::N;
    }
    formula.vector::<L>(last).store(&mut out[last..]);
}

/// Writes all of a formula's columns, of which there may be many, a few vectors side by side: the chains of instructions of
/// elementary functions are so long that the processor holds too few of them one behind the other. With AVX-512 `exp` runs
/// 1.18 times as fast for it and `sigmoid` 1.35 times, with AVX2 both 1.1 times.
#[inline(always)]
pub(super) fn write_long<T: Float, L: Lanes<T>, const N: usize>(formula: impl Formula<T, N>, out: &mut [T]) {
    match L::LEVEL {
        Level::Avx512 => write_wide::<T, L, Pair<Pair<L>>, N>(formula, out),
        Level::Avx2 => write_wide::<T, L, Pair<L>, N>(formula, out),
        Level::Portable => write_wide::<T, L, L, N>(formula, out),
    }
}

#[inline(always)]
fn write_wide<T: Float, L: Lanes<T>, W: Lanes<T>, const N: usize>(
    formula: impl Formula<T, N>,
    out: &mut [T],
) {
    let columns = out.len();
    if columns < W::N {
        return write_row::<T, L, N>(formula, out);
    }
    let mut j = 0;
    if size_of_val(out) >= BEYOND_CACHES {
        j = out.as_ptr().align_offset(LINE).min(columns);
        write_row::<T, L, N>(formula.columns([0; N], 0, j), &mut out[..j]);
        j += write_past_caches::<T, W>(FromColumn { formula, first: j }, &mut out[j..]);
    } else {
        for out in out.chunks_exact_mut(W::N) {
            formula.vector::<W>(j).store(out);
            j += W::N;
        }
    }
    if j < columns {
        let from = j.min(columns - L::N);
        write_row::<T, L, N>(formula.columns([0; N], from, columns - from), &mut out[from..]);
    }
}

/// A formula's vectors from a column on.
struct FromColumn<F, const N: usize> {
    formula: F,
    first: usize,
}

impl<T: Float, F: Formula<T, N>, const N: usize> Vectors<T> for FromColumn<F, N> {
    #[inline(always)]
    fn vector<L: Lanes<T>>(&self, j: usize) -> L {
        self.formula.vector(self.first + j)
    }
}

/// From how many bytes on an output is written past the caches: half of the last one, on a machine where sums and maxima
/// of 10 million numbers became 1.2 to 1.7 times as fast by it.
const BEYOND_CACHES: usize = 16 << 20;

/// The bytes of a line of the cache.
const LINE: usize = 64;
