//! Steps inside a trust region.

use super::conjugate_gradient::{conjugate_gradient, dot};

/// Trust region policy optimisation (Schulman et al. 2015): the step `x` with `F x = -g` that is as long as a quadratic model
/// says that the policy's divergence may be, made shorter until the divergence is within bounds and the loss is lower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trpo {
    /// The largest mean divergence of the new policy from the old.
    pub radius: f64,
    /// How many Fisher products [`conjugate_gradient`] may take.
    pub iterations: usize,
    /// What is added to the diagonal of the Fisher matrix.
    pub damping: f64,
    /// How many lengths are tried.
    pub tries: usize,
    /// By what the length is multiplied from one try to the next.
    pub shrink: f64,
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct TrpoStep {
    /// The way to go, of the length that was accepted; `None` where none was, and all stays as it is.
    pub step: Option<Vec<f64>>,
    /// Which try was accepted, from 0.
    pub tries: usize,
    /// The loss there; where nothing was accepted, the loss before.
    pub loss: f64,
    /// The mean divergence there; 0 where nothing was accepted.
    pub divergence: f64,
}

/// The residual's squared norm below which a system counts as solved, as in the released code of TRPO.
const SOLVED: f64 = 1e-10;

impl Trpo {
    /// As in MAML's released code: radius 0.01, 10 products, damping 1e-5, 15 tries, each 0.8 times the one before.
    pub const fn published() -> Self {
        Trpo { radius: 0.01, iterations: 10, damping: 1e-5, tries: 15, shrink: 0.8 }
    }

    /// Looks for a step down `gradient` from where the loss is `loss`. `product` writes a Fisher product; `judge` says the loss
    /// and the mean divergence after a step.
    pub fn search(
        &self,
        (loss, gradient): (f64, &[f64]),
        mut product: impl FnMut(&[f64], &mut [f64]),
        mut judge: impl FnMut(&[f64]) -> [f64; 2],
    ) -> TrpoStep {
        let downward: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let damped = |p: &[f64], out: &mut [f64]| {
            product(p, out);
            out.iter_mut().zip(p).for_each(|(out, p)| *out += self.damping * p);
        };
        let mut way = conjugate_gradient(damped, &downward, self.iterations, SOLVED);
        // At the solution x^T F x is -g^T x: no further product is needed for the length.
        let curvature = dot(&downward, &way);
        let length = (2.0 * self.radius / curvature).sqrt();
        let rejected = TrpoStep { step: None, tries: self.tries, loss, divergence: 0.0 };
        if !(length.is_finite() && length > 0.0) {
            return rejected;
        }
        way.iter_mut().for_each(|x| *x *= length);
        for tries in 0..self.tries {
            let [after, divergence] = judge(&way);
            if after < loss && divergence <= self.radius {
                return TrpoStep { step: Some(way), tries, loss: after, divergence };
            }
            way.iter_mut().for_each(|x| *x *= self.shrink);
        }
        rejected
    }
}
