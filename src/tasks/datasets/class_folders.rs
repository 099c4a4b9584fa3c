//! Any images, a folder for each class.

use super::load::{Listing, load};
use super::source::{Source, is_image};
use crate::tasks::{DatasetError, Images};

/// Reads images that lie in a folder for each class, resized to a shape `[height, width, channels]` with one channel
/// (grey) or three (red, green, blue).
///
/// A class is a folder with PNG or JPEG files. Its name is its path below the folder that holds all classes; other files
/// are passed over.
///
/// `progress` is called with the number of images read and of all images.
///
/// # Errors
/// Where there is no image, an image lies beside the classes, a folder has neither images nor folders, or a file is
/// damaged.
///
/// # Panics
/// If a length is 0, or the number of channels is neither 1 nor 3.
#[track_caller]
pub fn class_folders(
    source: &mut Source,
    shape: [usize; 3],
    progress: impl FnMut(usize, usize),
) -> Result<Images, DatasetError> {
    let sides = shape[..2].iter().all(|side| (1..=1 << 14).contains(side));
    assert!(sides && [1, 3].contains(&shape[2]), "class_folders: no images have the shape {shape:?}");
    let names = &source.names;
    if let Some(file) = names.files.keys().find(|name| is_image(name) && !name.contains('/')) {
        let expected = format!("a folder for each class, and {file} lies in none");
        return Err(DatasetError::UnknownLayout { path: source.path().to_owned(), expected });
    }
    let mut folders = Listing::new();
    for folder in &names.folders {
        let files: Vec<String> = names.images_in(folder).map(str::to_owned).collect();
        if !files.is_empty() {
            folders.insert(folder.clone(), files);
        } else if !names.has_folders(folder) {
            let class = folder.rsplit('/').next().unwrap_or_default().to_owned();
            return Err(DatasetError::EmptyClass { path: source.place(folder), class });
        }
    }
    let shared = shared_parents(folders.keys());
    let listing = folders.into_iter().map(|(folder, files)| (folder[shared..].to_owned(), files)).collect();
    load(source, listing, shape, progress)
}

/// The length of what all paths have in common before their last parts.
fn shared_parents<'a>(mut folders: impl Iterator<Item = &'a String>) -> usize {
    let parents = |folder: &'a str| folder.rfind('/').map_or("", |end| &folder[..=end]);
    let first = folders.next().map_or("", |folder| parents(folder));
    folders.fold(first.len(), |shared, folder| {
        let both = first.bytes().zip(parents(folder).bytes()).take(shared);
        let same = both.take_while(|(a, b)| a == b).count();
        // Both end in `/`, which is no part of another character.
        first.as_bytes()[..same].iter().rposition(|&byte| byte == b'/').map_or(0, |end| end + 1)
    })
}
