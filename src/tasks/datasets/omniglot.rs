//! Omniglot: handwritten characters of many alphabets.

use super::load::{Listing, load};
use super::source::Source;
use crate::tasks::{DatasetError, Images};

/// Reads Omniglot (B. Lake et al., Science 350, 2015): `images_background.zip` or `images_evaluation.zip`, or a folder
/// that they unpack to.
///
/// A class is a character, called `<Alphabet>/character<NN>`, with the drawings of 20 people. As in MAML, they are
/// resized to 28 x 28 and inverted: ink is 255, paper 0. MAML turns classes by multiples of 90 degrees:
/// [`FewShot::rotations`](crate::tasks::FewShot::rotations).
///
/// `progress` is called with the number of images read and of all images.
///
/// # Errors
/// Where the layout is another, a character has no image, or a file is damaged.
pub fn omniglot(source: &mut Source, progress: impl FnMut(usize, usize)) -> Result<Images, DatasetError> {
    let mut listing = Listing::new();
    for folder in &source.names.folders {
        let Some(class) = character(folder) else { continue };
        let files: Vec<String> = source.names.images_in(folder).map(str::to_owned).collect();
        if files.is_empty() {
            return Err(DatasetError::EmptyClass { path: source.place(folder), class });
        }
        if listing.insert(class.clone(), files).is_some() {
            let expected = format!("one folder called {class}, and there are more");
            return Err(DatasetError::UnknownLayout { path: source.place(folder), expected });
        }
    }
    if listing.is_empty() {
        let expected = "<Alphabet>/character<NN>/<id>_<drawer>.png".into();
        return Err(DatasetError::UnknownLayout { path: source.path().to_owned(), expected });
    }
    let mut images = load(source, listing, [28, 28, 1], progress)?;
    images.invert();
    Ok(images)
}

/// The name of the character whose drawings lie in this folder.
fn character(folder: &str) -> Option<String> {
    let (before, character) = folder.rsplit_once('/')?;
    let number = character.strip_prefix("character")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let alphabet = before.rsplit('/').next()?;
    is_number.then(|| format!("{alphabet}/{character}"))
}
