//! Each layout, as a folder and as an archive.

use image::ImageFormat::{Jpeg, Png};
use metatape::tasks::datasets::{Source, Split, cifar_fs, class_folders, mini_imagenet, omniglot};
use metatape::tasks::{DatasetError, Images};

use crate::fixtures::{self, Files, archive, colour, encoded, grey};

/// The dataset, which must be the same from a folder, from an archive, and from an archive in another order.
#[track_caller]
fn read(files: &Files, read: impl Fn(&mut Source) -> Result<Images, DatasetError>) -> Images {
    let folder = files.folder();
    let from_folder = read(&mut Source::open(folder.path()).unwrap()).unwrap();
    assert_eq!(from_folder, read(&mut archive(files.zip()).unwrap()).unwrap(), "the archive differs");
    assert_eq!(from_folder, read(&mut archive(files.zip_in_reverse()).unwrap()).unwrap(), "the order shows");
    let path = folder.path().join("archive.zip");
    std::fs::write(&path, files.zip()).unwrap();
    assert_eq!(from_folder, read(&mut Source::open(&path).unwrap()).unwrap(), "the archive on disk differs");
    from_folder
}

fn names(images: &Images) -> Vec<&str> {
    (0..images.classes()).map(|class| images.name(class)).collect()
}

#[test]
fn omniglot_is_sorted_resized_and_inverted() {
    for root in ["images_background/", "data/images_evaluation/", ""] {
        let files = fixtures::omniglot(root)
            .with(format!("{root}.DS_Store"), "junk")
            .with("__MACOSX/Latin/character01/._00_01.png", "junk");
        let images = read(&files, |source| omniglot(source, |_, _| {}));
        assert_eq!(names(&images), ["Greek/character01", "Latin/character01", "Latin/character02"]);
        assert_eq!((images.shape(), images.len()), ([28, 28, 1], 9));
        assert_eq!(images.image(0, 2), [255 - 12; 784]);
        assert_eq!(images.image(1, 0), [255 - 20; 784]);
    }
}

#[test]
fn both_halves_of_omniglot_are_read_together() {
    let mut files = fixtures::omniglot("images_background/");
    files = files.with("images_evaluation/Tifinagh/character01/1_01.png", grey(105, 105, 0));
    let images = read(&files, |source| omniglot(source, |_, _| {}));
    assert_eq!((images.classes(), images.name(3)), (4, "Tifinagh/character01"));
}

#[test]
fn cifar_fs_has_the_classes_of_its_lists() {
    let train = read(&fixtures::cifar_fs(), |source| cifar_fs(source, Split::Train, |_, _| {}));
    assert_eq!((names(&train), train.shape()), (vec!["apple", "wolf"], [32, 32, 3]));
    assert_eq!(train.image(1, 1)[..6], [2, 1, 200, 2, 1, 200]);
    let val = read(&fixtures::cifar_fs(), |source| cifar_fs(source, Split::Val, |_, _| {}));
    assert_eq!((names(&val), val.len()), (vec!["crab"], 2));
}

#[test]
fn mini_imagenet_has_the_images_of_its_lists() {
    let files = Files::default()
        .with("mini/train.csv", "filename,label\nb.jpg,n02\nc.jpg,n01\na.jpg,n02\n")
        .with("mini/test.csv", "filename,label\nd.jpg,n03\n")
        .with("mini/images/a.jpg", colour(84, 84, [255, 0, 0], Jpeg))
        .with("mini/images/b.jpg", colour(500, 375, [0, 0, 255], Jpeg))
        .with("mini/images/c.jpg", colour(20, 30, [128; 3], Jpeg))
        .with("mini/images/d.jpg", colour(84, 84, [255; 3], Jpeg))
        .with("mini/images/unlisted.jpg", "no image");
    let train = read(&files, |source| mini_imagenet(source, Split::Train, |_, _| {}));
    assert_eq!((names(&train), train.shape()), (vec!["n01", "n02"], [84, 84, 3]));
    assert_eq!(train.image(0, 0), [128; 84 * 84 * 3]);
    let near = |pixel: &[u8], colour: [u8; 3]| pixel.iter().zip(colour).all(|(&a, b)| a.abs_diff(b) < 3);
    assert!(train.image(1, 0).chunks(3).all(|pixel| near(pixel, [255, 0, 0])), "a.jpg comes before b.jpg");
    assert!(train.image(1, 1).chunks(3).all(|pixel| near(pixel, [0, 0, 255])));
    let test = read(&files, |source| mini_imagenet(source, Split::Test, |_, _| {}));
    assert_eq!(names(&test), ["n03"]);
}

#[test]
fn folders_are_classes() {
    let files = Files::default()
        .with("photos/cats/tabby/1.JPG", colour(9, 9, [80; 3], Jpeg))
        .with("photos/cats/tabby/2.png", colour(7, 3, [10, 20, 30], Png))
        .with("photos/dogs/1.jpeg", grey(5, 5, 7))
        .with("photos/dogs/read me.txt", "no image")
        .with("photos/README", "no image");
    let images = read(&files, |source| class_folders(source, [4, 6, 3], |_, _| {}));
    assert_eq!((names(&images), images.shape()), (vec!["cats/tabby", "dogs"], [4, 6, 3]));
    assert_eq!(images.image(0, 1), [10, 20, 30].repeat(24));
    assert_eq!(images.image(1, 0), [7; 72], "its bytes say that it is a PNG file");
    let images = read(&files, |source| class_folders(source, [4, 4, 1], |_, _| {}));
    assert_eq!(images.image(0, 0), [80; 16]);

    let alone = Files::default().with("photos/dogs/1.png", grey(5, 5, 7));
    assert_eq!(names(&read(&alone, |source| class_folders(source, [1, 1, 1], |_, _| {}))), ["dogs"]);
}

#[test]
fn a_part_of_a_dataset_is_the_first_images_of_each_class() {
    let files = Files::default()
        .with("a/2.png", grey(1, 1, 20))
        .with("a/1.png", grey(1, 1, 10))
        .with("a/3.png", "no image, and not read")
        .with("b/1.png", grey(1, 1, 30))
        .folder();
    let mut source = Source::open(files.path()).unwrap().at_most(2);
    let mut told = Vec::new();
    let images = class_folders(&mut source, [1, 1, 1], |done, total| told.push((done, total))).unwrap();
    assert_eq!((images.count(0), images.image(0, 0), images.image(0, 1)), (2, &[10][..], &[20][..]));
    assert_eq!((images.count(1), told.last()), (1, Some(&(3, 3))));
}

#[test]
fn depth_palette_and_transparency_do_not_matter() {
    let one_bit = {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 8, 1);
        encoder.set_depth(png::BitDepth::One);
        encoder.write_header().unwrap().write_image_data(&[0b1010_0000]).unwrap();
        bytes
    };
    let palette = {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 8, 1);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(&[0, 0, 0, 255, 255, 255]);
        encoder.write_header().unwrap().write_image_data(&[1, 0, 1, 0, 0, 0, 0, 0]).unwrap();
        bytes
    };
    let white = [255, 0, 255, 0, 0, 0, 0, 0];
    let sixteen = image::ImageBuffer::from_fn(8, 1, |x, _| image::Luma([u16::from(white[x as usize]) * 257]));
    let clear = image::RgbaImage::from_fn(8, 1, |x, _| {
        let shade = white[x as usize];
        image::Rgba([shade, shade, shade, 128])
    });
    let sixteen = encoded(image::DynamicImage::ImageLuma16(sixteen), Png);
    for (kind, bytes) in
        [("1", one_bit), ("palette", palette), ("16", sixteen), ("alpha", encoded(clear, Png))]
    {
        let files = Files::default().with("class/1.png", bytes);
        let images = read(&files, |source| class_folders(source, [1, 8, 1], |_, _| {}));
        assert_eq!(images.image(0, 0), white, "{kind}");
    }
}

#[test]
fn shrinking_averages() {
    let stripes = image::GrayImage::from_fn(104, 104, |x, _| image::Luma([if x % 2 == 0 { 0 } else { 254 }]));
    let files = Files::default().with("class/1.png", encoded(stripes, Png));
    let images = read(&files, |source| class_folders(source, [13, 13, 1], |_, _| {}));
    let middle = &images.image(0, 0)[6 * 13 + 2..][..9];
    assert!(middle.iter().all(|&byte| byte.abs_diff(127) < 4), "{middle:?}");
}

#[test]
fn progress_counts_up_to_all() {
    let mut seen = Vec::new();
    let mut source = archive(fixtures::omniglot("").zip()).unwrap();
    omniglot(&mut source, |done, total| seen.push((done, total))).unwrap();
    assert_eq!(seen, (1..=9).map(|done| (done, 9)).collect::<Vec<_>>());
}

#[test]
#[should_panic(expected = "class_folders: no images have the shape [4, 4, 2]")]
fn two_channels_are_refused() {
    let mut source = archive(Files::default().zip()).unwrap();
    let _ = class_folders(&mut source, [4, 4, 2], |_, _| {});
}
