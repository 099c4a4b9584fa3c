//! Files that have been cut or changed by accident.

use std::path::Path;

use image::ImageFormat::{Jpeg, Png};
use metatape::tasks::datasets::{Source, Split, cifar_fs, class_folders, mini_imagenet, omniglot};

use crate::fixtures::{self, Files, archive, error, grey};

fn read_folders(files: &Files) -> String {
    error(class_folders(&mut archive(files.zip()).unwrap(), [8, 8, 3], |_, _| {}))
}

#[test]
fn a_missing_file_is_named() {
    let missing = Path::new("nowhere/omniglot.zip");
    assert_eq!(error(Source::open(missing).map(drop)), "nowhere/omniglot.zip: no such file or folder");
}

#[test]
fn something_else_is_no_archive() {
    let folder = Files::default().with("notes.txt", "no archive").folder();
    let said = error(Source::open(folder.path().join("notes.txt")).map(drop));
    assert!(said.contains("notes.txt: not a sound zip archive: "), "{said}");
    assert!(error(archive(Vec::new()).map(drop)).starts_with("made.zip: not a sound zip archive: "));
}

#[test]
fn an_archive_that_breaks_off_is_refused() {
    let whole = fixtures::omniglot("images_background/").zip();
    for length in (0..whole.len()).step_by(7) {
        let said = error(archive(whole[..length].to_vec()).map(drop));
        assert!(said.starts_with("made.zip"), "{said}");
    }
}

#[test]
fn a_flipped_bit_never_changes_a_pixel() {
    let whole = fixtures::omniglot("").zip();
    let intact = omniglot(&mut archive(whole.clone()).unwrap(), |_, _| {}).unwrap();
    let mut refused = 0;
    for bit in (0..8 * whole.len()).step_by(11) {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match archive(flipped).and_then(|mut source| omniglot(&mut source, |_, _| {})) {
            Err(error) => {
                assert!(error.to_string().contains("made.zip"), "{error}");
                refused += 1;
            }
            // Dates, rights and letters of names carry no checksum; a name can leave the layout.
            Ok(images) => {
                for class in 0..images.classes() {
                    for image in 0..images.count(class) {
                        let shade = images.image(class, image)[0];
                        assert!((255 - 23..=255).contains(&shade), "bit {bit}: {shade}");
                        assert!(images.image(class, image).iter().all(|&byte| byte == shade));
                    }
                }
                assert!(images.len() <= intact.len());
            }
        }
    }
    assert!(refused > 100, "only {refused} were noticed");
}

#[test]
fn a_damaged_member_is_named() {
    let whole = fixtures::omniglot("").zip();
    let name = b"Latin/character01/02_01.png";
    let at = whole.windows(name.len()).position(|part| part == name).unwrap() + name.len() + 20;
    let mut damaged = whole;
    damaged[at] ^= 0xff;
    let said = error(omniglot(&mut archive(damaged).unwrap(), |_, _| {}));
    assert!(said.starts_with("made.zip/Latin/character01/02_01.png: not a"), "{said}");
}

#[test]
fn images_that_break_off_are_refused() {
    for format in [Png, Jpeg] {
        let gradient = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8 * 3, y as u8 * 3, 9]));
        let whole = fixtures::encoded(gradient, format);
        for length in [0, 1, 10, 40, whole.len() / 2, whole.len() - 20] {
            let files = Files::default().with("class/1.png", &whole[..length]);
            let said = read_folders(&files);
            assert!(
                said.starts_with("made.zip/class/1.png: not an image that can be read: "),
                "{length}: {said}"
            );
        }
    }
}

#[test]
fn other_files_are_no_images() {
    let said = read_folders(&Files::default().with("class/1.png", "GIF89a, or any text"));
    assert_eq!(said, "made.zip/class/1.png: not an image that can be read: neither PNG nor JPEG");
    let folder = Files::default().with("class/1.jpg", "text").folder();
    let said = error(class_folders(&mut Source::open(folder.path()).unwrap(), [8, 8, 3], |_, _| {}));
    assert_eq!(
        said,
        format!(
            "{}: not an image that can be read: neither PNG nor JPEG",
            folder.path().join("class/1.jpg").display()
        )
    );
}

#[test]
fn empty_classes_are_named() {
    let files = fixtures::omniglot("").with("Latin/character03/", "");
    let said = error(omniglot(&mut archive(files.zip()).unwrap(), |_, _| {}));
    assert_eq!(said, "made.zip/Latin/character03: class Latin/character03 has no images");
    let folder = files.folder();
    let said = error(omniglot(&mut Source::open(folder.path()).unwrap(), |_, _| {}));
    assert!(said.ends_with("class Latin/character03 has no images"), "{said}");

    let files = Files::default()
        .with("all/a/1.png", grey(2, 2, 0))
        .with("all/b/notes.txt", "none")
        .with("all/b/", "");
    assert_eq!(read_folders(&files), "made.zip/all/b: class b has no images");
}

#[test]
fn another_layout_is_named() {
    let cifar = fixtures::cifar_fs().zip();
    let characters = fixtures::omniglot("").zip();
    assert_eq!(
        error(omniglot(&mut archive(cifar).unwrap(), |_, _| {})),
        "made.zip: not the layout of this dataset, which has <Alphabet>/character<NN>/<id>_<drawer>.png"
    );
    let mut source = archive(characters).unwrap();
    assert_eq!(
        error(cifar_fs(&mut source, Split::Train, |_, _| {})),
        "made.zip: not the layout of this dataset, which has splits/bertinetto/train.txt"
    );
    assert_eq!(
        error(mini_imagenet(&mut source, Split::Train, |_, _| {})),
        "made.zip: not the layout of this dataset, which has train.csv"
    );
    assert_eq!(read_folders(&Files::default().with("readme.txt", "")), "made.zip: no images");
    let beside = Files::default().with("1.png", grey(2, 2, 0)).with("a/1.png", grey(2, 2, 0));
    assert_eq!(
        read_folders(&beside),
        "made.zip: not the layout of this dataset, which has a folder for each class, and 1.png lies in none"
    );
    let twice = fixtures::omniglot("a/").with("b/Latin/character01/1.png", grey(2, 2, 0));
    assert_eq!(
        error(omniglot(&mut archive(twice.zip()).unwrap(), |_, _| {})),
        "made.zip/b/Latin/character01: not the layout of this dataset, which has one folder called Latin/character01, and there are more"
    );
}
