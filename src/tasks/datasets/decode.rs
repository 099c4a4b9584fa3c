//! The bytes of a PNG or JPEG file become pixels.

use std::io::Cursor;
use std::panic::catch_unwind;
use std::path::Path;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, Limits};

use crate::tasks::DatasetError;

/// The longest side of an image, in pixels.
const LONGEST_SIDE: u32 = 16_384;
/// The most memory that a decoded image may take, in bytes: 22 million pixels in colour. A decoder needs up to three
/// times as much while it works.
const LARGEST_IMAGE: u64 = 64 << 20;

/// Decodes a PNG or JPEG file and resizes it to height, width and channels (1: grey, 3: red, green, blue; a transparent
/// image loses its transparency), by the Catmull-Rom filter, widened where it shrinks an image: unlike Lanczos filters it takes
/// no sine, so that every machine gives the same bytes.
pub(super) fn decode(
    file: &[u8],
    [height, width, channels]: [usize; 3],
    path: &Path,
) -> Result<Vec<u8>, DatasetError> {
    let image = decoded(file).map_err(|reason| DatasetError::Image { path: path.to_owned(), reason })?;
    let (rows, columns) = (height as u32, width as u32);
    let image = if (image.height(), image.width()) == (rows, columns) {
        image
    } else {
        image.resize_exact(columns, rows, FilterType::CatmullRom)
    };
    Ok(if channels == 1 { image.into_luma8().into_raw() } else { image.into_rgb8().into_raw() })
}

/// A decoder that panics at a damaged file (one of JPEG does, where the sampling of the parts has been changed) refuses it too.
fn decoded(file: &[u8]) -> Result<DynamicImage, String> {
    catch_unwind(|| by_format(file)).unwrap_or_else(|_| Err("the decoder gave up in the middle".into()))
}

fn by_format(file: &[u8]) -> Result<DynamicImage, String> {
    let damaged = |error: ImageError| error.to_string();
    let decoder: Box<dyn ImageDecoder> = if file.starts_with(b"\x89PNG\r\n\x1a\n") {
        // Width and height stand at a fixed place, so that an image can be refused before anything is prepared for it.
        if let Some((width, height)) = file.get(16..24).map(|sides| sides.split_at(4)) {
            let number = |side: &[u8]| side.iter().fold(0, |number, &byte| number << 8 | u32::from(byte));
            check_sides(number(width), number(height))?;
        }
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(LARGEST_IMAGE);
        Box::new(PngDecoder::with_limits(Cursor::new(file), limits).map_err(damaged)?)
    } else if file.starts_with(b"\xff\xd8\xff") {
        // The decoder makes up what is missing at the end.
        if !file.windows(2).any(|marker| marker == b"\xff\xd9") {
            return Err("the JPEG breaks off before its end".into());
        }
        Box::new(JpegDecoder::new(Cursor::new(file)).map_err(damaged)?)
    } else {
        return Err("neither PNG nor JPEG".into());
    };
    let (width, height) = decoder.dimensions();
    check_sides(width, height)?;
    if decoder.total_bytes() > LARGEST_IMAGE {
        return Err(format!("{width} x {height} pixels take more than {LARGEST_IMAGE} bytes"));
    }
    DynamicImage::from_decoder(decoder).map_err(damaged)
}

fn check_sides(width: u32, height: u32) -> Result<(), String> {
    if width == 0 || height == 0 || width.max(height) > LONGEST_SIDE {
        return Err(format!("{width} x {height} pixels, where a side has from 1 to {LONGEST_SIDE}"));
    }
    Ok(())
}
