//! Bytes are read as a zip archive, as they are or as changes to a sound one, in every layout.

#![no_main]

mod changes;
mod sound;

use std::io::{Cursor, Write};
use std::sync::LazyLock;

use changes::changed;
use image::ImageFormat;
use libfuzzer_sys::fuzz_target;
use metatape::tasks::datasets::{Source, Split, cifar_fs, class_folders, mini_imagenet, omniglot};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// One archive in all layouts at once.
static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name, bytes: &[u8]| {
        writer.start_file(name, SimpleFileOptions::default()).expect("a member");
        writer.write_all(bytes).expect("in memory");
    };
    let png = sound::image(ImageFormat::Png);
    add("Latin/character01/1.png", &png);
    add("Latin/character02/1.png", &png);
    add("splits/bertinetto/train.txt", b"wolf\n");
    add("data/wolf/1.png", &png);
    add("train.csv", b"filename,label\na.jpg,n01\n");
    add("images/a.jpg", &sound::image(ImageFormat::Jpeg));
    writer.finish().expect("in memory").into_inner()
});

fuzz_target!(init: sound::forgive_decoders(), |bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let archive = if kind % 2 == 0 { bytes.to_vec() } else { changed(&SOUND, bytes) };
    let mut source = match Source::from_reader("made.zip", Cursor::new(archive)) {
        Ok(source) => source,
        Err(error) => return assert!(error.to_string().starts_with("made.zip")),
    };
    let readings = [
        omniglot(&mut source, |_, _| {}),
        cifar_fs(&mut source, Split::Train, |_, _| {}),
        mini_imagenet(&mut source, Split::Train, |_, _| {}),
        class_folders(&mut source, [8, 8, 3], |_, _| {}),
    ];
    for error in readings.into_iter().filter_map(Result::err) {
        assert!(error.to_string().starts_with("made.zip"), "{error}");
    }
});
