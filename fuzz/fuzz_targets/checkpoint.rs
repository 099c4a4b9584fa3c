//! Bytes are read as a checkpoint: as they are, as changes to a sound one, or as a header and data with a right length and
//! checksum before them.

#![no_main]

mod changes;

use std::alloc::System;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use changes::changed;
use libfuzzer_sys::fuzz_target;
use metatape::simd::Float;
use metatape::tensor::{CheckpointError, Tensor, Tensors, load, save};
use stats_alloc::{Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: StatsAlloc<System> = StatsAlloc::system();

/// A folder of this process for one file, which is written again and again.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));
static FILE: LazyLock<PathBuf> = LazyLock::new(|| FOLDER.path().join("checkpoint.safetensors"));

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut theta = Tensors::new();
    theta.push("w", Tensor::from_vec([2, 2], vec![0.5_f32, -1.5, f32::INFINITY, -0.0]));
    theta.push("b.bias", Tensor::from_vec([2], vec![3.0, f32::MIN_POSITIVE]));
    let mut alpha = Tensors::new();
    alpha.push("w", Tensor::scalar(0.25));
    let metadata = BTreeMap::from([("iteration".to_owned(), "1200".to_owned())]);
    save(&*FILE, &[("theta", &theta), ("alpha", &alpha)], &metadata).expect("a folder with room");
    fs::read(&*FILE).expect("it has just been written")
});

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let file = match kind % 4 {
        0 => bytes.to_vec(),
        1 => changed(&SOUND, bytes),
        2 => signed(changed(&SOUND, bytes)),
        _ => headed(bytes),
    };
    fs::write(&*FILE, &file).expect("a folder with room");
    match kind / 4 % 2 {
        0 => read::<f32>(&file),
        _ => read::<f64>(&file),
    }
});

fn read<T: Float + PartialEq>(file: &[u8]) {
    let region = Region::new(&ALLOCATOR);
    let checkpoint = match load::<T>(&*FILE) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            let allocated = region.change().bytes_allocated;
            assert!(allocated <= most(file), "{allocated} bytes for {}: {error}", file.len());
            return assert!(error.to_string().starts_with(&FILE.display().to_string()), "{error}");
        }
    };
    let allocated = region.change().bytes_allocated;
    assert!(allocated <= most(file), "{allocated} bytes for {}", file.len());
    for (group, tensors) in checkpoint.groups() {
        assert!(tensors.iter().all(|(_, tensor)| tensor.values().len() == tensor.shape().len()));
        let mut restored = tensors.zeros_like();
        match checkpoint.restore(group, &mut restored) {
            // Bits, since there may be NaN among them.
            Ok(()) => assert!(same_bits(&restored, tensors), "{group}"),
            // A foreign file may hold a group in two parts; one written by `save` does not.
            Err(
                CheckpointError::Absent { .. }
                | CheckpointError::Unexpected { .. }
                | CheckpointError::WrongShape { .. },
            ) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn same_bits<T: Float>(one: &Tensors<T>, other: &Tensors<T>) -> bool {
    one.iter().zip(other.iter()).all(|((_, one), (_, other))| {
        bytemuck::cast_slice::<T, u8>(one.values()) == bytemuck::cast_slice::<T, u8>(other.values())
    })
}

/// How much memory all allocations together may take.
fn most(file: &[u8]) -> usize {
    64 * file.len() + (64 << 10)
}

/// The file with the right checksum, if it has one at all.
fn signed(mut file: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = b"\"checksum\":\"";
    let mark = file.windows(MARK.len()).position(|window| window == MARK);
    if let Some(digits) =
        mark.map(|at| at + MARK.len()..at + MARK.len() + 8).filter(|digits| digits.end <= file.len())
    {
        file[digits.clone()].fill(b'0');
        let checksum = format!("{:08x}", crc32fast::hash(&file));
        file[digits].copy_from_slice(checksum.as_bytes());
    }
    file
}

/// A file of a header, up to a line's end, and the data behind it; of the header's metadata what all files have.
fn headed(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let data = bytes.get(end + 1..).unwrap_or(&[]);
    let metadata = br#"{"__metadata__":{"checksum":"00000000","format":"metatape 1"},"#;
    let header = [metadata, &bytes[..end], b"}"].concat();
    signed([&(header.len() as u64).to_le_bytes(), &*header, data].concat())
}
