//! From extents to the lengths that the broadcasting kernels are told.

use crate::kernels::broadcast::{Counts, zip_broadcast, zip3_broadcast};
use crate::kernels::map::{self, Binary, Ternary};
use crate::simd::Float;
use crate::tape::{Extent, Value};

/// `f(x, y)` into `out`, which has the extent that both operands broadcast to.
pub(super) fn zip<T: Float>(x: Value<'_, T>, y: Value<'_, T>, out: &mut [T], f: impl Binary<T>) {
    if x.extent == y.extent {
        map::zip(x.values, y.values, out, f);
    } else {
        zip_broadcast([counts(x.extent), counts(y.extent)], x.values, y.values, out, f);
    }
}

/// `f(x, y, z)` into `out`, which has the extent that all operands broadcast to.
pub(super) fn zip3<T: Float>([x, y, z]: [Value<'_, T>; 3], out: &mut [T], f: impl Ternary<T>) {
    if x.extent == y.extent && x.extent == z.extent {
        map::zip3(x.values, y.values, z.values, out, f);
    } else {
        let operands = [counts(x.extent), counts(y.extent), counts(z.extent)];
        zip3_broadcast(operands, x.values, y.values, z.values, out, f);
    }
}

/// The lengths of all axes, episodes first, shapes aligned to the right.
#[inline]
pub(super) fn counts(extent: &Extent) -> Counts {
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
