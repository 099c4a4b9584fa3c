//! The sizes of the blocks that a product is cut into, and what each of them cuts.

use crate::simd::Level;

/// The most rows of `C` in a tile: how many numbers of `A` are broadcast at each step along `inner`.
///
/// With [`tile_vectors`] it fills the registers: 8 x 3 sums of the 32 registers of AVX-512, 6 x 2 of the 16 of
/// AVX2, and on the portable level 6 x 1 sums, which are two registers each on SSE2.
pub(super) const fn tile_rows(level: Level) -> usize {
    match level {
        Level::Portable | Level::Avx2 => 6,
        Level::Avx512 => 8,
    }
}

/// The most vectors of columns of `C` in a tile: how many vectors of `B` are loaded at each step along `inner`.
pub(super) const fn tile_vectors(level: Level) -> usize {
    match level {
        Level::Portable => 1,
        Level::Avx2 => 2,
        Level::Avx512 => 3,
    }
}

/// The floats in a vector at a level: what `Lanes::N` is inside a kernel.
pub(super) const fn lanes<T>(level: Level) -> usize {
    match level {
        Level::Portable | Level::Avx2 => 32 / size_of::<T>(),
        Level::Avx512 => 64 / size_of::<T>(),
    }
}

/// The most pairs of rows in a tile whose last vector is at most half full and shared by two rows; none where that does
/// not pay. With AVX-512 25 of the registers are sums: 10 x 2.5 vectors.
pub(super) const fn tile_pairs(level: Level) -> usize {
    match level {
        Level::Portable | Level::Avx2 => 0,
        Level::Avx512 => 5,
    }
}

/// The most steps along `inner` between two visits to `C`: cuts the panel of `B` that a column of tiles shares, 96
/// KiB with AVX-512, so that it and the rows of `A` that pass it come from the second-level cache, which keeps up with the
/// tiles. `C` mostly does not, so that fewer visits count for more than a panel in the first-level cache: with 512 in place
/// of 256 products of 512^3 take a twentieth less time.
pub(super) const DEPTH: usize = 512;

/// The most columns of `B` packed at once: cuts the packed block, `DEPTH` x `COLUMNS`, so that it stays in the
/// third-level cache (8 MiB in `f64`).
pub(super) const COLUMNS: usize = 2048;

/// The most rows of `A` that pass under one panel of `B`: cuts the block of `A`, `DEPTH` x `ROWS`, so that it stays
/// in the second-level cache while all the panels of `B` pass (512 KiB in `f64`).
pub(super) const ROWS: usize = 128;

/// The stride, in bytes, from which a matrix is packed: a page. Rows that lie closer are read in place, which is
/// faster; of rows that lie further apart, each costs a miss of the address translation.
pub(super) const PACK_STRIDE: usize = 4096;

/// How often a packed number must be read to be worth packing: the least rows of `C` for `B`, columns for `A`.
pub(super) const PACK_USES: usize = 128;

/// The least work, in multiply-adds, worth a thread of its own. Waking a second thread took 10 microseconds and more: two
/// were slower than one below 256^3 (0.74 times as fast at 160^3), and 1.9 times as fast at 512^3.
pub(super) const THREAD_WORK: usize = 200 * 200 * 200;

/// Cuts `total` into the fewest parts of at most `most`, as even as can be: `(start, length)` of each.
#[inline(always)]
pub(super) fn parts(total: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = total.div_ceil(most).max(1);
    // The division would cost as much as a small tile.
    let (length, longer) = if count == 1 { (total, 0) } else { (total / count, total % count) };
    (0..count).map(move |i| (i * length + i.min(longer), length + usize::from(i < longer)))
}

#[cfg(test)]
mod tests {
    use super::{lanes, parts};
    use crate::simd::{self, Kernel, Lanes};

    struct Counted;

    impl Kernel<f32> for Counted {
        type Output = usize;
        #[inline(always)]
        fn run<L: Lanes<f32>>(self) -> usize {
            L::N
        }
    }

    #[test]
    fn lanes_are_those_of_the_kernels() {
        assert_eq!(lanes::<f32>(simd::level()), simd::run(Counted));
    }

    #[test]
    fn parts_are_even_and_cover_the_whole() {
        assert_eq!(parts(10, 8).collect::<Vec<_>>(), [(0, 5), (5, 5)]);
        assert_eq!(parts(17, 6).collect::<Vec<_>>(), [(0, 6), (6, 6), (12, 5)]);
        assert_eq!(parts(0, 6).collect::<Vec<_>>(), [(0, 0)]);
    }
}
