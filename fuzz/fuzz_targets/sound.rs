//! Sound files to be changed.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// A small colourful image.
pub fn image(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = RgbImage::from_fn(19, 17, |x, y| Rgb([(x * y) as u8, (13 * x) as u8, (11 * y) as u8]));
    image.write_to(&mut bytes, format).expect("in memory");
    bytes.into_inner()
}
