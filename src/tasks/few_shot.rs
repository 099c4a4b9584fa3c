//! Few-shot classification: N classes, K images of each.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

pub use self::rotations::Rotations;
pub use self::view::Augmentation;
use self::view::View;
use super::images::{DatasetError, Images, Normalization};
use crate::simd::Float;
use crate::tensor::{Batch, Episode, Shape, Tensor};

/// The size of few-shot classification tasks: "N-way K-shot".
///
/// ```
/// use metatape::tasks::{Augmentation, FewShot, Glyphs, Normalization, Rotations, stream};
/// use metatape::tensor::Episode;
///
/// let images = Glyphs::new().draw(20, 4, &mut stream(0, 0, 0));
/// let augmentation = Augmentation::NONE;
/// let protocol = FewShot { ways: 5, shots: 1, query: 2, rotations: Rotations::Alike, augmentation };
/// let tasks = protocol.over(&images, &Normalization::unit(1))?;
/// let mut rng = stream(0, 1, 0);
/// let mut episode: Episode = tasks.episode(&mut rng);
/// assert_eq!(episode.support.x.shape().dims(), [5, 28, 28, 1]);
/// assert_eq!(episode.query.y.values(), [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
///
/// // Another task in the same memory.
/// tasks.episode_into(&mut episode, &mut rng);
/// # Ok::<(), metatape::tasks::DatasetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FewShot {
    /// Classes in an episode (N).
    pub ways: usize,
    /// Support images of each class (K).
    pub shots: usize,
    /// Query images of each class.
    pub query: usize,
    /// How its classes are turned.
    pub rotations: Rotations,
    /// How single images are changed, if they are.
    pub augmentation: Augmentation,
}

impl FewShot {
    /// The most ways, and the most images of a class in an episode.
    pub const LARGEST: usize = 1024;

    /// The support rows of each class: one for each shot, or several where both sides or corners are shown.
    pub fn shown(&self) -> usize {
        self.shots.saturating_mul(self.augmentation.copies())
    }

    /// The query rows of each class: one for each query image, or as many as it has views.
    pub fn judged(&self) -> usize {
        self.query.saturating_mul(self.augmentation.query_copies())
    }

    /// Tasks of this size over the classes of `images`.
    ///
    /// # Errors
    /// Where there are too few classes, or a class has too few images; where a size is 0 or above
    /// [`FewShot::LARGEST`]; where images that are not square are to be rotated; where the normalization is for another
    /// number of channels.
    pub fn over<'a>(
        self,
        images: &'a Images,
        normalization: &Normalization,
    ) -> Result<FewShotTasks<'a>, DatasetError> {
        let FewShot { ways, shots, query, rotations, .. } = self;
        let (shown, judged) = (self.shown(), self.judged());
        let refuse = |reason| Err(DatasetError::EpisodeSize { ways, shots, query, reason });
        if ways == 0 || shots == 0 || query == 0 {
            return refuse("none of the three may be 0".into());
        }
        if ways > Self::LARGEST || shown.saturating_add(judged) > Self::LARGEST {
            return refuse(format!("at most {} ways and images of a class", Self::LARGEST));
        }
        if let Rotations::Share(share) = rotations
            && !(0.0..=1.0).contains(&share)
        {
            return refuse(format!("a share of {share} of the classes cannot be turned"));
        }
        let [height, width, channels] = images.shape();
        if [shown, judged]
            .iter()
            .any(|images| Shape::checked(&[ways * images, height, width, channels]).is_none())
        {
            return refuse(format!("{height} x {width} x {channels} values for each image are too many"));
        }
        if ways > images.classes() {
            return Err(DatasetError::TooFewClasses { found: images.classes(), wanted: ways });
        }
        if let Some(class) = (0..images.classes()).find(|&class| images.count(class) < shots + query) {
            let (class, found) = (images.name(class).to_owned(), images.count(class));
            return Err(DatasetError::TooFewImages { class, found, shots, query });
        }
        if rotations != Rotations::Never && height != width {
            return Err(DatasetError::NotSquare { height, width });
        }
        Ok(FewShotTasks { protocol: self, images, numbers: normalization.table(channels)? })
    }
}

/// A distribution of few-shot classification tasks; see [`FewShot::over`].
#[derive(Clone, Debug)]
pub struct FewShotTasks<'a> {
    protocol: FewShot,
    images: &'a Images,
    /// The number for each byte, channel by channel.
    numbers: Vec<[f64; 256]>,
}

impl FewShotTasks<'_> {
    /// The size of a task.
    pub fn protocol(&self) -> FewShot {
        self.protocol
    }

    /// Draws a task: distinct classes and distinct images, uniformly.
    ///
    /// x has the shape `[ways * shown, height, width, channels]` for the support, where [`FewShot::shown`] is `shots` unless both
    /// sides or corners are shown, and `[ways * judged, ..]` for the query set, where [`FewShot::judged`] is `query` unless its
    /// images have several views; y has the shape `[ways * shown]` or `[ways * judged]` and the numbers 0 to `ways - 1` of the
    /// classes in this episode.
    /// Rows are ordered by class, and within it by image: the views of an image lie beside each other.
    pub fn episode<T: Float, R: Rng + ?Sized>(&self, rng: &mut R) -> Episode<T> {
        let [x, y] = self.shapes(self.protocol.shown());
        let support = Batch { x: Tensor::zeros(x), y: Tensor::zeros(y) };
        let [x, y] = self.shapes(self.protocol.judged());
        let query = Batch { x: Tensor::zeros(x), y: Tensor::zeros(y) };
        let mut episode = Episode { support, query };
        self.episode_into(&mut episode, rng);
        episode
    }

    /// Draws another task into an episode of the same size; nothing is allocated.
    ///
    /// # Panics
    /// If a tensor of the episode has another shape than [`FewShotTasks::episode`] gives it.
    #[track_caller]
    pub fn episode_into<T: Float, R: Rng + ?Sized>(&self, episode: &mut Episode<T>, rng: &mut R) {
        let FewShot { ways, shots, query, rotations, augmentation } = self.protocol;
        let Episode { support, query: judged } = episode;
        for (batch, images) in [(&*support, self.protocol.shown()), (&*judged, self.protocol.judged())] {
            let (found, expected) = ([batch.x.shape(), batch.y.shape()], self.shapes(images));
            assert!(found == expected, "episode_into: shapes {found:?} where tasks have {expected:?}");
        }
        let (mut classes, mut chosen) = ([0; FewShot::LARGEST], [0; FewShot::LARGEST]);
        let (classes, chosen) = (&mut classes[..ways], &mut chosen[..shots + query]);
        draw_distinct(self.images.classes(), classes, rng);
        for (label, &class) in classes.iter().enumerate() {
            draw_distinct(self.images.count(class), chosen, rng);
            let turns = rotations.draw(rng);
            let (first, second) = chosen.split_at(shots);
            self.write_class(support, label, (class, first), (turns, augmentation.copies()), rng);
            self.write_class(judged, label, (class, second), (turns, augmentation.query_copies()), rng);
        }
    }

    fn shapes(&self, images: usize) -> [Shape; 2] {
        let [height, width, channels] = self.images.shape();
        let rows = self.protocol.ways * images;
        [Shape::from([rows, height, width, channels]), Shape::from([rows])]
    }

    /// Fills the rows of one class with images of it, each as often as there are copies.
    fn write_class<T: Float, R: Rng + ?Sized>(
        &self,
        batch: &mut Batch<T>,
        label: usize,
        (class, images): (usize, &[usize]),
        (turns, copies): (usize, usize),
        rng: &mut R,
    ) {
        let count = copies * images.len();
        let rows = label * count..(label + 1) * count;
        batch.y.values_mut()[rows.clone()].fill(T::from_usize(label));
        let length = self.images.shape().iter().product();
        let out = batch.x.values_mut().chunks_exact_mut(length).skip(rows.start).take(count);
        for (row, out) in out.enumerate() {
            let augmentation = self.protocol.augmentation;
            let view = augmentation.view(turns, rng);
            let view = if copies == 1 { view } else { augmentation.copy(view, row % copies) };
            self.write_image(self.images.image(class, images[row / copies]), &view, out);
        }
    }

    /// The image as numbers, as it is looked at.
    fn write_image<T: Float>(&self, image: &[u8], view: &View, out: &mut [T]) {
        let [height, width, channels] = self.images.shape();
        for (row, out) in out.chunks_exact_mut(width * channels).enumerate() {
            for (column, out) in out.chunks_exact_mut(channels).enumerate() {
                let [row, column] = view.source([row, column], [height, width]);
                let pixel = &image[(row * width + column) * channels..][..channels];
                for ((out, numbers), &byte) in out.iter_mut().zip(&self.numbers).zip(pixel) {
                    *out = T::from_f64(numbers[usize::from(byte)]);
                }
            }
        }
    }
}

/// Fills `chosen` with distinct numbers below `n`: each ordered choice is equally likely (R. Floyd's algorithm; J. Bentley,
/// Communications of the ACM 30(9), 1987), then shuffled.
fn draw_distinct<R: Rng + ?Sized>(n: usize, chosen: &mut [usize], rng: &mut R) {
    for (at, last) in (n - chosen.len()..n).enumerate() {
        let drawn = rng.random_range(0..=last);
        chosen[at] = if chosen[..at].contains(&drawn) { last } else { drawn };
    }
    chosen.shuffle(rng);
}

mod rotations;
mod view;

#[cfg(test)]
mod tests;
