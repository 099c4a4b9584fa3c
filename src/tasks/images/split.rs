//! Classes dealt out at random.

use rand::Rng;
use rand::seq::SliceRandom;

use super::{DatasetError, Images};

impl Images {
    /// Shuffles the classes and deals out as many as each count says; what is left over is dropped.
    ///
    /// Omniglot's background set is divided in this way: 800 characters to train on, 164 to score on. The same
    /// generator gives the same parts.
    ///
    /// ```
    /// use metatape::tasks::{Glyphs, stream};
    ///
    /// let images = Glyphs::new().draw(10, 2, &mut stream(0, 0, 0));
    /// let [train, test] = images.split([8, 2], &mut stream(1, 0, 0))?;
    /// assert_eq!((train.classes(), test.classes()), (8, 2));
    /// # Ok::<(), metatape::tasks::DatasetError>(())
    /// ```
    ///
    /// # Errors
    /// [`DatasetError::TooFewClasses`] where the counts ask for more classes than there are.
    pub fn split<const N: usize, R: Rng + ?Sized>(
        mut self,
        counts: [usize; N],
        rng: &mut R,
    ) -> Result<[Images; N], DatasetError> {
        let wanted = counts.iter().fold(0, |sum: usize, &count| sum.saturating_add(count));
        if wanted > self.classes() {
            return Err(DatasetError::TooFewClasses { found: self.classes(), wanted });
        }
        self.classes.shuffle(rng);
        let shape = self.shape();
        let mut classes = self.classes.into_iter();
        Ok(counts.map(|count| {
            let mut part = Images::new(shape);
            part.classes.extend(classes.by_ref().take(count));
            part
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tasks::stream;

    fn ten() -> Images {
        let mut images = Images::new([1, 1, 1]);
        for class in 0..10 {
            images.push_class(class.to_string(), vec![class]);
        }
        images
    }

    #[test]
    fn parts_are_distinct_and_keep_names_with_images() {
        let [a, b] = ten().split([6, 3], &mut stream(0, 0, 0)).unwrap();
        assert_eq!((a.classes(), b.classes()), (6, 3));
        let parts = [&a, &b].map(|part| (0..part.classes()).map(move |class| (part, class)));
        let names: BTreeSet<&str> =
            parts.into_iter().flatten().map(|(part, class)| part.name(class)).collect();
        assert_eq!(names.len(), 9);
        assert!((0..6).all(|class| a.name(class) == a.image(class, 0)[0].to_string()));
    }

    #[test]
    fn the_generator_decides() {
        let split = |seed| ten().split([5, 5], &mut stream(seed, 0, 0)).unwrap();
        assert_eq!(split(3), split(3));
        assert_ne!(split(3), split(4));
    }

    #[test]
    fn too_many_are_refused() {
        let error = ten().split([8, 3], &mut stream(0, 0, 0)).unwrap_err();
        assert_eq!(error.to_string(), "11 classes are wanted, there are 10");
        assert!(ten().split([usize::MAX, 2], &mut stream(0, 0, 0)).is_err());
    }
}
