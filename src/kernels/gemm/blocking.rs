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

/// The most steps along `inner` between two visits to `C`: cuts the panel of `B` that a column of tiles shares, so
/// that it stays in the first-level cache (8 bytes x 24 columns x 192 = 36 KiB of 48 with AVX-512).
pub(super) const DEPTH: usize = 192;

/// The most columns of `B` packed at once: cuts the packed block, `DEPTH` x `COLUMNS`, so that it stays in the
/// third-level cache (6 MiB in `f64`).
pub(super) const COLUMNS: usize = 4096;

/// The most rows of `A` that pass under one panel of `B`: cuts the block of `A`, `DEPTH` x `ROWS`, so that it stays
/// in the second-level cache while all the panels of `B` pass (375 KiB in `f64`).
pub(super) const ROWS: usize = 256;

/// `B` is packed where at least this many rows share it and it has more numbers than [`PACK_NUMBERS`]; elsewhere,
/// packing costs more than it saves.
pub(super) const PACK_ROWS: usize = 48;

/// The largest operand, in numbers, that is read in place.
pub(super) const PACK_NUMBERS: usize = 96 * 96;

/// The least work, in multiply-adds, worth a thread of its own.
pub(super) const THREAD_WORK: usize = 128 * 128 * 128;

/// Cuts `total` into the fewest parts of at most `most`, as even as can be: `(start, length)` of each.
#[inline(always)]
pub(super) fn parts(total: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = total.div_ceil(most).max(1);
    let (length, longer) = (total / count, total % count);
    (0..count).map(move |i| (i * length + i.min(longer), length + usize::from(i < longer)))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parts_are_even_and_cover_the_whole() {
        assert_eq!(parts(10, 8).collect::<Vec<_>>(), [(0, 5), (5, 5)]);
        assert_eq!(parts(17, 6).collect::<Vec<_>>(), [(0, 6), (6, 6), (12, 5)]);
        assert_eq!(parts(0, 6).collect::<Vec<_>>(), [(0, 0)]);
    }
}
