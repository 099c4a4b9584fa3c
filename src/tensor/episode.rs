//! What a learner sees of one task.

use super::Tensor;

/// Inputs and what they should map to: row `i` of `y` belongs to row `i` of `x`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<T = f32> {
    /// The inputs, one a row.
    pub x: Tensor<T>,
    /// The targets, one a row.
    pub y: Tensor<T>,
}

/// One task: what to adapt to, and what the adapted model is judged on.
///
/// The two are also called training and test set of the task, and the numbers of their rows *shots* and *queries*.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode<T = f32> {
    /// What the inner steps learn from.
    pub support: Batch<T>,
    /// What the adapted model is judged on.
    pub query: Batch<T>,
}
