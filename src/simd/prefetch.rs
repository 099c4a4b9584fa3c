//! Memory asked for before it is needed.

/// Asks for the line of the cache that `x[at]` lies in, for a load or a store that comes later. There need be no such
/// element: what lies there is not read.
#[inline(always)]
pub fn prefetch<T>(x: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint to the cache reads nothing and faults nowhere; SSE, which it needs, is in the target's baseline.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(x.as_ptr().wrapping_add(at).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (x, at);
}
