//! Outputs that are written past the caches.

use std::marker::PhantomData;

use super::{Float, Lanes};

/// Vectors to be written one behind the other.
pub trait Vectors<T: Float> {
    /// The one whose first lane goes to place `j`.
    fn vector<L: Lanes<T>>(&self, j: usize) -> L;
}

/// Writes as many whole vectors to `to` as it holds, past the caches where the level can, and gives how many floats that
/// were: for outputs much larger than the caches, of which nothing would be left to read back, and which ordinary stores
/// would first fetch from memory. Panics if `to` is not aligned to the vector's size.
#[inline(always)]
pub fn write_past_caches<T: Float, L: Lanes<T>>(vectors: impl Vectors<T>, to: &mut [T]) -> usize {
    let mut written = 0;
    let _fence = Fence(PhantomData::<(T, L)>);
    for to in to.chunks_exact_mut(L::N) {
        // SAFETY: `to` is borrowed until the fence, which also comes where a vector panics.
        unsafe { vectors.vector::<L>(written).store_past_caches(to) };
        written += L::N;
    }
    written
}

/// Fences when it goes.
struct Fence<T: Float, L: Lanes<T>>(PhantomData<(T, L)>);

impl<T: Float, L: Lanes<T>> Drop for Fence<T, L> {
    #[inline(always)]
    fn drop(&mut self) {
        L::fence();
    }
}
