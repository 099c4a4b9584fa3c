//! Images from disk: each layout as a folder and as an archive, real files, and files that are damaged or hostile.

#![cfg(feature = "datasets")]

mod damage;
mod fixtures;
mod hostile;
mod layouts;
mod lists;
mod real;
