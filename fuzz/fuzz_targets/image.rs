//! Bytes are read as an image: as they are, or as changes to a PNG or JPEG file.

#![no_main]

mod changes;
mod sound;

use std::io::{Cursor, Write};
use std::sync::LazyLock;

use changes::changed;
use image::ImageFormat;
use libfuzzer_sys::fuzz_target;
use metatape::tasks::datasets::{Source, class_folders};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

static PNG: LazyLock<Vec<u8>> = LazyLock::new(|| sound::image(ImageFormat::Png));
static JPEG: LazyLock<Vec<u8>> = LazyLock::new(|| sound::image(ImageFormat::Jpeg));

fuzz_target!(init: sound::forgive_decoders(), |bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let file = match kind % 3 {
        0 => bytes.to_vec(),
        1 => changed(&PNG, bytes),
        _ => changed(&JPEG, bytes),
    };
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    writer.start_file("class/1.png", stored).expect("a member");
    writer.write_all(&file).expect("in memory");
    let archive = writer.finish().expect("in memory");
    let mut source = Source::from_reader("made.zip", archive).expect("a sound archive");
    if let Err(error) = class_folders(&mut source, [8, 8, 3], |_, _| {}) {
        assert!(error.to_string().starts_with("made.zip/class/1.png: "), "{error}");
    }
});
