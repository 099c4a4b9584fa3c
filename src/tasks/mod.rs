//! Data and worlds at rest: where tasks come from.
//!
//! Whatever is drawn is drawn from a generator that the caller passes in; [`stream`] gives each task of a
//! training run one of its own.

#[cfg(feature = "datasets")]
pub mod datasets;
mod few_shot;
mod glyphs;
mod images;
mod navigation;
mod pendulum;
mod sinusoid;
mod stream;
mod world;

pub use few_shot::{Augmentation, FewShot, FewShotTasks, Rotations};
pub use glyphs::Glyphs;
pub use images::{DatasetError, Images, Normalization};
pub use navigation::{Navigation, PointWorld, Start};
pub use pendulum::{Pendulum, Pendulums};
pub use sinusoid::{Sinusoid, Wave};
pub use stream::stream;
pub use world::{Outcome, World, WorldError, roll_out};
