//! Batch normalisation (Ioffe and Szegedy 2015) by channel, the last axis.

use crate::ops::{Var, concat};
use crate::simd::Float;

/// `gamma (x - m) / sqrt(v + epsilon) + beta` with the mean `m` and the (biased) variance `v` of each channel of `x`,
/// `[.., channels]`, over all other axes of an episode. `gamma` and `beta` are `[channels]`, 1 and 0 where they are absent.
///
/// Derivatives flow through the statistics. So it is done in training, and in meta-learning often in testing too, where
/// each episode is normalised by itself ("transductive").
///
/// ```
/// use metatape::nn::batch_norm;
/// use metatape::prelude::*;
///
/// let tape = Tape::<f64>::new();
/// let x = tape.tensor(&Tensor::from_vec([2, 1], vec![3.0, 7.0]));
/// assert_eq!(batch_norm(x, None, None, 0.0).to_tensor().values(), [-1.0, 1.0]);
/// ```
///
/// # Panics
/// The shapes do not fit.
#[track_caller]
pub fn batch_norm<'t, T: Float>(
    x: Var<'t, T>,
    gamma: Option<Var<'t, T>>,
    beta: Option<Var<'t, T>>,
    epsilon: T,
) -> Var<'t, T> {
    batch_norm_by(x.moments(), x, gamma, beta, epsilon)
}

/// [`batch_norm`] by given statistics, `[2, channels]` with means in row 0 and variances in row 1 as
/// [`moments`](Var::moments) makes them: running ones for instance, gathered by other batches.
///
/// # Panics
/// The shapes do not fit.
#[track_caller]
pub fn batch_norm_by<'t, T: Float>(
    statistics: Var<'t, T>,
    x: Var<'t, T>,
    gamma: Option<Var<'t, T>>,
    beta: Option<Var<'t, T>>,
    epsilon: T,
) -> Var<'t, T> {
    x.scale_shift(normalizer(statistics, gamma, beta, epsilon))
}

/// The `a = gamma / sqrt(v + epsilon)` and `b = beta - m a` with which `a x + b` is normalised, as the rows of
/// `[2, channels]`: what [`scale_shift`](Var::scale_shift) and [`relu_pool`](Var::relu_pool) ask for. The statistics are the
/// rows `m` and `v` of `[2, channels]`; `gamma` and `beta` are `[channels]`, 1 and 0 where they are absent.
///
/// # Panics
/// The shapes do not fit.
#[track_caller]
pub fn normalizer<'t, T: Float>(
    statistics: Var<'t, T>,
    gamma: Option<Var<'t, T>>,
    beta: Option<Var<'t, T>>,
    epsilon: T,
) -> Var<'t, T> {
    let deviation = (statistics.slice(0, 1..2) + epsilon).sqrt();
    let a = match gamma {
        Some(gamma) => gamma / deviation,
        None => deviation.recip(),
    };
    let shift = statistics.slice(0, 0..1) * a;
    let b = match beta {
        Some(beta) => beta - shift,
        None => -shift,
    };
    concat(a, b, 0)
}

/// What a net with batch norm says of `images` when it normalises them by the statistics that it made of `seen`. `net`
/// computes its output for images by a function from the maps before each normalisation to their statistics.
#[track_caller]
pub(super) fn as_seen<'t, T: Float>(
    net: impl Fn(Var<'t, T>, &mut dyn FnMut(Var<'t, T>) -> Var<'t, T>) -> Var<'t, T>,
    seen: Var<'t, T>,
    images: Var<'t, T>,
) -> Var<'t, T> {
    let mut statistics = Vec::new();
    net(seen, &mut |z| {
        statistics.push(z.moments());
        statistics[statistics.len() - 1]
    });
    let mut statistics = statistics.into_iter();
    net(images, &mut |_| statistics.next().expect("the same net normalises as often"))
}
