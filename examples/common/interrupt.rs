//! Ctrl-C, or a request of a cluster's scheduler to end, is noted and read by the training loop when its state is whole.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Interrupted, crew};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C is only noted; a second one ends the program at once (files are whole even then).
pub fn listen() {
    let noted = ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    if let Err(error) = noted {
        eprintln!("note: Ctrl-C will end the program without a last checkpoint: {error}");
    }
}

/// Whether Ctrl-C has been pressed; cheap enough to ask in every iteration. All ranks have to ask, and all hear the same.
pub fn interrupted() -> bool {
    crew::any(REQUESTED.load(Ordering::Relaxed))
}

/// For long work of which nothing is kept: ends the program if Ctrl-C has been pressed.
pub fn exit_if_interrupted() {
    if REQUESTED.load(Ordering::Relaxed) {
        crew::tell(Interrupted::without_checkpoint());
        std::process::exit(130);
    }
}
