//! Learners that adapt some of the parameters.

use std::ops::Range;

use super::{Fast, Inner, MetaVars, Order, Slope};
use crate::nn::Params;
use crate::ops::Var;
use crate::simd::Float;

/// A learner whose steps change only some of the parameters; all of them are learned by the outer loop.
///
/// With the head of a classifier it is ANIL (Raghu et al. 2020): no derivative runs through the body in an inner step.
/// MAML's classifiers leave out the shifts of batch norm.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapting<L> {
    /// How those parameters are changed. Meta-parameters that are shaped like parameters are shaped like those alone.
    pub learner: L,
    /// Which tensors are changed, by their places in the list of parameters, in order.
    pub adapted: Vec<usize>,
}

impl<L> Adapting<L> {
    /// A learner that changes a range of the parameters.
    pub fn range(learner: L, adapted: Range<usize>) -> Self {
        Adapting { learner, adapted: adapted.collect() }
    }

    fn pick<'t, T: Float>(&self, theta: Params<'t, T>) -> Params<'t, T> {
        Params::from_fn(theta.tape(), self.adapted.len(), |i| theta.get(self.adapted[i]))
    }

    fn put_back<'t, T: Float>(&self, theta: Params<'t, T>, changed: Params<'t, T>) -> Params<'t, T> {
        let own = |i: &usize| self.adapted.iter().position(|adapted| adapted == i);
        Params::from_fn(theta.tape(), theta.len(), |i| own(&i).map_or(theta.get(i), |own| changed.get(own)))
    }
}

impl<T: Float, L: Inner<T>> Inner<T> for Adapting<L> {
    type Meta = L::Meta;

    const READS_LOSS: bool = L::READS_LOSS;

    fn memory<'t>(&self, theta: Params<'t, T>) -> Params<'t, T> {
        self.learner.memory(self.pick(theta))
    }

    fn step<'t>(
        &self,
        meta: MetaVars<'t, T, L::Meta>,
        (theta, memory): Fast<'t, T>,
        slope: Slope<'t, T>,
        step: usize,
    ) -> Fast<'t, T> {
        let slope = Slope { gradient: self.pick(slope.gradient), ..slope };
        let (changed, memory) = self.learner.step(meta, (self.pick(theta), memory), slope, step);
        (self.put_back(theta, changed), memory)
    }

    fn descend<'t>(
        &self,
        meta: MetaVars<'t, T, L::Meta>,
        (theta, memory): Fast<'t, T>,
        loss: Var<'t, T>,
        when: (usize, Order),
    ) -> Fast<'t, T> {
        let (changed, memory) = self.learner.descend(meta, (self.pick(theta), memory), loss, when);
        (self.put_back(theta, changed), memory)
    }
}
