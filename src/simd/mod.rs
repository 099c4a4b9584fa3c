//! Vectors of floats, the instruction levels they come in, and the one door through which kernels run.
//!
//! All `unsafe`, all of [`core::arch`] and all of [`wide`] live in this folder. A kernel is a value with one
//! method, generic over [`Lanes`]; [`run`] compiles it once for each [`Level`] and calls the best one that the
//! machine has, on a plain build without any compiler flag.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod door;
mod float;
mod lanes;
mod level;
pub mod math;
mod pair;
mod past_caches;
mod portable;
mod prefetch;
mod slab;

pub use door::{Kernel, run, run_at};
pub use float::{Compiled, Double, Float, Single};
pub use lanes::Lanes;
pub use level::{Level, LevelError, level};
pub use pair::Pair;
pub use past_caches::{Vectors, write_past_caches};
pub use prefetch::prefetch;
pub use slab::Slab;
