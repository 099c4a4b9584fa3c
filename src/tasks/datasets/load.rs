//! Lists of files become classes of images.

use std::collections::BTreeMap;

use super::decode::decode;
use super::source::Source;
use crate::tasks::{DatasetError, Images};

/// The names of the files of each class, by the name of the class.
pub(super) type Listing = BTreeMap<String, Vec<String>>;

/// Reads all images of a listing: classes and files in the order of their names. `progress` is told after each image how
/// many of how many are there.
pub(super) fn load(
    source: &mut Source,
    mut listing: Listing,
    shape: [usize; 3],
    mut progress: impl FnMut(usize, usize),
) -> Result<Images, DatasetError> {
    for files in listing.values_mut() {
        files.sort();
        files.truncate(source.images_of_class);
    }
    let total = listing.values().map(Vec::len).sum();
    if total == 0 {
        return Err(DatasetError::NoImages { path: source.path().to_owned() });
    }
    let mut images = Images::new(shape);
    let mut done = 0;
    for (class, files) in listing {
        let mut pixels = Vec::new();
        for file in files {
            pixels.extend_from_slice(&decode(&source.read(&file)?, shape, &source.place(&file))?);
            done += 1;
            progress(done, total);
        }
        pixels.shrink_to_fit();
        images.push_class(class, pixels);
    }
    Ok(images)
}
