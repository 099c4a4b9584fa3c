//! miniImageNet: a hundred classes of photographs.

use super::image_list::ImageList;
use super::load::{Listing, load};
use super::source::Source;
use super::split::Split;
use crate::tasks::{DatasetError, Images};

/// Reads one split of miniImageNet (O. Vinyals et al. 2016, arXiv:1606.04080) by the lists of S. Ravi and H. Larochelle
/// (2017): 64 classes to train on, 16 to validate, 20 to test, with 600 photographs each, resized to 84 x 84 in colour.
///
/// The photographs lie in `images/` beside the lists `train.csv`, `val.csv` and `test.csv`; only those that the split
/// lists are read. The 38,400 of the training split take 0.8 GB.
///
/// `progress` is called with the number of images read and of all images of the split.
///
/// # Errors
/// Where the split's list is missing or wrong, an image in it is missing, or a file is damaged.
pub fn mini_imagenet(
    source: &mut Source,
    split: Split,
    progress: impl FnMut(usize, usize),
) -> Result<Images, DatasetError> {
    let list = |split| format!("{split}.csv");
    let root = split.root(source, list)?;
    let name = format!("{root}{}", list(split));
    let path = source.place(&name);
    let images = ImageList::from_csv(&path, &source.read(&name)?)?;
    let mut listing = Listing::new();
    for (label, file, line) in images.rows() {
        let name = format!("{root}images/{file}");
        if !source.names.files.contains_key(&name) {
            let reason = format!("there is no {}", source.place(&name).display());
            return Err(DatasetError::List { path, line, reason });
        }
        listing.entry(label.to_owned()).or_default().push(name);
    }
    load(source, listing, [84, 84, 3], progress)
}
