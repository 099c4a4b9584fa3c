//! Named tensors on disk, in safetensors format, with a checksum over every byte.
//!
//! The checksum is a CRC-32 of the whole file, taken with its own eight hexadecimal digits read as zeros. It
//! finds every flipped bit, wherever it lies: in a value, in a name, in the length of the header, in the checksum.

mod error;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, Metadata};
use serde_json::json;

use super::{Shape, Tensor, Tensors, write_atomically};
use crate::simd::Float;

pub use error::CheckpointError;

const FORMAT: (&str, &str) = ("format", "metatape 1");
const CHECKSUM: &str = "checksum";
/// What stands before the digits in the header; inside a string of JSON its quotes would be escaped.
const MARK: &[u8] = b"\"checksum\":\"";
const BLANK: &[u8] = b"00000000";
/// The length of the header, in little-endian order, takes this many bytes.
const PREFIX: usize = size_of::<u64>();
const LONGEST_HEADER: u64 = 100_000_000;

/// Writes groups of tensors and some metadata to one file, completely or not at all.
///
/// The file is in [safetensors](https://github.com/huggingface/safetensors) format: Python reads it by
/// `safetensors.torch.load_file`. A tensor is called `group.name` there. Equal content gives equal bytes.
///
/// ```
/// use std::collections::BTreeMap;
/// use metatape::tensor::{Tensor, Tensors, load, save};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("checkpoint.safetensors");
/// let mut theta = Tensors::new();
/// theta.push("w", Tensor::from_vec([2], vec![0.5_f32, -1.5]));
/// let metadata = BTreeMap::from([("iteration".to_owned(), "1200".to_owned())]);
/// save(&path, &[("theta", &theta)], &metadata)?;
///
/// let checkpoint = load::<f32>(&path)?;
/// assert_eq!(checkpoint.metadata("iteration")?, "1200");
/// let mut restored = theta.zeros_like();
/// checkpoint.restore("theta", &mut restored)?;
/// assert_eq!(restored, theta);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CheckpointError::Io`]; the file is then as it was before.
///
/// # Panics
/// If two groups have the same name, a group's name is empty or has a dot in it, or a key of the metadata is
/// `format` or `checksum`.
#[track_caller]
pub fn save<T: Float>(
    path: impl AsRef<Path>,
    groups: &[(&str, &Tensors<T>)],
    metadata: &BTreeMap<String, String>,
) -> Result<(), CheckpointError> {
    let bytes = encode(groups, metadata);
    let path = path.as_ref();
    write_atomically(path, &bytes).map_err(|source| CheckpointError::Io {
        path: path.to_owned(),
        action: "write",
        source,
    })
}

#[track_caller]
fn encode<T: Float>(groups: &[(&str, &Tensors<T>)], metadata: &BTreeMap<String, String>) -> Vec<u8> {
    let mut notes = metadata.clone();
    for (key, value) in [FORMAT, (CHECKSUM, "00000000")] {
        assert!(notes.insert(key.to_owned(), value.to_owned()).is_none(), "save: metadata has a key {key}");
    }
    let mut header = BTreeMap::from([("__metadata__".to_owned(), json!(notes))]);
    let mut data = Vec::new();
    for (place, &(group, tensors)) in groups.iter().enumerate() {
        assert!(!group.is_empty() && !group.contains('.'), "save: {group:?} cannot name a group");
        assert!(groups[..place].iter().all(|(other, _)| *other != group), "save: two groups named {group}");
        for (name, tensor) in tensors.iter() {
            let start = data.len();
            data.extend_from_slice(bytemuck::cast_slice(tensor.values()));
            swap_if_big_endian::<T>(&mut data[start..]);
            header.insert(
                format!("{group}.{name}"),
                json!({
                    "dtype": dtype::<T>(),
                    "shape": tensor.shape().dims(),
                    "data_offsets": [start, data.len()],
                }),
            );
        }
    }
    let mut header = json!(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(PREFIX), b' ');

    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.append(&mut header);
    let digits = digits_of_checksum(&bytes).expect("the header has just been given a checksum");
    bytes.append(&mut data);
    let checksum = checksum(&bytes, digits);
    bytes[digits..digits + BLANK.len()].copy_from_slice(checksum.as_bytes());
    bytes
}

/// What a file written by [`save`] held, verified.
#[derive(Clone, Debug)]
pub struct Checkpoint<T = f32> {
    path: PathBuf,
    metadata: BTreeMap<String, String>,
    groups: Vec<(String, Tensors<T>)>,
}

/// Reads a file written by [`save`] and verifies its checksum.
///
/// # Errors
/// Any [`CheckpointError`] but those about places: the file is missing, unreadable, foreign, truncated, damaged, or
/// holds other numbers than `T`. No more memory is used than the file is long, whatever its header claims.
pub fn load<T: Float>(path: impl AsRef<Path>) -> Result<Checkpoint<T>, CheckpointError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => CheckpointError::Missing { path: path.to_owned() },
        _ => CheckpointError::Io { path: path.to_owned(), action: "read", source },
    })?;
    let length = file
        .metadata()
        .map_err(|source| CheckpointError::Io { path: path.to_owned(), action: "read", source })?
        .len();
    decode(path, file, length)
}

fn decode<T: Float>(path: &Path, file: impl Read, length: u64) -> Result<Checkpoint<T>, CheckpointError> {
    let (header, data) = verify(path, file, length)?;
    let mut metadata: BTreeMap<_, _> = header.metadata().iter().flatten().collect();
    metadata.retain(|key, _| *key != FORMAT.0 && *key != CHECKSUM);
    let mut checkpoint = Checkpoint {
        path: path.to_owned(),
        metadata: metadata.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        groups: Vec::new(),
    };
    for full_name in header.offset_keys() {
        let damaged = |reason: &str| CheckpointError::Damaged {
            path: path.to_owned(),
            reason: format!("tensor {full_name} {reason}"),
        };
        let info = header.info(&full_name).ok_or_else(|| damaged("is not described"))?;
        if info.dtype != dtype::<T>() {
            return Err(CheckpointError::WrongType {
                path: path.to_owned(),
                found: info.dtype.to_string(),
                name: full_name,
                expected: T::NAME,
            });
        }
        let shape = Shape::checked(&info.shape).ok_or_else(|| damaged("has an impossible shape"))?;
        let (group, name) = full_name.split_once('.').ok_or_else(|| damaged("belongs to no group"))?;
        let mut tensor = Tensor::zeros(shape);
        let (start, end) = info.data_offsets;
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(tensor.values_mut());
        bytes.copy_from_slice(&data[start..end]);
        swap_if_big_endian::<T>(bytes);
        match checkpoint.groups.last_mut() {
            Some((last, tensors)) if last == group => tensors.push(name, tensor),
            _ => {
                let mut tensors = Tensors::new();
                tensors.push(name, tensor);
                checkpoint.groups.push((group.to_owned(), tensors));
            }
        }
    }
    Ok(checkpoint)
}

impl<T: Float> Checkpoint<T> {
    /// The metadata of that key.
    ///
    /// # Errors
    /// [`CheckpointError::Absent`].
    pub fn metadata(&self, key: &str) -> Result<&str, CheckpointError> {
        let value = self.metadata.get(key).ok_or_else(|| self.absent(format!("metadata {key}")))?;
        Ok(value)
    }

    /// The names and tensors of all groups, in the order in which they were saved; empty groups leave no trace.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (&str, &Tensors<T>)> {
        self.groups.iter().map(|(name, tensors)| (name.as_str(), tensors))
    }

    /// Gives `tensors` the values of the group of that name.
    ///
    /// # Errors
    /// Where the group's tensors have other names or shapes; `tensors` is then as it was.
    pub fn restore(&self, group: &str, tensors: &mut Tensors<T>) -> Result<(), CheckpointError> {
        let empty = Tensors::new();
        let saved = self.groups().find(|(name, _)| *name == group).map_or(&empty, |(_, saved)| saved);
        for (name, tensor) in tensors.iter() {
            let found = saved.get(name).ok_or_else(|| self.absent(format!("tensor {group}.{name}")))?;
            if found.shape() != tensor.shape() {
                return Err(CheckpointError::WrongShape {
                    path: self.path.clone(),
                    name: format!("{group}.{name}"),
                    found: found.shape(),
                    expected: tensor.shape(),
                });
            }
        }
        if let Some((name, _)) = saved.iter().find(|(name, _)| tensors.get(name).is_none()) {
            return Err(CheckpointError::Unexpected {
                path: self.path.clone(),
                name: format!("{group}.{name}"),
            });
        }
        let names: Vec<String> = tensors.iter().map(|(name, _)| name.to_owned()).collect();
        for (name, tensor) in names.iter().zip(tensors.tensors_mut()) {
            if let Some(found) = saved.get(name) {
                tensor.values_mut().copy_from_slice(found.values());
            }
        }
        Ok(())
    }

    fn absent(&self, what: String) -> CheckpointError {
        CheckpointError::Absent { path: self.path.clone(), what }
    }
}

/// The header and the data of a file of `length` bytes, if that length and the checksum are right.
fn verify(path: &Path, mut file: impl Read, length: u64) -> Result<(Metadata, Vec<u8>), CheckpointError> {
    let cannot_read = |source| CheckpointError::Io { path: path.to_owned(), action: "read", source };
    let foreign = |reason: String| CheckpointError::Foreign { path: path.to_owned(), reason };
    let damaged = |reason: String| CheckpointError::Damaged { path: path.to_owned(), reason };
    let truncated = |found, expected| CheckpointError::Truncated { path: path.to_owned(), found, expected };

    let mut bytes = Vec::new();
    file.by_ref().take(PREFIX as u64).read_to_end(&mut bytes).map_err(cannot_read)?;
    let prefix = <[u8; PREFIX]>::try_from(bytes.as_slice()).map_err(|_| truncated(length, PREFIX as u64))?;
    let header_length = u64::from_le_bytes(prefix);
    if header_length > LONGEST_HEADER {
        return Err(foreign("it does not begin as a safetensors file does".to_owned()));
    }
    let data_start = PREFIX as u64 + header_length;
    if data_start > length {
        return Err(truncated(length, data_start));
    }
    file.by_ref().take(header_length).read_to_end(&mut bytes).map_err(cannot_read)?;
    let digits = digits_of_checksum(&bytes).ok_or_else(|| foreign("it has no checksum".to_owned()))?;
    let header: Metadata = serde_json::from_slice(&bytes[PREFIX..])
        .map_err(|error| damaged(format!("its header cannot be read: {error}")))?;
    let expected = data_start.saturating_add(header.data_len() as u64);
    if expected > length {
        return Err(truncated(length, expected));
    }
    if expected < length {
        return Err(damaged(format!("{} bytes follow its end", length - expected)));
    }
    file.read_to_end(&mut bytes).map_err(cannot_read)?;

    let (stored, found) = (&bytes[digits..digits + BLANK.len()], checksum(&bytes, digits));
    if stored != found.as_bytes() {
        return Err(damaged(format!("its checksum is {found}, not {}", stored.escape_ascii())));
    }
    match header.metadata().as_ref().and_then(|notes| notes.get(FORMAT.0)) {
        Some(format) if format == FORMAT.1 => {}
        format => return Err(foreign(format!("its format is {format:?}, not {:?}", FORMAT.1))),
    }
    let data = bytes.split_off(PREFIX + header_length as usize);
    Ok((header, data))
}

/// Where in `prefix and header` the eight digits of the checksum begin.
fn digits_of_checksum(bytes: &[u8]) -> Option<usize> {
    let start = bytes.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
    (start + BLANK.len() <= bytes.len()).then_some(start)
}

/// The checksum of a file in hexadecimal, its own digits at `digits` taken as zeros.
fn checksum(bytes: &[u8], digits: usize) -> String {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..digits]);
    hasher.update(BLANK);
    hasher.update(&bytes[digits + BLANK.len()..]);
    format!("{:08x}", hasher.finalize())
}

fn dtype<T: Float>() -> Dtype {
    if size_of::<T>() == 4 { Dtype::F32 } else { Dtype::F64 }
}

/// Numbers lie in little-endian order in the file.
fn swap_if_big_endian<T>(bytes: &mut [u8]) {
    if cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(size_of::<T>()).for_each(<[u8]>::reverse);
    }
}
