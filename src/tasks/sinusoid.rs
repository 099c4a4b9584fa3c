//! Few-shot regression of sine waves, in the two published protocols.

use std::f64::consts::PI;

use rand::{Rng, RngExt};

use crate::simd::Float;
use crate::tensor::{Batch, Episode, Tensor};

/// A distribution of sine waves `y = A sin(w x + b)`: each number is uniform between two bounds.
///
/// The two published protocols differ and must not be compared with each other.
///
/// ```
/// use metatape::tasks::{Sinusoid, stream};
/// use metatape::tensor::Episode;
///
/// let mut rng = stream(0, 0, 0);
/// let mut episode: Episode = Sinusoid::meta_sgd().episode(5, 10, &mut rng);
/// assert_eq!(episode.support.x.shape().dims(), [5, 1]);
/// assert_eq!(episode.query.y.shape().dims(), [10, 1]);
///
/// // Another task of the same size in the same memory.
/// Sinusoid::meta_sgd().episode_into(&mut episode, &mut rng);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sinusoid {
    /// The bounds of `A`.
    pub amplitude: [f64; 2],
    /// The bounds of `w`, in radians per unit of x.
    pub frequency: [f64; 2],
    /// The bounds of `b`, in radians.
    pub phase: [f64; 2],
    /// The bounds of `x`.
    pub input: [f64; 2],
}

impl Sinusoid {
    /// The protocol of Meta-SGD (Li et al. 2017, arXiv:1707.09835): `y = A sin(w x + b)` with A in [0.1, 5],
    /// w in [0.8, 1.2], b in [0, pi], x in [-5, 5].
    pub const fn meta_sgd() -> Self {
        Sinusoid { amplitude: [0.1, 5.0], frequency: [0.8, 1.2], phase: [0.0, PI], input: [-5.0, 5.0] }
    }

    /// The protocol of MAML (Finn et al. 2017, arXiv:1703.03400): `y = A sin(x - b)` with A in [0.1, 5],
    /// b in [0, pi], x in [-5, 5]. The frequency does not change, and the phase is `-b`.
    pub const fn maml() -> Self {
        Sinusoid { frequency: [1.0, 1.0], phase: [-PI, 0.0], ..Sinusoid::meta_sgd() }
    }

    /// Draws a task.
    pub fn wave<R: Rng + ?Sized>(&self, rng: &mut R) -> Wave {
        Wave {
            amplitude: uniform(self.amplitude, rng),
            frequency: uniform(self.frequency, rng),
            phase: uniform(self.phase, rng),
            input: self.input,
        }
    }

    /// Draws a task, `shots` points to adapt to and `queries` points to be judged on.
    ///
    /// x and y have the shapes `[shots, 1]` and `[queries, 1]`.
    pub fn episode<T: Float, R: Rng + ?Sized>(
        &self,
        shots: usize,
        queries: usize,
        rng: &mut R,
    ) -> Episode<T> {
        let batch = |points| Batch { x: Tensor::zeros([points, 1]), y: Tensor::zeros([points, 1]) };
        let mut episode = Episode { support: batch(shots), query: batch(queries) };
        self.episode_into(&mut episode, rng);
        episode
    }

    /// Draws another task of the size of `episode` into it; nothing is allocated.
    ///
    /// # Panics
    /// If x and y of a batch hold different numbers of values.
    #[track_caller]
    pub fn episode_into<T: Float, R: Rng + ?Sized>(&self, episode: &mut Episode<T>, rng: &mut R) {
        let wave = self.wave(rng);
        wave.sample_into(&mut episode.support, rng);
        wave.sample_into(&mut episode.query, rng);
    }
}

/// One task: the wave `y = A sin(w x + b)`.
///
/// ```
/// use metatape::tasks::{Sinusoid, stream};
///
/// let wave = Sinusoid::maml().wave(&mut stream(0, 0, 0));
/// assert_eq!(wave.value(1.0), wave.amplitude * (wave.frequency + wave.phase).sin());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wave {
    /// `A`.
    pub amplitude: f64,
    /// `w`, in radians per unit of x.
    pub frequency: f64,
    /// `b`, in radians.
    pub phase: f64,
    /// The bounds between which points are drawn.
    pub input: [f64; 2],
}

impl Wave {
    /// `A sin(w x + b)`.
    pub fn value(&self, x: f64) -> f64 {
        self.amplitude * (self.frequency * x + self.phase).sin()
    }

    /// Fills `batch` with points drawn uniformly between the bounds of x; nothing is allocated.
    ///
    /// The point is rounded to `T` before the wave is taken at it, so y belongs to the x that a model sees.
    ///
    /// # Panics
    /// If x and y hold different numbers of values.
    #[track_caller]
    pub fn sample_into<T: Float, R: Rng + ?Sized>(&self, batch: &mut Batch<T>, rng: &mut R) {
        let (x_shape, y_shape) = (batch.x.shape(), batch.y.shape());
        assert!(x_shape.len() == y_shape.len(), "sample_into: x has shape {x_shape}, y has shape {y_shape}");
        for (x, y) in batch.x.values_mut().iter_mut().zip(batch.y.values_mut()) {
            *x = T::from_f64(uniform(self.input, rng));
            *y = T::from_f64(self.value(x.to_f64()));
        }
    }
}

fn uniform<R: Rng + ?Sized>([low, high]: [f64; 2], rng: &mut R) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::stream;

    /// Draws many values and asks that they stay within the bounds and come near both.
    #[track_caller]
    fn assert_fills([low, high]: [f64; 2], values: impl Iterator<Item = f64>) {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            least = least.min(value);
            most = most.max(value);
        }
        let margin = 0.01 * (high - low);
        assert!((low..=low + margin).contains(&least), "least {least} for [{low}, {high}]");
        assert!((high - margin..=high).contains(&most), "most {most} for [{low}, {high}]");
    }

    fn waves(protocol: Sinusoid) -> Vec<Wave> {
        (0..4000).map(|task| protocol.wave(&mut stream(5, 0, task))).collect()
    }

    #[test]
    fn waves_fill_the_published_ranges() {
        let meta_sgd = waves(Sinusoid::meta_sgd());
        assert_fills([0.1, 5.0], meta_sgd.iter().map(|wave| wave.amplitude));
        assert_fills([0.8, 1.2], meta_sgd.iter().map(|wave| wave.frequency));
        assert_fills([0.0, PI], meta_sgd.iter().map(|wave| wave.phase));
        let maml = waves(Sinusoid::maml());
        assert_fills([0.1, 5.0], maml.iter().map(|wave| wave.amplitude));
        assert_fills([-PI, 0.0], maml.iter().map(|wave| wave.phase));
        assert!(maml.iter().all(|wave| wave.frequency == 1.0));
    }

    #[test]
    fn points_lie_on_the_wave() {
        let mut rng = stream(1, 0, 0);
        let wave = Sinusoid::meta_sgd().wave(&mut rng);
        let mut batch: Batch<f64> = Batch { x: Tensor::zeros([2000, 1]), y: Tensor::zeros([2000, 1]) };
        wave.sample_into(&mut batch, &mut rng);
        assert_fills([-5.0, 5.0], batch.x.values().iter().copied());
        for (&x, &y) in batch.x.values().iter().zip(batch.y.values()) {
            assert_eq!(y, wave.amplitude * (wave.frequency * x + wave.phase).sin());
        }
    }

    #[test]
    fn support_and_query_share_the_wave_but_no_point() {
        let episode: Episode<f64> = Sinusoid::meta_sgd().episode(5, 10, &mut stream(2, 0, 0));
        let wave = Sinusoid::meta_sgd().wave(&mut stream(2, 0, 0));
        for batch in [&episode.support, &episode.query] {
            for (&x, &y) in batch.x.values().iter().zip(batch.y.values()) {
                assert_eq!(y, wave.value(x));
            }
        }
        let query = episode.query.x.values();
        assert!(episode.support.x.values().iter().all(|x| !query.contains(x)));
    }

    #[test]
    fn the_same_stream_gives_the_same_episode() {
        let draw = |task| -> Episode { Sinusoid::maml().episode(5, 10, &mut stream(0, 3, task)) };
        let first = draw(1);
        assert_eq!(first, draw(1));
        assert_ne!(first, draw(2));
        let mut reused = draw(2);
        Sinusoid::maml().episode_into(&mut reused, &mut stream(0, 3, 1));
        assert_eq!(reused, first);
    }

    #[test]
    fn drawn_numbers_never_change() {
        let wave = Sinusoid::meta_sgd().wave(&mut stream(0, 0, 0));
        let expected = [1.9920341502229324, 0.9551229312205212, 0.030832011019350077];
        assert_eq!([wave.amplitude, wave.frequency, wave.phase], expected);
    }
}
