//! Bytes are what a run's folder holds when it is to be resumed: the log, and what the checkpoint says of the run.

#![no_main]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use metatape::tensor::{Tensors, save};
use serde_json::json;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

fuzz_target!(|bytes: &[u8]| {
    let Some((number, bytes)) = bytes.split_first() else { return };
    // What stands before the first empty line is the config; the number of log lines is sound every other time.
    let (config, log) = match bytes.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&bytes[..at], &bytes[at + 2..]),
        None => (&br#"{"iterations":10,"rate":0.5}"#[..], bytes),
    };
    let lines = log.iter().filter(|byte| **byte == b'\n').count();
    let lines = match number % 4 {
        0 => lines.to_string(),
        1 => (usize::from(*number) / 4).to_string(),
        2 => String::from_utf8_lossy(&log[..log.len().min(8)]).into_owned(),
        _ => lines.saturating_sub(1).to_string(),
    };
    let metadata = [
        ("example", "demo"),
        ("seed", "3"),
        ("config", &*String::from_utf8_lossy(config)),
        ("log_lines", &lines),
        ("iteration", "4"),
    ];
    let metadata: BTreeMap<String, String> =
        metadata.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let path = FOLDER.path();
    save(path.join("checkpoint.safetensors"), &[("theta", &Tensors::<f32>::new())], &metadata).expect("room");
    fs::write(path.join("log.jsonl"), log).expect("room");

    let options = common::Common {
        seed: 3,
        threads: Some(1),
        out: Some(path.to_owned()),
        quick: false,
        resume: true,
        checkpoint_every: 5.0,
    };
    match common::Session::open("demo", &options, &json!({"iterations": 10, "rate": 0.5})) {
        Ok(session) => {
            assert_eq!(session.restored_number("iteration", 0_usize).expect("a number"), 4);
            assert!(session.seconds().is_finite());
            let kept = fs::read(path.join("log.jsonl")).expect("the log");
            assert!(log.starts_with(&kept) && (kept.is_empty() || kept.ends_with(b"\n")));
            let lines_kept = kept.iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(lines_kept.to_string(), lines.parse::<usize>().expect("a number").to_string());
        }
        Err(error) => assert!(error.to_string().starts_with(&path.display().to_string()), "{error}"),
    }
});
