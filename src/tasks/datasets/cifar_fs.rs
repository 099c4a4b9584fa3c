//! CIFAR-FS: CIFAR-100, its classes split for few-shot learning.

use super::load::{Listing, load};
use super::source::Source;
use super::split::Split;
use crate::tasks::{DatasetError, Images};

/// Reads one split of CIFAR-FS (L. Bertinetto et al. 2019, arXiv:1805.08136): 32 x 32 pixels in colour; 64 classes to
/// train on, 16 to validate, 20 to test.
///
/// `progress` is called with the number of images read and of all images of the split.
///
/// # Errors
/// Where the layout is another, the split's list of classes is missing, a class in it has no image, or a file is damaged.
pub fn cifar_fs(
    source: &mut Source,
    split: Split,
    progress: impl FnMut(usize, usize),
) -> Result<Images, DatasetError> {
    let list = |split| format!("splits/bertinetto/{split}.txt");
    let root = split.root(source, list)?;
    let name = format!("{root}{}", list(split));
    let path = source.place(&name);
    let bytes = source.read(&name)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut listing = Listing::new();
    for (line, class) in (1..).zip(text.trim_start_matches('\u{feff}').lines().map(str::trim)) {
        if class.is_empty() {
            continue;
        }
        let files: Vec<String> =
            source.names.images_in(&format!("{root}data/{class}")).map(str::to_owned).collect();
        if files.is_empty() {
            let path = source.place(&format!("{root}data/{class}"));
            return Err(DatasetError::EmptyClass { path, class: class.to_owned() });
        }
        if listing.insert(class.to_owned(), files).is_some() {
            return Err(DatasetError::List { path, line, reason: format!("class {class} is listed twice") });
        }
    }
    load(source, listing, [32, 32, 3], progress)
}
