//! Rows and elements by number. Numbers are floats that hold whole numbers; one that is out of range panics.

use crate::simd::Float;

/// The row number that `x` holds.
///
/// # Panics
/// It is no whole number below `end`.
#[inline]
#[track_caller]
pub fn index<T: Float>(x: T, end: usize) -> usize {
    assert!(is_index(x, end), "index {x}: not a whole number below {end}");
    x.to_f64() as usize
}

/// Whether `x` holds a whole number below `end`.
#[inline]
pub fn is_index<T: Float>(x: T, end: usize) -> bool {
    let wide = x.to_f64();
    let at = wide as usize;
    at as f64 == wide && at < end
}

/// `out[i] = rows[numbers[i]]`, for rows of `width` floats.
pub fn gather_rows<T: Float>(numbers: &[T], rows: &[T], width: usize, out: &mut [T]) {
    let end = rows.len() / width.max(1);
    for (number, out) in numbers.iter().zip(out.chunks_exact_mut(width.max(1))) {
        let at = index(*number, end) * width;
        out.copy_from_slice(&rows[at..at + width]);
    }
}

/// `out[numbers[i]] += rows[i]`, for rows of `width` floats, in order of `i`.
pub fn scatter_rows<T: Float>(numbers: &[T], rows: &[T], width: usize, out: &mut [T]) {
    let end = out.len() / width.max(1);
    for (number, row) in numbers.iter().zip(rows.chunks_exact(width.max(1))) {
        let at = index(*number, end) * width;
        for (y, x) in out[at..at + width].iter_mut().zip(row) {
            *y += *x;
        }
    }
}

/// The place of the largest of `row`, the first of several; that of the first NaN where there is one.
#[inline]
pub fn arg_max<T: Float>(row: &[T]) -> usize {
    let mut best = 0;
    for (at, x) in row.iter().enumerate() {
        #[allow(clippy::eq_op, reason = "only a NaN differs from itself")]
        if x != x {
            return at;
        }
        if *x > row[best] {
            best = at;
        }
    }
    best
}
