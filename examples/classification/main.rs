//! Few-shot classification of images: Meta-SGD, MAML and their relatives on Omniglot, CIFAR-FS, miniImagenet, and on
//! characters that the program draws itself.

#[path = "../common/mod.rs"]
mod common;

mod dataset;
mod evaluate;
mod layout;
mod learner;
mod net;
mod options;
mod origin;
mod pictures;
mod plan;
mod published;
mod run;
mod score;
mod train;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    common::main(|options: Options| match &options.evaluate {
        Some(checkpoint) => evaluate::run(&options, checkpoint),
        None => train::run(&options),
    })
}
