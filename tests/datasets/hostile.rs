//! Files made to do harm.

use std::io::{Cursor, Write};

use metatape::tasks::datasets::{class_folders, omniglot};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::fixtures::{Files, archive, error, grey, omniglot as characters};

#[test]
fn members_that_lead_out_are_refused() {
    for name in
        ["../../../evil.png", "/etc/passwd", "a/../../b.png", r"..\evil.png", "C:/evil.png", "a//b.png"]
    {
        let files = characters("").with(name, grey(2, 2, 0));
        let said = error(archive(files.zip()).map(drop));
        assert_eq!(said, format!("made.zip: the name of the member {name:?} leads out of the archive"));
    }
}

/// A PNG file that claims so many pixels, with a correct checksum.
fn claims(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    drop(encoder.write_header().unwrap());
    bytes
}

#[test]
fn enormous_images_are_refused_by_their_header() {
    let read = |bytes| {
        let files = Files::default().with("class/1.png", bytes);
        error(class_folders(&mut archive(files.zip()).unwrap(), [8, 8, 3], |_, _| {}))
    };
    assert_eq!(
        read(claims(100_000, 100_000)),
        "made.zip/class/1.png: not an image that can be read: 100000 x 100000 pixels, where a side has from 1 to 16384"
    );
    assert!(read(claims(16_384, 16_384)).contains("1.png: not an image that can be read: "));
}

/// A JPEG file of which the sampling has been changed: its decoder panics. Found by fuzzing.
#[test]
fn an_image_that_its_decoder_panics_at_is_refused() {
    let files = Files::default().with("class/1.jpg", include_bytes!("sampling.jpg").to_vec());
    assert_eq!(
        error(class_folders(&mut archive(files.zip()).unwrap(), [8, 8, 3], |_, _| {})),
        "made.zip/class/1.jpg: not an image that can be read: the decoder gave up in the middle"
    );
}

#[test]
fn members_that_unpack_to_too_much_are_refused() {
    // A hundred megabytes of zeros in a hundred kilobytes, called an image.
    let files = Files::default().with("class/1.png", vec![0; 100 << 20]);
    let packed = files.zip();
    assert!(packed.len() < 200_000);
    assert_eq!(
        error(class_folders(&mut archive(packed).unwrap(), [8, 8, 3], |_, _| {})),
        "made.zip/class/1.png: more than 33554432 bytes"
    );
}

#[test]
fn members_that_share_their_bytes_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("Latin/character01/1.png", SimpleFileOptions::default()).unwrap();
    writer.write_all(&grey(105, 105, 0)).unwrap();
    writer.shallow_copy_file("Latin/character01/1.png", "Latin/character01/2.png").unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let said = error(archive(bytes).and_then(|mut source| omniglot(&mut source, |_, _| {})));
    assert_eq!(said, "made.zip: not a sound zip archive: members overlap");
}

#[test]
fn two_members_of_one_name_are_refused() {
    let files = Files::default().with("a/1.png", grey(2, 2, 0)).with(r"a\1.png", grey(2, 2, 1));
    let said = error(archive(files.zip()).map(drop));
    assert_eq!(said, r"made.zip: not a sound zip archive: two members are called a\1.png");
}
