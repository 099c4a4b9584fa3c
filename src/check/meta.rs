//! Gradients from outside: meta-gradients, or any other that comes with its value.

use super::differences::{derivative, sides};
use super::subject::{Plan, along, directions, dot, largest};
use super::{Comparison, Failure, Identity, Place, Report};
use crate::tape::AtRest;

/// Checks a gradient that is computed together with its value, at `at`, against differences of the value.
///
/// `value_and_gradient` takes any structure at rest (a [`Tensor`](crate::tensor::Tensor),
/// [`Tensors`](crate::tensor::Tensors), a pair of initial parameters and rates) and gives a number and its gradient in the
/// same structure; how it does so is its own affair. The gradient is compared along each number where they are at most 32,
/// else along 8 of them, and along 4 random directions. In a [`Failure`] the parts of the structure are called `part 0`,
/// `part 1` and so on, in their order.
///
/// ```
/// use metatape::check::metagradcheck;
/// use metatape::prelude::*;
///
/// // One step of Meta-SGD on y = theta x: is the meta-gradient exact, for theta and for the rate?
/// let batch = |x: f64| Batch { x: Tensor::scalar(x), y: Tensor::scalar((3.0 * x).sin()) };
/// let episodes = [Episode { support: batch(1.0), query: batch(2.0) }];
/// let meta = (Tensor::scalar(0.5), Tensor::scalar(0.1));
/// metagradcheck(
///     |meta| {
///         mean_grad(meta, &episodes, |_, (theta, alpha), e| {
///             let g = grad((theta * e.support.x - e.support.y).square(), &theta);
///             ((theta - alpha * g) * e.query.x - e.query.y).square()
///         })
///     },
///     &meta,
/// )?;
/// # Ok::<(), metatape::check::Failure>(())
/// ```
///
/// # Errors
/// Two calls differ, something is not finite, differences do not settle, or the gradient is wrong.
pub fn metagradcheck<M, F>(mut value_and_gradient: F, at: &M) -> Result<Report, Failure>
where
    M: AtRest<f64> + Clone,
    F: FnMut(&M) -> (f64, M),
{
    let x = flat(at);
    let (value, gradient) = value_and_gradient(at);
    let (again, gradient_again) = value_and_gradient(at);
    let (gradient, gradient_again) = (flat(&gradient), flat(&gradient_again));
    same_and_finite(Place::Output(0), value, again)?;
    assert_eq!(gradient.len(), x.len(), "metagradcheck: a gradient of another structure than its point");
    for (i, (&first, &second)) in gradient.iter().zip(&gradient_again).enumerate() {
        same_and_finite(place(at, i), first, second)?;
    }

    let mut report = Report::default();
    let magnitude = largest(&gradient).max(value.abs());
    let mut moved = at.clone();
    for direction in directions(Plan::THOROUGH, &x, |i| place(at, i)) {
        let v = direction.step;
        let mut value = |t| {
            fill(&mut moved, &along(&x, t, &v));
            value_and_gradient(&moved).0
        };
        let estimate = derivative(&mut value);
        let what = (Identity::GradientAgainstDifferences, direction.place);
        let sides = || sides(|t| vec![value(t)])[0];
        report.against_differences(what, estimate, dot(&gradient, &v), [magnitude; 2], sides)?;
    }
    Ok(report)
}

fn same_and_finite(place: Place, expected: f64, got: f64) -> Result<(), Failure> {
    let identity = match (expected.to_bits() == got.to_bits(), expected.is_finite()) {
        (true, true) => return Ok(()),
        (false, _) => Identity::Determinism,
        (true, false) => Identity::Finiteness,
    };
    Err(Failure { comparison: Comparison { identity, place, expected, got, allowed: 0.0 }, op: None })
}

fn flat(value: &impl AtRest<f64>) -> Vec<f64> {
    let mut all = Vec::new();
    value.each(&mut |tensor| all.extend_from_slice(tensor.values()));
    all
}

fn fill(value: &mut impl AtRest<f64>, numbers: &[f64]) {
    let mut rest = numbers;
    value.each_mut(&mut |tensor| {
        let (own, others) = rest.split_at(tensor.values().len());
        tensor.values_mut().copy_from_slice(own);
        rest = others;
    });
}

fn place(value: &impl AtRest<f64>, i: usize) -> Place {
    let (mut part, mut index) = (0, Some(i));
    let mut found = None;
    value.each(&mut |tensor| {
        if let Some(left) = index {
            index = left.checked_sub(tensor.values().len());
            if index.is_none() {
                found = Some(Place::Coordinate { input: format!("part {part}"), index: left });
            }
        }
        part += 1;
    });
    found.expect("a number of the structure")
}
