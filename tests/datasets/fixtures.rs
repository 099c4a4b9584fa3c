//! Small datasets made for a test, as a folder or as an archive.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use image::{DynamicImage, ImageFormat};
use metatape::tasks::DatasetError;
use metatape::tasks::datasets::Source;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Files by name; folders end in `/`.
#[derive(Clone, Default)]
pub struct Files(pub BTreeMap<String, Vec<u8>>);

impl Files {
    pub fn with(mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(name.into(), bytes.into());
        self
    }

    pub fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in &self.0 {
            let path = folder.path().join(name);
            if name.ends_with('/') {
                std::fs::create_dir_all(path).expect("a folder inside");
            } else {
                std::fs::create_dir_all(path.parent().expect("inside")).expect("a folder inside");
                std::fs::write(path, bytes).expect("a file");
            }
        }
        folder
    }

    pub fn zip(&self) -> Vec<u8> {
        zip_of(self.0.iter())
    }

    pub fn zip_in_reverse(&self) -> Vec<u8> {
        zip_of(self.0.iter().rev())
    }
}

fn zip_of<'a>(files: impl Iterator<Item = (&'a String, &'a Vec<u8>)>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        if name.ends_with('/') {
            writer.add_directory(name.as_str(), SimpleFileOptions::default()).expect("a folder");
        } else {
            writer.start_file(name.as_str(), SimpleFileOptions::default()).expect("a member");
            writer.write_all(bytes).expect("in memory");
        }
    }
    writer.finish().expect("in memory").into_inner()
}

/// The archive as a source, called `made.zip`.
pub fn archive(bytes: Vec<u8>) -> Result<Source, DatasetError> {
    Source::from_reader("made.zip", Cursor::new(bytes))
}

pub fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).expect("in memory");
    bytes.into_inner()
}

/// One shade of grey, in a file with one channel.
pub fn grey(width: u32, height: u32, shade: u8) -> Vec<u8> {
    encoded(image::GrayImage::from_pixel(width, height, image::Luma([shade])), ImageFormat::Png)
}

/// One colour.
pub fn colour(width: u32, height: u32, colour: [u8; 3], format: ImageFormat) -> Vec<u8> {
    encoded(image::RgbImage::from_pixel(width, height, image::Rgb(colour)), format)
}

/// Three characters of two alphabets, three drawings each, below `root`.
pub fn omniglot(root: &str) -> Files {
    let mut files = Files::default();
    for (number, character) in
        ["Latin/character02", "Greek/character01", "Latin/character01"].iter().enumerate()
    {
        for drawing in 0..3 {
            let name = format!("{root}{character}/0{number}_0{drawing}.png");
            files = files.with(name, grey(105, 105, (10 * number + drawing) as u8));
        }
    }
    files
}

/// Three classes in two splits, two images each.
pub fn cifar_fs() -> Files {
    let mut files = Files::default()
        .with("cifar100/splits/bertinetto/train.txt", "wolf\napple\n")
        .with("cifar100/splits/bertinetto/val.txt", "crab\r\n");
    for (number, class) in ["apple", "crab", "wolf", "unlisted"].iter().enumerate() {
        for image in 0..2 {
            let name = format!("cifar100/data/{class}/{class}_s_0{image}.png");
            files = files.with(name, colour(32, 32, [number as u8, image, 200], ImageFormat::Png));
        }
    }
    files
}

/// What `result` failed with.
#[track_caller]
pub fn error<T: std::fmt::Debug>(result: Result<T, DatasetError>) -> String {
    result.expect_err("this must be refused").to_string()
}
