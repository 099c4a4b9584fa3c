//! Losses: scalars, one for each episode.

use crate::kernels::index::arg_max;
use crate::ops::Var;
use crate::simd::Float;

/// The mean squared error `mean (prediction - target)^2`.
///
/// # Panics
/// The shapes do not broadcast.
#[track_caller]
pub fn mse<'t, T: Float>(prediction: Var<'t, T>, target: Var<'t, T>) -> Var<'t, T> {
    let difference = prediction - target;
    difference.sum_squares(T::ONE / T::from_usize(difference.shape().len()))
}

/// The mean cross-entropy of logits `[n, classes]` against class numbers `[n]`, computed from the logits, stable.
///
/// # Panics
/// The shapes are others, or a label is no whole number below `classes`.
#[track_caller]
pub fn cross_entropy<'t, T: Float>(logits: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    logits.cross_entropy(labels).mean()
}

/// The share of rows of logits `[n, classes]` whose largest entry is at the label's place, for each episode.
///
/// # Panics
/// The shapes are others, or the numbers of episodes differ.
#[track_caller]
pub fn accuracy<T: Float>(logits: Var<'_, T>, labels: Var<'_, T>) -> Vec<f64> {
    let (shape, rows) = (logits.shape(), labels.shape().len());
    assert!(
        shape.rank() == 2 && labels.shape().rank() == 1 && shape.dim(0) == rows,
        "accuracy of {shape} and {}: wants logits [n, classes] and class numbers [n]",
        labels.shape()
    );
    let (of_logits, of_labels) = (logits.episodes(), labels.episodes());
    assert!(
        of_logits == of_labels || of_logits == 1 || of_labels == 1,
        "accuracy of {} and {}: the numbers of episodes differ",
        logits.extent(),
        labels.extent()
    );
    let best = logits.read(|logits| logits.chunks_exact(shape.dim(1)).map(arg_max).collect::<Vec<_>>());
    labels.read(|labels| {
        let episode = |e: u32| {
            let best = &best[(e % of_logits) as usize * rows..][..rows];
            let labels = &labels[(e % of_labels) as usize * rows..][..rows];
            let hits = best.iter().zip(labels).filter(|(best, label)| **best as f64 == label.to_f64());
            hits.count() as f64 / rows as f64
        };
        (0..of_logits.max(of_labels)).map(episode).collect()
    })
}
