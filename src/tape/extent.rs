//! How large a value on the tape is.

use std::fmt;

use crate::tensor::Shape;

/// The size of a value on the tape: the shape that its program sees, times the episodes that lie side by side.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// 1 for a value that all episodes share, else the number of episodes on the tape.
    pub episodes: u32,
    /// The shape within one episode.
    pub shape: Shape,
}

impl Extent {
    /// One number, shared by all episodes.
    pub const SCALAR: &'static Extent = &Extent { episodes: 1, shape: Shape::SCALAR };

    /// `shape`, shared by all episodes.
    pub fn shared(shape: impl Into<Shape>) -> Self {
        Extent { episodes: 1, shape: shape.into() }
    }

    /// `shape` in each of `episodes` episodes.
    pub fn new(episodes: u32, shape: impl Into<Shape>) -> Self {
        Extent { episodes, shape: shape.into() }
    }

    /// How many floats: episodes times the length of the shape.
    #[inline]
    pub fn len(&self) -> usize {
        self.episodes as usize * self.shape.len()
    }

    /// Whether there is no float at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How far one episode's floats lie from the next one's: 0 where all episodes share them.
    #[inline]
    pub fn episode_stride(&self) -> usize {
        if self.episodes == 1 { 0 } else { self.shape.len() }
    }

    /// Whether repeating this along axes of length 1, leading axes it lacks, and episodes makes `large`.
    #[inline]
    pub fn broadcasts_to(&self, large: Extent) -> bool {
        *self == large
            || (self.episodes == large.episodes || self.episodes == 1)
                && Shape::broadcast(self.shape, large.shape) == Some(large.shape)
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.episodes {
            1 => write!(f, "{}", self.shape),
            episodes => write!(f, "{} x {episodes} episodes", self.shape),
        }
    }
}

impl fmt::Debug for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
