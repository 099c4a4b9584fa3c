//! Lists of classes and images that are wrong.

use image::ImageFormat::Jpeg;
use metatape::tasks::datasets::{Split, cifar_fs, mini_imagenet};

use crate::fixtures::{self, Files, archive, colour, error};

fn mini(csv: &str) -> String {
    let files = Files::default()
        .with("train.csv", csv)
        .with("images/a.jpg", colour(8, 8, [0; 3], Jpeg))
        .with("images/b.jpg", colour(8, 8, [0; 3], Jpeg));
    error(mini_imagenet(&mut archive(files.zip()).unwrap(), Split::Train, |_, _| {}))
}

#[test]
fn the_header_is_checked() {
    let expected = r#"made.zip/train.csv, line 1: the header is "file,label", not "filename,label""#;
    assert_eq!(mini("file,label\na.jpg,n01\n"), expected);
    assert_eq!(mini("filename,label,more\n"), expected.replace("file,label\",", "filename,label,more\","));
    assert!(mini("").contains("train.csv, line 1: the header is \"\""));
    assert!(mini("a.jpg,n01\n").contains("line 1"));
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    for name in ["../../etc/passwd", "/etc/passwd", "..", "a/b.jpg", r"..\a.jpg", r"C:a.jpg", ""] {
        let said = mini(&format!("filename,label\na.jpg,n01\n{name},n01\n"));
        let expected = format!("made.zip/train.csv, line 3: {name:?} is not the name of a file");
        assert_eq!(said, expected);
    }
}

#[test]
fn each_row_is_checked() {
    assert_eq!(
        mini("filename,label\na.jpg,n01\nz.jpg,n01\n"),
        "made.zip/train.csv, line 3: there is no made.zip/images/z.jpg"
    );
    assert_eq!(
        mini("filename,label\na.jpg,n01\na.jpg,n02\n"),
        "made.zip/train.csv, line 3: a.jpg is listed twice"
    );
    assert_eq!(mini("filename,label\na.jpg,\n"), "made.zip/train.csv, line 2: a.jpg has no label");
    let fields = mini("filename,label\na.jpg,n01\nb.jpg\n");
    assert!(fields.starts_with("made.zip/train.csv, line 3: ") && fields.contains("1 field"), "{fields}");
    assert_eq!(mini("filename,label\n"), "made.zip: no images");
}

#[test]
fn a_missing_split_is_named() {
    let mut source = archive(fixtures::cifar_fs().zip()).unwrap();
    assert_eq!(
        error(cifar_fs(&mut source, Split::Test, |_, _| {})),
        "made.zip: no split test: there is no splits/bertinetto/test.txt, only train and val"
    );
    let mut source = archive(Files::default().with("val.csv", "filename,label\n").zip()).unwrap();
    assert_eq!(
        error(mini_imagenet(&mut source, Split::Train, |_, _| {})),
        "made.zip: no split train: there is no train.csv, only val"
    );
}

#[test]
fn classes_in_a_list_need_images() {
    let lists = "cifar100/splits/bertinetto/val.txt";
    let read = |classes: &str| {
        let files = fixtures::cifar_fs().with(lists, classes);
        error(cifar_fs(&mut archive(files.zip()).unwrap(), Split::Val, |_, _| {}))
    };
    assert_eq!(read("crab\nghost\n"), "made.zip/cifar100/data/ghost: class ghost has no images");
    assert_eq!(
        read("crab\ncrab\n"),
        "made.zip/cifar100/splits/bertinetto/val.txt, line 2: class crab is listed twice"
    );
    assert!(read("../../etc\n").ends_with("class ../../etc has no images"));
    assert_eq!(read("\n"), "made.zip: no images");
}
