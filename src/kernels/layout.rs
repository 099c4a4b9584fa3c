//! Moving blocks about: permuted axes, parts cut out and put in.

use super::broadcast::AXES;

/// `out = x` with axes in another order: step `i` along output axis `a` moves `strides[a]` in `x`.
pub fn permute<T: Copy>(counts: [usize; AXES], strides: [usize; AXES], x: &[T], out: &mut [T]) {
    let [c0, c1, c2, c3, c4] = counts;
    let [s0, s1, s2, s3, s4] = strides;
    if c4 == 0 {
        return;
    }
    let mut rows = out.chunks_exact_mut(c4);
    for i0 in 0..c0 {
        for i1 in 0..c1 {
            for i2 in 0..c2 {
                for i3 in 0..c3 {
                    let Some(row) = rows.next() else { return };
                    let at = i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3;
                    if s4 == 1 {
                        row.copy_from_slice(&x[at..at + c4]);
                    } else {
                        for (i4, y) in row.iter_mut().enumerate() {
                            *y = x[at + i4 * s4];
                        }
                    }
                }
            }
        }
    }
}

/// Copies `width` floats of every `from_pitch` of `from`, starting at `from_start`, to every `to_pitch` of `to`,
/// starting at `to_start`: a part of an axis, seen as a part of each row.
pub fn copy_columns<T: Copy>(
    (from, from_start, from_pitch): (&[T], usize, usize),
    (to, to_start, to_pitch): (&mut [T], usize, usize),
    width: usize,
) {
    if width == 0 {
        return;
    }
    for (from, to) in from.chunks_exact(from_pitch).zip(to.chunks_exact_mut(to_pitch)) {
        to[to_start..to_start + width].copy_from_slice(&from[from_start..from_start + width]);
    }
}
