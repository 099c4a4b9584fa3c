use super::*;

use std::fs;

fn small() -> (Tensors<f32>, Tensors<f32>) {
    let mut theta = Tensors::new();
    theta.push("w", Tensor::from_vec([2, 2], vec![0.5, -1.5, f32::INFINITY, -0.0]));
    theta.push("b.bias", Tensor::from_vec([2], vec![3.0, f32::MIN_POSITIVE]));
    let mut alpha = Tensors::new();
    alpha.push("w", Tensor::scalar(0.25));
    (theta, alpha)
}

fn notes() -> BTreeMap<String, String> {
    [("iteration", "1200"), ("note", "\"checksum\":\"0badf00d\" é")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn file_with(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, bytes).unwrap();
    file
}

fn from_bytes(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
    decode(Path::new("memory"), bytes, bytes.len() as u64)
}

fn small_bytes() -> Vec<u8> {
    let (theta, alpha) = small();
    encode(&[("theta", &theta), ("alpha", &alpha)], &notes())
}

#[test]
fn what_was_saved_is_loaded_bit_for_bit_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let (theta, alpha) = small();
    save(&path, &[("theta", &theta), ("empty", &Tensors::new()), ("alpha", &alpha)], &notes()).unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);

    let checkpoint = load::<f32>(&path).unwrap();
    let groups: Vec<_> = checkpoint.groups().collect();
    assert_eq!(groups, [("theta", &theta), ("alpha", &alpha)]);
    assert!(groups[0].1.values().zip(theta.values()).all(|(a, b)| a.to_bits() == b.to_bits()));
    for (key, value) in &notes() {
        assert_eq!(checkpoint.metadata(key).unwrap(), value);
    }
    let error = checkpoint.metadata("seed").unwrap_err();
    assert_eq!(error.to_string(), format!("{}: holds no metadata seed", path.display()));
    let mut restored = alpha.zeros_like();
    checkpoint.restore("alpha", &mut restored).unwrap();
    assert_eq!(restored, alpha);
    checkpoint.restore("empty", &mut Tensors::new()).unwrap();
}

#[test]
fn double_precision_and_an_empty_list_are_kept() {
    let mut tensors = Tensors::new();
    tensors.push("x", Tensor::from_fn([3, 0, 2], |_| 0.0));
    tensors.push("y", Tensor::from_vec([1, 1], vec![std::f64::consts::PI]));
    let file = file_with(&encode(&[("theta", &tensors)], &BTreeMap::new()));
    assert_eq!(load::<f64>(&file).unwrap().groups().next(), Some(("theta", &tensors)));
    let nothing = file_with(&encode::<f64>(&[], &BTreeMap::new()));
    assert_eq!(load::<f64>(&nothing).unwrap().groups().len(), 0);
}

#[test]
fn the_reference_implementation_reads_it() {
    let bytes = small_bytes();
    let read = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(read.len(), 3);
    let bias = read.tensor("theta.b.bias").unwrap();
    assert_eq!((bias.dtype(), bias.shape()), (Dtype::F32, &[2][..]));
    assert_eq!(bias.data()[..4], 3.0_f32.to_le_bytes());
}

#[test]
fn equal_content_gives_equal_bytes() {
    assert_eq!(small_bytes(), small_bytes());
}

#[test]
fn every_truncation_is_an_error() {
    let bytes = small_bytes();
    assert!(load::<f32>(file_with(&bytes[..bytes.len() - 1])).is_err());
    for length in 0..bytes.len() {
        let error = from_bytes(&bytes[..length]).unwrap_err();
        assert!(matches!(error, CheckpointError::Truncated { .. }), "{length} bytes: {error}");
    }
}

#[test]
fn every_flipped_bit_is_an_error() {
    let bytes = small_bytes();
    from_bytes(&bytes).unwrap();
    for place in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        assert!(from_bytes(&flipped).is_err(), "bit {} of byte {}", place % 8, place / 8);
    }
}

#[test]
fn bytes_behind_the_end_are_an_error() {
    let mut bytes = small_bytes();
    bytes.push(0);
    let error = from_bytes(&bytes).unwrap_err();
    assert!(error.to_string().ends_with("damaged: 1 bytes follow its end"), "{error}");
}

#[test]
fn foreign_files_are_errors_that_name_them() {
    let other_program = [&24_u64.to_le_bytes()[..], br#"{"__metadata__":{"a":""}}"#].concat();
    let files = [&b"#!/bin/sh\necho this is a script\n"[..], &[0xff; 64], &[0; 64], &other_program];
    for bytes in files {
        let file = file_with(bytes);
        let error = load::<f32>(&file).unwrap_err();
        assert!(matches!(error, CheckpointError::Foreign { .. }), "{error}");
        assert!(error.to_string().starts_with(&file.path().display().to_string()), "{error}");
    }
}

#[test]
fn a_later_format_is_refused() {
    let text = br#"{"__metadata__":{"checksum":"00000000","format":"metatape 2"}}"#;
    let mut bytes = [&(text.len() as u64).to_le_bytes()[..], text].concat();
    let digits = digits_of_checksum(&bytes).unwrap();
    let sum = checksum(&bytes, digits);
    bytes[digits..digits + BLANK.len()].copy_from_slice(sum.as_bytes());
    let error = from_bytes(&bytes).unwrap_err().to_string();
    assert!(error.ends_with(r#"its format is Some("metatape 2"), not "metatape 1""#), "{error}");
}

#[test]
fn a_header_that_lies_takes_no_memory() {
    for claim in [LONGEST_HEADER, LONGEST_HEADER + 1, u64::MAX, 1 << 40] {
        let bytes = [&claim.to_le_bytes()[..], b"{}"].concat();
        assert!(from_bytes(&bytes).is_err(), "a header of {claim} bytes");
    }
    for shape in ["[1000000000,1000000000]", "[18446744073709551615,2]", "[-1]", "[0,18446744073709551615]"] {
        for end in ["4000000000000000000", "18446744073709551615", "0"] {
            let text = format!(
                r#"{{"__metadata__":{{"checksum":"00000000"}},"a.b":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{end}]}}}}"#
            );
            let bytes = [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
            assert!(from_bytes(&bytes).is_err(), "{text}");
        }
    }
}

#[test]
fn a_missing_file_and_a_folder_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.safetensors");
    let error = load::<f32>(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("{}: no such checkpoint", path.display()));
    assert!(matches!(load::<f32>(&folder).unwrap_err(), CheckpointError::Io { action: "read", .. }));
    let nowhere = folder.path().join("no/folder");
    let error = save::<f32>(&nowhere, &[], &BTreeMap::new()).unwrap_err();
    assert!(matches!(error, CheckpointError::Io { action: "write", .. }));
}

#[test]
fn another_type_shape_or_list_is_refused_and_changes_nothing() {
    let file = file_with(&small_bytes());
    let error = load::<f64>(&file).unwrap_err().to_string();
    assert!(error.ends_with("tensor theta.w holds F32, not f64"), "{error}");

    let checkpoint = load::<f32>(&file).unwrap();
    let cases = [
        (vec![("w", [4, 1])], "tensor theta.w has shape [2, 2], not [4, 1]"),
        (vec![("w", [2, 2]), ("v", [1, 1])], "holds no tensor theta.v"),
        (vec![("w", [2, 2])], "holds a tensor theta.b.bias that the model does not have"),
    ];
    for (model, expected) in cases {
        let mut tensors = Tensors::new();
        for (name, shape) in model {
            tensors.push(name, Tensor::full(shape, 7.0));
        }
        let before = tensors.clone();
        let error = checkpoint.restore("theta", &mut tensors).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
        assert_eq!(tensors, before);
    }
}

#[test]
#[should_panic(expected = "save: metadata has a key checksum")]
fn the_checksum_cannot_be_given() {
    encode::<f32>(&[], &BTreeMap::from([("checksum".to_owned(), String::new())]));
}

#[test]
#[should_panic(expected = "save: two groups named theta")]
fn groups_are_told_apart() {
    let (theta, _) = small();
    encode(&[("theta", &theta), ("theta", &theta)], &BTreeMap::new());
}
