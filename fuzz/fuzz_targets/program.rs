//! Bytes become a random program; its gradient, both modes of Hessian-vector product and differences must agree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use metatape::check::RandomProgram;

fuzz_target!(|bytes: &[u8]| {
    let program = RandomProgram::from_bytes(bytes);
    match program.check() {
        Ok(report) => assert!(report.kinks.is_empty(), "a smooth program: {report}\n{program:#?}"),
        Err(failure) => panic!("{failure}\n{program:#?}"),
    }
});
