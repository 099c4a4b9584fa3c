//! What a learner and a model are to the meta-layer.

use super::Order;
use crate::calculus::grad;
use crate::nn::Params;
use crate::ops::{BatchVars, Op, Tape, Var};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::Tensors;

/// A learner's meta-parameters on a tape.
pub type MetaVars<'t, T, M> = <M as AtRest<T>>::On<'t, Op>;

/// A task in the middle of its adaptation, on a tape: its parameters, and what the learner remembers of the steps before.
pub type Fast<'t, T> = (Params<'t, T>, Params<'t, T>);

/// What an inner step sees of the support loss.
#[derive(Clone, Copy, Debug)]
pub struct Slope<'t, T: Float> {
    /// The loss itself, a scalar for each episode.
    pub loss: Var<'t, T>,
    /// Its gradient with respect to the parameters.
    pub gradient: Params<'t, T>,
}

impl<T: Float> Slope<'_, T> {
    /// The same numbers as constants.
    pub fn detach(self) -> Self {
        Slope { loss: self.loss.detach(), gradient: self.gradient.detach() }
    }
}

/// An inner learner: how one adaptation step makes new parameters from old ones and a gradient.
///
/// The step is a pure function, recorded on the tape; all derivatives through it follow. What a learner remembers from one step
/// to the next (a velocity, the state of an LSTM) is passed through it like the parameters.
pub trait Inner<T: Float>: Sync {
    /// Its meta-parameters at rest: `()` for MAML, rates for Meta-SGD, the weights of an LSTM for Meta-LSTM.
    type Meta: AtRest<T>;

    /// Whether its step depends on the loss itself, and not only on its gradient.
    const READS_LOSS: bool = false;

    /// What it remembers before the first step, constants on the tape of `theta`; without memory nothing.
    fn memory<'t>(&self, theta: Params<'t, T>) -> Params<'t, T> {
        Params::empty(theta.tape())
    }

    /// Parameters and memory after step number `step` (from 0), from those before it and the slope of the support loss.
    fn step<'t>(
        &self,
        meta: MetaVars<'t, T, Self::Meta>,
        fast: Fast<'t, T>,
        slope: Slope<'t, T>,
        step: usize,
    ) -> Fast<'t, T>;

    /// Parameters and memory after step number `step` down the support loss: [`Inner::step`] with its slope, constant where
    /// the meta-gradient is of first order. A learner that can do without writing the gradient says here how.
    #[track_caller]
    fn descend<'t>(
        &self,
        meta: MetaVars<'t, T, Self::Meta>,
        fast: Fast<'t, T>,
        loss: Var<'t, T>,
        (step, order): (usize, Order),
    ) -> Fast<'t, T> {
        let slope = Slope { loss, gradient: grad(loss, &fast.0) };
        let slope = match order {
            Order::First => slope.detach(),
            Order::Second => slope,
        };
        self.step(meta, fast, slope, step)
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

/// The parameters on a tape before the first step, and what the learner remembers then.
pub(super) fn start<'t, T: Float, L: Inner<T>>(
    learner: &L,
    theta: &Tensors<T>,
    tape: &'t Tape<T>,
) -> Fast<'t, T> {
    let theta = theta.put(tape);
    (theta, learner.memory(theta))
}
