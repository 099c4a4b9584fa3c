//! What is differentiated: a learner, a loss, how many steps, to which order, by which road.

use super::outer::{Worker, Workers, structured};
use super::{Clip, Inner, Loss, adjoint, reptile, tape_road};
use crate::kernels::map::add_assign;
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Episode, Tensors};

/// To which order the meta-gradient is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The inner gradient counts as a constant: no second derivative. An approximation, and named as one.
    First,
    /// Exact: the derivative of the inner gradient is kept.
    Second,
}

impl Order {
    /// 1 or 2, as results report it.
    pub fn number(self) -> u32 {
        match self {
            Order::First => 1,
            Order::Second => 2,
        }
    }
}

/// How the meta-gradient finds its way through the inner steps. Both give the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    /// All steps on one tape, reverse over reverse: memory grows with the steps.
    Tape,
    /// Back from step to step with one Hessian-vector product each, forward over reverse: memory of a single step.
    Adjoint,
}

/// What the outer loop descends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The loss of the adapted parameters on the query set, by its gradient.
    QueryLoss,
    /// The way from the initial parameters to the adapted ones, taken for a gradient: Reptile (Nichol, Achiam, Schulman
    /// 2018). The inner steps descend the losses on support and query set in turn, which are two minibatches of one task.
    /// Nothing is differentiated; order and road play no part.
    Displacement,
}

/// A meta-learning problem: adapt `learner` by `steps` gradient steps on the support set, judge on the query set.
#[derive(Clone, Copy, Debug)]
pub struct Problem<L, F> {
    /// The inner learner.
    pub learner: L,
    /// The model's loss.
    pub loss: F,
    /// How many inner steps.
    pub steps: usize,
    /// To which order the meta-gradient is taken.
    pub order: Order,
    /// By which road.
    pub road: Road,
    /// What is descended.
    pub objective: Objective,
    /// What bounds the meta-gradient of each task, before the mean over tasks is taken. Anything but [`Clip::None`] takes
    /// the tasks one by one.
    pub task_clip: Clip,
}

impl<L, F> Problem<L, F> {
    /// `steps` inner steps, exact, by the tape road.
    pub fn new(learner: L, loss: F, steps: usize) -> Self {
        let (order, road, objective, task_clip) =
            (Order::Second, Road::Tape, Objective::QueryLoss, Clip::None);
        Problem { learner, loss, steps, order, road, objective, task_clip }
    }

    /// The mean query loss after adaptation over `episodes`, and its gradient with respect to the initial parameters
    /// and the learner's meta-parameters, written into `gradient`.
    ///
    /// # Panics
    /// There are no episodes, or shapes do not fit.
    #[track_caller]
    pub fn mean_gradient<T: Float>(
        &self,
        workers: &mut Workers<T>,
        (theta, meta): (&Tensors<T>, &L::Meta),
        episodes: &[Episode<T>],
        gradient: &mut [T],
    ) -> f64
    where
        L: Inner<T>,
        F: Loss<T>,
    {
        workers.mean(episodes, gradient, |worker, episodes, gradient| {
            self.chunk_gradient(worker, (theta, meta), episodes, gradient)
        })
    }

    /// [`Problem::mean_gradient`] in the structure of what it is taken by, on tapes of its own: for checks, and where time
    /// does not count.
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn gradient<T: Float>(
        &self,
        at: &(Tensors<T>, L::Meta),
        episodes: &[Episode<T>],
    ) -> (f64, (Tensors<T>, L::Meta))
    where
        L: Inner<T, Meta: Clone>,
        F: Loss<T>,
    {
        let mut flat = vec![T::ZERO; at.0.count() + at.1.count()];
        let loss = self.mean_gradient(&mut Workers::new(episodes.len()), (&at.0, &at.1), episodes, &mut flat);
        (loss, structured(at, &flat))
    }

    /// The sum over `episodes`, side by side on one tape, of the loss and of the gradient.
    fn chunk_gradient<T: Float>(
        &self,
        worker: &mut Worker<T>,
        at: (&Tensors<T>, &L::Meta),
        episodes: &[Episode<T>],
        gradient: &mut [T],
    ) -> f64
    where
        L: Inner<T>,
        F: Loss<T>,
    {
        if self.task_clip == Clip::None {
            return self.by_road(worker, at, episodes, gradient);
        }
        let mut own = std::mem::take(&mut worker.task_gradient);
        own.resize(gradient.len(), T::ZERO);
        let mut loss = 0.0;
        for episode in episodes {
            own.fill(T::ZERO);
            loss += self.by_road(worker, at, std::slice::from_ref(episode), &mut own);
            self.task_clip.apply(&mut own);
            add_assign(gradient, &own);
        }
        worker.task_gradient = own;
        loss
    }

    fn by_road<T: Float>(
        &self,
        worker: &mut Worker<T>,
        at: (&Tensors<T>, &L::Meta),
        episodes: &[Episode<T>],
        gradient: &mut [T],
    ) -> f64
    where
        L: Inner<T>,
        F: Loss<T>,
    {
        match (self.objective, self.road) {
            (Objective::QueryLoss, Road::Tape) => tape_road::gradient(self, worker, at, episodes, gradient),
            (Objective::QueryLoss, Road::Adjoint) => adjoint::gradient(self, worker, at, episodes, gradient),
            (Objective::Displacement, _) => reptile::gradient(self, worker, at, episodes, gradient),
        }
    }
}
