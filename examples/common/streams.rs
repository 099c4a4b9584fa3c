//! The streams of random numbers that belong to no iteration of training.

pub const WEIGHTS: u64 = u64::MAX;
pub const SCORING: u64 = u64::MAX - 1;
pub const PLOTS: u64 = u64::MAX - 2;
pub const WATCHING: u64 = u64::MAX - 3;
pub const CLASSES: u64 = u64::MAX - 4;
