//! Ctrl-C is a request that the training loop reads when its state is whole.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Interrupted;

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

/// Whether Ctrl-C has been pressed; cheap enough to ask in every iteration.
pub fn interrupted() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// For long work of which nothing is kept: ends the program if Ctrl-C has been pressed.
pub fn exit_if_interrupted() {
    if interrupted() {
        eprintln!("{}", Interrupted::without_checkpoint());
        std::process::exit(130);
    }
}
