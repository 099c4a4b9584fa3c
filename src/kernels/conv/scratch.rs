//! Memory for what is computed on the way, kept by each thread.

use std::cell::RefCell;

use crate::simd::{Float, Slab};

/// Calls `body` with blocks of these lengths, each at the start of a cache line, of unspecified numbers. Not to be called
/// within `body`.
pub(super) fn scratch<T: Float, const N: usize>(lengths: [usize; N], body: impl FnOnce([&mut [T]; N])) {
    thread_local! {
        static SCRATCH: RefCell<Slab<f64>> = const { RefCell::new(Slab::new()) };
    }
    let whole = lengths.map(Slab::<T>::whole_lines);
    SCRATCH.with_borrow_mut(|slab| {
        slab.reserve((whole.iter().sum::<usize>() * size_of::<T>()).div_ceil(size_of::<f64>()));
        let mut rest: &mut [T] = bytemuck::cast_slice_mut(slab.values_mut());
        body(std::array::from_fn(|number| {
            let (block, behind) = std::mem::take(&mut rest).split_at_mut(whole[number]);
            rest = behind;
            &mut block[..lengths[number]]
        }));
    });
}
