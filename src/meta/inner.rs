//! What a learner and a model are to the meta-layer.

use super::Order;
use crate::calculus::grad;
use crate::nn::Params;
use crate::ops::{BatchVars, Op, Var};
use crate::simd::Float;
use crate::tape::AtRest;

/// A learner's meta-parameters on a tape.
pub type MetaVars<'t, T, M> = <M as AtRest<T>>::On<'t, Op>;

/// An inner learner: how one adaptation step makes new parameters from old ones and a gradient.
///
/// The step is a pure function, recorded on the tape; all derivatives through it follow.
pub trait Inner<T: Float>: Sync {
    /// Its meta-parameters at rest: `()` for MAML, rates for Meta-SGD.
    type Meta: AtRest<T>;

    /// The parameters after step number `step` (from 0), from those before it and the gradient of the support loss.
    fn step<'t>(
        &self,
        meta: MetaVars<'t, T, Self::Meta>,
        theta: Params<'t, T>,
        gradient: Params<'t, T>,
        step: usize,
    ) -> Params<'t, T>;

    /// The parameters after step number `step` down the support loss: [`Inner::step`] with its gradient, a constant where
    /// the meta-gradient is of first order. A learner that can do without writing the gradient says here how.
    #[track_caller]
    fn descend<'t>(
        &self,
        meta: MetaVars<'t, T, Self::Meta>,
        theta: Params<'t, T>,
        loss: Var<'t, T>,
        (step, order): (usize, Order),
    ) -> Params<'t, T> {
        let gradient = grad(loss, &theta);
        let gradient = match order {
            Order::First => gradient.detach(),
            Order::Second => gradient,
        };
        self.step(meta, theta, gradient, step)
    }
}

/// A model's loss on a batch, a scalar for each episode. Any function of that signature is one.
pub trait Loss<T: Float>: Sync {
    /// The loss of parameters `theta` on `batch`.
    fn loss<'t>(&self, theta: Params<'t, T>, batch: BatchVars<'t, T>) -> Var<'t, T>;
}

impl<T: Float, F> Loss<T> for F
where
    F: for<'t> Fn(Params<'t, T>, BatchVars<'t, T>) -> Var<'t, T> + Sync,
{
    fn loss<'t>(&self, theta: Params<'t, T>, batch: BatchVars<'t, T>) -> Var<'t, T> {
        self(theta, batch)
    }
}
