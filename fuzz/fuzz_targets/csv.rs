//! Bytes are read as a list of images: every name is a name in one folder, and none comes twice.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use metatape::tasks::datasets::ImageList;

fuzz_target!(|bytes: &[u8]| {
    // Half of the inputs need not find the header.
    let with_header = match bytes.split_first() {
        Some((0..128, rows)) => [b"filename,label\n", rows].concat(),
        _ => bytes.to_vec(),
    };
    let list = match ImageList::from_csv("list.csv", &with_header) {
        Ok(list) => list,
        Err(error) => return assert!(error.to_string().starts_with("list.csv, line ")),
    };
    let mut seen = BTreeSet::new();
    for (label, files) in list.classes() {
        assert!(!label.is_empty());
        for file in files {
            assert!(!file.contains(['/', '\\']) && file != ".." && !file.is_empty());
            assert!(seen.insert(file.to_owned()));
        }
    }
});
