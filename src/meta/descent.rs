//! Hand-made optimisers as inner learners.

use super::{Fast, Inner, MetaVars, Slope};
use crate::nn::Params;
use crate::simd::Float;

/// A hand-made optimiser as an inner learner: what learned ones stand beside, exact in its derivatives like them.
///
/// ```
/// use metatape::prelude::*;
///
/// // Two steps of momentum down theta^2 / 2 from 1: v = 1, theta = 0.9; v = 0.5 + 0.9, theta = 0.9 - 0.14.
/// fn half_square<'t>(theta: Params<'t, f64>, _: BatchVars<'t, f64>) -> Var<'t, f64> {
///     theta.get(0).square().scale(0.5)
/// }
/// let learner = Descent { rule: Rule::Momentum { keep: 0.5, nesterov: false }, rate: 0.1 };
/// let mut theta = Tensors::new();
/// theta.push("theta", Tensor::scalar(1.0));
/// let nothing = Batch { x: Tensor::scalar(0.0), y: Tensor::scalar(0.0) };
/// let adapted = Problem::new(learner, half_square, 2).adapted((&theta, &()), &nothing, 2);
/// assert!((adapted.tensors()[0].item() - 0.76).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descent<T = f32> {
    /// How a gradient becomes a direction.
    pub rule: Rule,
    /// How far along it a step goes.
    pub rate: T,
}

/// How an optimiser makes a direction of the gradients `g` that it has seen. Means begin at zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// `g`.
    Plain,
    /// `v`, with `v = keep v + g`; with Nesterov's look ahead `g + keep v`.
    Momentum {
        /// How much of the old velocity is kept.
        keep: f64,
        /// Whether to look ahead.
        nesterov: bool,
    },
    /// `g / sqrt(s + epsilon^2)`, with `s = keep s + (1 - keep) g^2` (Tieleman and Hinton 2012).
    RmsProp {
        /// How much of the old mean of squares is kept.
        keep: f64,
        /// What keeps the quotient finite. Inside of the root, so that derivatives are finite too where a gradient is zero.
        epsilon: f64,
    },
    /// `m^ / sqrt(s^ + epsilon^2)` with the means of gradient and square, corrected for their start (Kingma and Ba 2015).
    Adam {
        /// How much of the old mean of the gradient is kept.
        beta1: f64,
        /// How much of the old mean of its square is kept.
        beta2: f64,
        /// As in RMSprop.
        epsilon: f64,
    },
}

impl Rule {
    /// Adam with the constants of the paper.
    pub const ADAM: Rule = Rule::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

    /// How many running means there are of each parameter.
    fn means(self) -> usize {
        match self {
            Rule::Plain => 0,
            Rule::Momentum { .. } | Rule::RmsProp { .. } => 1,
            Rule::Adam { .. } => 2,
        }
    }
}

impl<T: Float> Inner<T> for Descent<T> {
    type Meta = ();

    fn memory<'t>(&self, theta: Params<'t, T>) -> Params<'t, T> {
        let count = self.rule.means() * theta.len();
        Params::from_fn(theta.tape(), count, |i| {
            let like = theta.get(i % theta.len());
            theta.tape().fill(like.extent(), T::ZERO)
        })
    }

    fn step<'t>(
        &self,
        (): MetaVars<'t, T, ()>,
        (theta, memory): Fast<'t, T>,
        slope: Slope<'t, T>,
        step: usize,
    ) -> Fast<'t, T> {
        let g = slope.gradient;
        let float = T::from_f64;
        let (direction, memory) = match self.rule {
            Rule::Plain => (g, memory),
            Rule::Momentum { keep, nesterov } => {
                let velocity = g.add_scaled(float(keep), memory);
                (if nesterov { g.add_scaled(float(keep), velocity) } else { velocity }, velocity)
            }
            Rule::RmsProp { keep, epsilon } => {
                let squares = mean(keep, memory, g * g);
                (g * inverse_root(squares, 1.0, epsilon), squares)
            }
            Rule::Adam { beta1, beta2, epsilon } => {
                let (old, older) = (memory.part(0, theta.len()), memory.part(theta.len(), theta.len()));
                let (means, squares) = (mean(beta1, old, g), mean(beta2, older, g * g));
                let since_start = |beta: f64| 1.0 / (1.0 - beta.powi(step as i32 + 1));
                let direction = means * inverse_root(squares, since_start(beta2), epsilon);
                (direction * float(since_start(beta1)), Params::join(theta.tape(), &[means, squares]))
            }
        };
        (theta.add_scaled(-self.rate, direction), memory)
    }
}

/// `keep old + (1 - keep) new`.
fn mean<'t, T: Float>(keep: f64, old: Params<'t, T>, new: Params<'t, T>) -> Params<'t, T> {
    (new * T::from_f64(1.0 - keep)).add_scaled(T::from_f64(keep), old)
}

/// `1 / sqrt(scale x + epsilon^2)`.
fn inverse_root<T: Float>(x: Params<'_, T>, scale: f64, epsilon: f64) -> Params<'_, T> {
    x.map(|x| x.affine(T::from_f64(scale), T::from_f64(epsilon * epsilon)).sqrt().recip())
}
