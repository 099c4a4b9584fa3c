//! From extents to the strides that the broadcasting kernels walk by.

use crate::kernels::broadcast::{AXES, Strides, zip_broadcast, zip3_broadcast};
use crate::kernels::map::{self, Binary, Ternary};
use crate::simd::Float;
use crate::tape::{Extent, Value};

/// `f(left, right)` into `out`, whose extent both operands broadcast to.
pub(super) fn zip<T: Float>(
    left: Value<'_, T>,
    right: Value<'_, T>,
    extent: &Extent,
    out: &mut [T],
    f: impl Binary<T>,
) {
    if left.extent == right.extent {
        map::zip(left.values, right.values, out, f);
    } else {
        let strides = [strides_within(left.extent, extent), strides_within(right.extent, extent)];
        zip_broadcast(counts(extent), strides, left.values, right.values, out, f);
    }
}

/// `f(x, y, z)` into `out`, whose extent all operands broadcast to.
pub(super) fn zip3<T: Float>(
    [x, y, z]: [Value<'_, T>; 3],
    extent: &Extent,
    out: &mut [T],
    f: impl Ternary<T>,
) {
    let strides = [x, y, z].map(|operand| strides_within(operand.extent, extent));
    zip3_broadcast(counts(extent), strides, x.values, y.values, z.values, out, f);
}

/// The lengths of all axes, episodes first, shapes aligned to the right.
pub(super) fn counts(extent: &Extent) -> [usize; AXES] {
    let mut counts = [1; AXES];
    counts[0] = extent.episodes as usize;
    let dims = extent.shape.dims();
    for (count, &dim) in counts[AXES - dims.len()..].iter_mut().zip(dims) {
        *count = dim as usize;
    }
    counts
}

/// How far `small`'s floats move for a step along each axis of `large`: 0 where they are repeated.
pub(super) fn strides_within(small: &Extent, large: &Extent) -> Strides {
    let (small, large) = (counts(small), counts(large));
    let mut strides = [0; AXES];
    let mut step = 1;
    for axis in (0..AXES).rev() {
        if small[axis] == large[axis] {
            strides[axis] = step;
        }
        step *= small[axis];
    }
    strides
}
