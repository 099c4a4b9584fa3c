//! What the examples share, and what of them runs without training, is tested here, because examples have no tests of
//! their own.
#![allow(dead_code, reason = "the parts of an example are used by its other parts")]

#[path = "../examples/common/mod.rs"]
mod common;

#[path = "../examples/classification/dataset.rs"]
mod dataset;
#[path = "../examples/classification/layout.rs"]
mod layout;
#[path = "../examples/classification/learner.rs"]
mod learner;
#[path = "../examples/classification/net.rs"]
mod net;
#[path = "../examples/classification/options.rs"]
mod options;
#[path = "../examples/classification/origin.rs"]
mod origin;
#[path = "../examples/classification/plan.rs"]
mod plan;
#[path = "../examples/classification/published.rs"]
mod published;
