//! What a checkpoint tells of the data that its model was trained on.

use std::fmt::Display;
use std::str::FromStr;

use metatape::tasks::{Images, Normalization};
use metatape::tensor::Checkpoint;

use crate::common::{Result, Saved};

/// The data behind a model: everything that scoring it elsewhere needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Height, width and channels of an image.
    pub image: [usize; 3],
    pub normalization: Normalization,
    /// The names of the classes.
    pub classes: Vec<String>,
}

const IMAGE: &str = "image";
const MEAN: &str = "normalization_mean";
const DEVIATION: &str = "normalization_deviation";
const CLASSES: &str = "trained_on";

impl Origin {
    /// Characters keep their pixels in [0, 1], as published; coloured images are brought to mean 0 and deviation 1.
    pub fn of(train: &Images) -> Self {
        let image = train.shape();
        let normalization = if image[2] == 1 { Normalization::unit(1) } else { Normalization::of(train) };
        let classes = (0..train.classes()).map(|class| train.name(class).to_owned()).collect();
        Origin { image, normalization, classes }
    }

    pub fn save(&self, saved: &mut Saved) {
        saved.note(IMAGE, listed(&self.image));
        saved.note(MEAN, listed(&self.normalization.mean));
        saved.note(DEVIATION, listed(&self.normalization.deviation));
        saved.note(CLASSES, serde_json::Value::from(self.classes.as_slice()));
    }

    /// # Errors
    /// The checkpoint does not say, or not in this way.
    pub fn restore(checkpoint: &Checkpoint) -> Result<Self> {
        let image: Vec<usize> = numbers(checkpoint, IMAGE)?;
        let image: [usize; 3] = image.try_into().map_err(|image| format!("{IMAGE} {image:?} is no shape"))?;
        let normalization =
            Normalization { mean: numbers(checkpoint, MEAN)?, deviation: numbers(checkpoint, DEVIATION)? };
        let classes = serde_json::from_str(checkpoint.metadata(CLASSES)?)?;
        Ok(Origin { image, normalization, classes })
    }

    /// # Errors
    /// The checkpoint's model was trained on other data.
    pub fn agree(&self, checkpoint: &Checkpoint) -> Result {
        if Origin::restore(checkpoint)? == *self {
            return Ok(());
        }
        Err("--data: these are not the images that the checkpoint was trained on; use the same to resume"
            .into())
    }
}

fn listed(numbers: &[impl Display]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn numbers<N: FromStr>(checkpoint: &Checkpoint, key: &str) -> Result<Vec<N>> {
    let text = checkpoint.metadata(key)?;
    let parsed: std::result::Result<_, _> = text.split(' ').map(str::parse).collect();
    Ok(parsed.map_err(|_| format!("the checkpoint's {key}, {text:?}, is no list of numbers"))?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use metatape::tensor::{load, save};

    use super::*;

    #[test]
    fn a_checkpoint_tells_where_its_model_comes_from() {
        let mut images = Images::new([2, 2, 3]);
        images.push_class("a \"b\"/character01", (0..12).collect());
        images.push_class("c", (30..54).collect());
        let origin = Origin::of(&images);
        let mut saved = Saved::after(3);
        origin.save(&mut saved);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let notes: BTreeMap<String, String> = saved.notes().iter().cloned().collect();
        save::<f32>(&path, &[], &notes).unwrap();
        let checkpoint = load(&path).unwrap();
        assert_eq!(Origin::restore(&checkpoint).unwrap(), origin);
        assert!(origin.agree(&checkpoint).is_ok());
        images.push_class("d", vec![0; 12]);
        let error = Origin::of(&images).agree(&checkpoint).unwrap_err().to_string();
        assert!(error.starts_with("--data: these are not the images"), "{error}");
    }
}
