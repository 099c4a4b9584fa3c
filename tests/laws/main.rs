//! Laws that the calculus and the ops obey.

mod tangents;
