//! A policy at work in a task, adapting as it goes.

use super::{Estimator, Policy, PolicyProblem, PolicyTask};
use crate::meta::Inner;
use crate::nn::{Gaussian, Params};
use crate::ops::Tape;
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Tensor, Tensors, Trajectories};

/// A policy with its parameters, asked what to do.
pub struct Actor<'a, T: Float, P> {
    policy: &'a P,
    theta: Params<'a, T>,
}

/// Why a task could not be adapted to; `E` is what can go wrong in its world.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum AdaptationError<E> {
    /// The world refused.
    #[error("{0}")]
    World(E),
    /// The policy acts all but without chance, or its deviation is not a number: nothing can be learned from what it does.
    #[error(
        "after {updates} updates the deviation of the policy's actions is {deviation:e}; it has to stay above {LEAST:e}"
    )]
    Deviation {
        /// How many inner steps were done.
        updates: usize,
        /// The smallest deviation.
        deviation: f64,
    },
}

/// The least deviation that is acted with: below it gradients of log densities overflow.
const LEAST: f64 = 1e-6;

impl<T: Float, P: Policy<T>> Actor<'_, T, P> {
    /// An action for each observation, `[n, ..]`: mean plus deviation times standard normal `noise`, which has the shape of the
    /// actions.
    ///
    /// # Panics
    /// The shapes do not fit.
    #[track_caller]
    pub fn act(&self, observations: &Tensor<T>, noise: &Tensor<T>) -> Tensor<T> {
        let tape = self.theta.tape();
        tape.forgetting(|| {
            let says = self.policy.distribution(self.theta, tape.tensor(observations));
            (says.mean + says.log_deviation.exp() * tape.tensor(noise)).to_tensor()
        })
    }
}

/// What an adaptation brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapted<T = f32> {
    /// The experience that was gathered.
    pub task: PolicyTask<T>,
    /// What was done before each step and after the last.
    pub trajectories: Vec<Trajectories<T>>,
}

impl<T> Adapted<T> {
    /// The mean return before each step and after the last.
    pub fn returns(&self) -> impl Iterator<Item = f64> {
        self.trajectories.iter().map(Trajectories::mean_return)
    }
}

impl<L, P> PolicyProblem<L, P> {
    /// Adapts to one task in `updates` steps. `roll_out` lets an actor act in the task and brings back the trajectories; it is told
    /// how many steps were done.
    ///
    /// # Errors
    /// What `roll_out` says, or a policy whose deviation has vanished.
    pub fn adapt<T: Float, E>(
        &self,
        (theta, meta): (&Tensors<T>, &L::Meta),
        (updates, estimator): (usize, &Estimator),
        mut roll_out: impl FnMut(usize, &Actor<T, P>) -> Result<Trajectories<T>, E>,
    ) -> Result<Adapted<T>, AdaptationError<E>>
    where
        L: Inner<T>,
        P: Policy<T>,
    {
        let tape = Tape::new();
        let first = theta.put(&tape);
        let (mut fast, meta) = ((first, self.learner.memory(first)), meta.put(&tape));
        let mut all = Vec::with_capacity(updates + 1);
        let mut support = Vec::with_capacity(updates);
        for update in 0..updates {
            let (trajectories, _) = self.gather(update, fast.0, &mut roll_out)?;
            let experience = estimator.experience(&trajectories);
            all.push(trajectories);
            fast = self.descend(meta, fast, &experience, update);
            support.push(experience);
        }
        let (trajectories, says) = self.gather(updates, fast.0, &mut roll_out)?;
        let query = estimator.experience(&trajectories);
        all.push(trajectories);
        let old = [says.mean, says.log_deviation].map(|says| says.to_tensor());
        Ok(Adapted { task: PolicyTask { support, query, old }, trajectories: all })
    }

    /// The trajectories of the policy after so many updates, and what it says of what they saw.
    fn gather<'t, T: Float, E>(
        &self,
        updates: usize,
        theta: Params<'t, T>,
        roll_out: &mut impl FnMut(usize, &Actor<T, P>) -> Result<Trajectories<T>, E>,
    ) -> Result<(Trajectories<T>, Gaussian<'t, T>), AdaptationError<E>>
    where
        P: Policy<T>,
    {
        let actor = Actor { policy: &self.policy, theta };
        let trajectories = roll_out(updates, &actor).map_err(AdaptationError::World)?;
        let says = self.policy.distribution(theta, theta.tape().tensor(&trajectories.observations));
        check(updates, says)?;
        Ok((trajectories, says))
    }
}

fn check<T: Float, E>(updates: usize, policy: Gaussian<'_, T>) -> Result<(), AdaptationError<E>> {
    let smallest = policy.log_deviation.read(|all| {
        let all = all.iter().map(|log| log.to_f64().exp());
        // A minimum would pass over what is not a number.
        all.fold(f64::INFINITY, |least, deviation| if deviation >= least { least } else { deviation })
    });
    match smallest > LEAST {
        true => Ok(()),
        false => Err(AdaptationError::Deviation { updates, deviation: smallest }),
    }
}
