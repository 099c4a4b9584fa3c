//! The tests of lanes and kernels once more, with every buffer between its start and a page that nobody may touch: at the
//! level in use no load, store, mask or tail reaches past the end of what it was given, in any length and at any alignment.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "an allocator, and the test that it notices what it should")]

#[path = "support/fence.rs"]
mod fence;

#[path = "kernels_broadcast.rs"]
mod kernels_broadcast;
#[path = "kernels_conv.rs"]
mod kernels_conv;
#[path = "kernels_gemm.rs"]
mod kernels_gemm;
#[path = "kernels_map.rs"]
mod kernels_map;
#[path = "kernels_pool.rs"]
mod kernels_pool;
#[path = "kernels_reduce.rs"]
mod kernels_reduce;
#[path = "simd_lanes.rs"]
mod simd_lanes;

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use metatape::kernels::map::scale_assign;
use metatape::kernels::reduce::squared_norm;

#[global_allocator]
static FENCED: fence::Fenced = fence::Fenced;

/// The signal of a process that touches memory it may not touch.
const SIGSEGV: i32 = 11;

#[test]
#[ignore = "reads one number too many and dies: for the test below"]
fn a_read_past_the_end() {
    let x = vec![1.0_f32; 1021];
    // SAFETY: none. Nothing stands behind the last number, which is what this shows.
    squared_norm(unsafe { std::slice::from_raw_parts(x.as_ptr(), 1022) });
}

#[test]
#[ignore = "writes one number too many and dies: for the test below"]
fn a_write_past_the_end() {
    let mut x = vec![1.0_f64; 1021];
    // SAFETY: none, as above.
    scale_assign(unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr(), 1022) }, 2.0);
}

/// The kernels are told of one number more than there is, so that a masked tail touches it.
#[test]
fn one_number_too_many_is_deadly() {
    for name in ["a_read_past_the_end", "a_write_past_the_end"] {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        let ended = command.args(["--exact", name, "--ignored"]).output().expect("a run of this program");
        assert_eq!(ended.status.signal(), Some(SIGSEGV), "{name} ended with {}", ended.status);
    }
}
