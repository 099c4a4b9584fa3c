//! Changes to sound files: bytes alone would seldom get past the first check of a format.

/// Each three bytes are a place, from the front or from the back, and a new byte; what is left over cuts the end off.
pub fn changed(file: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let (changes, cut) = changes.as_chunks::<3>();
    for &[high, low, byte] in changes {
        let place = usize::from(u16::from_be_bytes([high & 127, low])) % file.len();
        let place = if high < 128 { place } else { file.len() - 1 - place };
        file[place] = byte;
    }
    let cut = cut.iter().fold(0, |cut, &byte| 256 * cut + usize::from(byte));
    file.truncate(file.len().saturating_sub(cut));
    file
}
