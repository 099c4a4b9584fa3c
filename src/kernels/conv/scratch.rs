//! Memory for what is computed on the way, kept by each thread.

use std::cell::Cell;

use crate::simd::{Float, Slab};

/// Calls `body` with blocks of these lengths, each at the start of a cache line, of unspecified numbers.
///
/// The memory is taken out for as long: where `body` waits for other threads in a large product, this one may meanwhile begin
/// another convolution, which then gets memory of its own.
pub(super) fn scratch<T: Float, const N: usize>(lengths: [usize; N], body: impl FnOnce([&mut [T]; N])) {
    thread_local! {
        static SCRATCH: Cell<Slab<f64>> = const { Cell::new(Slab::new()) };
    }
    let whole = lengths.map(Slab::<T>::whole_lines);
    let mut slab = SCRATCH.take();
    slab.reserve((whole.iter().sum::<usize>() * size_of::<T>()).div_ceil(size_of::<f64>()));
    let mut rest: &mut [T] = bytemuck::cast_slice_mut(slab.values_mut());
    body(std::array::from_fn(|number| {
        let (block, behind) = std::mem::take(&mut rest).split_at_mut(whole[number]);
        rest = behind;
        &mut block[..lengths[number]]
    }));
    SCRATCH.set(slab);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_within_is_other_memory() {
        scratch([3, 5], |[outer, _]: [&mut [f32]; 2]| {
            outer.fill(1.0);
            scratch([4], |[inner]: [&mut [f64]; 1]| inner.fill(2.0));
            assert_eq!(outer, [1.0; 3]);
        });
    }
}
