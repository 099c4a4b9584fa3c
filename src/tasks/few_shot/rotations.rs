//! How classes are turned.

use rand::{Rng, RngExt};

/// How the classes of an episode are turned, each with all its images alike: a turned class is another class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rotations {
    /// Not at all.
    Never,
    /// By 0, 90, 180 or 270 degrees, each as likely, as characters are (Santoro et al. 2016, arXiv:1605.06065; so in MAML).
    Alike,
    /// This share of them, from 0 to 1, by 90, 180 or 270 degrees: more classes to train on, where scores are for upright ones
    /// (Liu et al. 2020, arXiv:2003.00804).
    Share(f64),
}

impl Rotations {
    /// By how many quarters a class is turned, counterclockwise.
    pub(super) fn draw<R: Rng + ?Sized>(self, rng: &mut R) -> usize {
        match self {
            Rotations::Never => 0,
            Rotations::Alike => rng.random_range(0..4),
            Rotations::Share(share) if rng.random_bool(share) => rng.random_range(1..4),
            Rotations::Share(_) => 0,
        }
    }
}
