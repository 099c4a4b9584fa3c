//! Classes of images of one size, as bytes.

use std::fmt;

/// Images of one size, in classes that have names: a byte for each value, in the order image, row, column, channel (NHWC).
///
/// Bytes take a quarter of the memory of floats; [`FewShotTasks`](crate::tasks::FewShotTasks) makes floats of those that
/// an episode shows.
///
/// ```
/// use metatape::tasks::Images;
///
/// let mut images = Images::new([2, 2, 1]);
/// images.push_class("dark", vec![0, 1, 2, 3, 4, 5, 6, 7]);
/// images.push_class("light", vec![255; 4]);
/// assert_eq!((images.classes(), images.len()), (2, 3));
/// assert_eq!((images.name(0), images.count(0)), ("dark", 2));
/// assert_eq!(images.image(0, 1), [4, 5, 6, 7]);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Images {
    shape: [usize; 3],
    pub(super) classes: Vec<Class>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Class {
    name: String,
    pub(super) pixels: Vec<u8>,
}

impl Images {
    /// No class yet, for images of this height, width and number of channels.
    ///
    /// # Panics
    /// If one of the three is 0.
    #[track_caller]
    pub fn new(shape: [usize; 3]) -> Self {
        assert!(!shape.contains(&0), "new: images of shape {shape:?} hold nothing");
        Images { shape, classes: Vec::new() }
    }

    /// Adds a class behind the others: the bytes of all of its images.
    ///
    /// # Panics
    /// If the bytes are none or no whole number of images, or there is a class of this name.
    #[track_caller]
    pub fn push_class(&mut self, name: impl Into<String>, pixels: Vec<u8>) {
        let name = name.into();
        assert!(
            !pixels.is_empty() && pixels.len().is_multiple_of(self.image_len()),
            "push_class: {} bytes are no whole number of images of shape {:?}",
            pixels.len(),
            self.shape
        );
        assert!(
            self.classes.iter().all(|class| class.name != name),
            "push_class: there is a class {name} already"
        );
        self.classes.push(Class { name, pixels });
    }

    /// Adds the classes of `other` behind these.
    ///
    /// # Panics
    /// If its images have another shape, or both have a class of the same name.
    #[track_caller]
    pub fn append(&mut self, other: Images) {
        assert!(self.shape == other.shape, "append: images of {:?} to {:?}", other.shape, self.shape);
        for class in other.classes {
            self.push_class(class.name, class.pixels);
        }
    }

    /// Height, width and channels of every image.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes.len()
    }

    /// The number of images in all classes together.
    pub fn len(&self) -> usize {
        (0..self.classes()).map(|class| self.count(class)).sum()
    }

    /// Whether there is no image, because there is no class.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The name of a class.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn name(&self, class: usize) -> &str {
        &self.classes[class].name
    }

    /// The number of images of a class: at least 1.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn count(&self, class: usize) -> usize {
        self.classes[class].pixels.len() / self.image_len()
    }

    /// The bytes of one image, in the order row, column, channel.
    ///
    /// # Panics
    /// If there is no such class or no such image in it.
    #[track_caller]
    #[inline]
    pub fn image(&self, class: usize, image: usize) -> &[u8] {
        let length = self.image_len();
        &self.classes[class].pixels[image * length..][..length]
    }

    /// Turns every byte `b` into `255 - b`.
    #[cfg(feature = "datasets")]
    pub(in crate::tasks) fn invert(&mut self) {
        for byte in self.classes.iter_mut().flat_map(|class| &mut class.pixels) {
            *byte = 255 - *byte;
        }
    }

    fn image_len(&self) -> usize {
        self.shape.iter().product()
    }
}

impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Images {:?}, {} in {} classes", self.shape, self.len(), self.classes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(names: &[&str]) -> Images {
        let mut images = Images::new([1, 2, 3]);
        for (first, name) in (0..).step_by(12).zip(names) {
            images.push_class(*name, (first..first + 12).collect());
        }
        images
    }

    #[test]
    fn bytes_lie_by_class_and_image() {
        let images = numbered(&["a", "b"]);
        assert_eq!(images.image(1, 1), [18, 19, 20, 21, 22, 23]);
        assert_eq!((images.len(), images.count(1), images.shape()), (4, 2, [1, 2, 3]));
        assert_eq!(format!("{images:?}"), "Images [1, 2, 3], 4 in 2 classes");
        assert!(Images::new([1, 1, 1]).is_empty());
    }

    #[test]
    fn appended_classes_come_last() {
        let mut images = numbered(&["a", "b"]);
        images.append(numbered(&["c"]));
        assert_eq!((images.classes(), images.name(2), images.image(2, 0)[5]), (3, "c", 5));
    }

    #[test]
    #[should_panic(expected = "push_class: 7 bytes are no whole number of images of shape [1, 2, 3]")]
    fn half_an_image_is_refused() {
        Images::new([1, 2, 3]).push_class("a", vec![0; 7]);
    }

    #[test]
    #[should_panic(expected = "push_class: there is a class a already")]
    fn names_are_unique() {
        numbered(&["a", "a"]);
    }

    #[test]
    #[should_panic(expected = "append: images of [1, 1, 1] to [1, 2, 3]")]
    fn other_sizes_are_refused() {
        numbered(&["a"]).append(Images::new([1, 1, 1]));
    }
}
