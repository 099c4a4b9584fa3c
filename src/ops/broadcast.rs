//! From extents to the lengths that the broadcasting kernels are told.

use crate::kernels::broadcast::{Counts, zip_broadcast};
use crate::kernels::map::{self, Binary};
use crate::simd::Float;
use crate::tape::{Extent, Value};

/// `f(left, right)` into `out`, which has the extent that both operands broadcast to.
pub(super) fn zip<T: Float>(left: Value<'_, T>, right: Value<'_, T>, out: &mut [T], f: impl Binary<T>) {
    if left.extent == right.extent {
        map::zip(left.values, right.values, out, f);
    } else {
        let operands = [counts(left.extent), counts(right.extent)];
        zip_broadcast(operands, left.values, right.values, out, f);
    }
}

/// The lengths of all axes, episodes first, shapes aligned to the right.
#[inline]
pub(super) fn counts(extent: Extent) -> Counts {
    let episodes = extent.episodes as usize;
    // Arm by arm, for a loop over as many axes as there are takes longer than a kernel's work on a few numbers.
    match *extent.shape.dims() {
        [] => [episodes, 1, 1, 1, 1],
        [a] => [episodes, 1, 1, 1, a as usize],
        [a, b] => [episodes, 1, 1, a as usize, b as usize],
        [a, b, c] => [episodes, 1, a as usize, b as usize, c as usize],
        [a, b, c, d, ..] => [episodes, a as usize, b as usize, c as usize, d as usize],
    }
}
