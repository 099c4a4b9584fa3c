//! MAML: gradient descent with one fixed rate.

use super::{Fast, Inner, MetaVars, Order, Slope};
use crate::calculus::descend;
use crate::ops::Var;
use crate::simd::Float;

/// Model-agnostic meta-learning (Finn, Abbeel, Levine 2017): `theta' = theta - rate * gradient`. Only the initial
/// parameters are learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Maml<T = f32> {
    /// The inner rate, the same for all parameters and steps.
    pub rate: T,
}

impl<T: Float> Inner<T> for Maml<T> {
    type Meta = ();

    fn step<'t>(
        &self,
        (): MetaVars<'t, T, ()>,
        (theta, memory): Fast<'t, T>,
        slope: Slope<'t, T>,
        _: usize,
    ) -> Fast<'t, T> {
        (theta.add_scaled(-self.rate, slope.gradient), memory)
    }

    fn descend<'t>(
        &self,
        (): MetaVars<'t, T, ()>,
        (theta, memory): Fast<'t, T>,
        loss: Var<'t, T>,
        (_, order): (usize, Order),
    ) -> Fast<'t, T> {
        (descend(loss, &theta, -self.rate, order == Order::First), memory)
    }
}
