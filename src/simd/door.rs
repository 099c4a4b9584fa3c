//! The one door: a kernel goes in generic and runs at the level in use.

use super::{Float, Lanes, Level, level};

/// Work to be done at the best instruction level: a value with one method, generic over the vector.
///
/// `run` must be `#[inline(always)]`, and so must every function that it calls with an `L` in its signature; a
/// call that is not inlined is compiled without the level's instructions: right, but slow.
pub trait Kernel<T: Float> {
    /// What the kernel returns.
    type Output;
    /// Does the work with vectors of type `L`.
    fn run<L: Lanes<T>>(self) -> Self::Output;
}

/// Runs `kernel` once, at [`level()`].
#[inline]
pub fn run<T: Float, K: Kernel<T>>(kernel: K) -> K::Output {
    // SAFETY: `level()` returns a level only where the machine was found to have its instructions.
    unsafe { enter(level(), kernel) }
}

/// Runs `kernel` once, at `level`, whatever the level in use: for work beside the kernels, such as judging them.
///
/// # Panics
/// The machine lacks the level.
pub fn run_at<T: Float, K: Kernel<T>>(level: Level, kernel: K) -> K::Output {
    assert!(level <= Level::best(), "this machine has no {level}, its best level is {}", Level::best());
    // SAFETY: the machine has just been found to have the level's instructions.
    unsafe { enter(level, kernel) }
}

/// # Safety
/// The machine must have the instructions of `level`.
#[inline(always)]
unsafe fn enter<T: Float, K: Kernel<T>>(level: Level, kernel: K) -> K::Output {
    match level {
        Level::Portable => portable(kernel),
        // SAFETY: the caller vouches for the instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512(kernel) },
        #[cfg(not(target_arch = "x86_64"))]
        Level::Avx2 | Level::Avx512 => unreachable!("{level} is never chosen on this target"),
    }
}

/// Not inlined, so that no caller pays, with its stack frame, for the level that it does not use.
#[inline(never)]
fn portable<T: Float, K: Kernel<T>>(kernel: K) -> K::Output {
    T::portable(kernel)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<T: Float, K: Kernel<T>>(kernel: K) -> K::Output {
    // SAFETY: this function is entered only where the machine has what it enables.
    unsafe { T::avx2(kernel) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<T: Float, K: Kernel<T>>(kernel: K) -> K::Output {
    // SAFETY: as above.
    unsafe { T::avx512(kernel) }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct WhichLevel;

    impl Kernel<f32> for WhichLevel {
        type Output = Level;
        #[inline(always)]
        fn run<L: Lanes<f32>>(self) -> Level {
            L::LEVEL
        }
    }

    #[test]
    fn the_level_asked_for_is_the_level_used() {
        let asked = std::env::var("METATAPE_SIMD").ok();
        let used = run(WhichLevel);
        assert_eq!(used.name(), asked.as_deref().unwrap_or(Level::best().name()));
    }

    #[test]
    fn any_level_of_the_machine_can_be_entered_and_no_other() {
        for level in Level::ALL {
            let used = std::panic::catch_unwind(|| run_at(level, WhichLevel)).ok();
            assert_eq!(used, (level <= Level::best()).then_some(level));
        }
    }
}
