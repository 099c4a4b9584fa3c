//! The laws that every op in the list obeys. An op that is listed is tested: the tests iterate the list, and draw shapes,
//! values, directions and what is shared between episodes at random, from fixed seeds.
//!
//! 1. `forward`: the value is that of a naive scalar reference.
//! 2. `linear`: what claims to be linear is, and its transpose is its transpose.
//! 3. `diagonal`: elementwise derivatives against differences.
//! 4. `transpose`: `<dy, ybar> = <dx, xbar>`, for the op and for its vjp.
//! 5. `programs`: random programs of many ops.
//!
//! Beside them: fused ops against their twins, episodes side by side against each alone, conventions at ties, and the
//! checks that users are offered. Each law is a function of any op language, and fails on a language that breaks it
//! (`flawed`). What the checks see of flaws in the engine's own rules is counted (`mutations`).

mod case;
mod checks;
mod diagonal;
mod edges;
mod episodes;
mod flawed;
mod forward;
mod linear;
mod mutant;
mod mutations;
mod programs;
mod reference;
mod reference_images;
mod reference_lstm;
#[path = "../support/rounding.rs"]
mod rounding;
mod tangents;
mod ties;
mod tolerance;
mod transpose;
mod twins;
