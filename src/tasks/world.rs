//! Worlds to act in, and what comes of acting.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::simd::Float;
use crate::tensor::{Tensor, Trajectories};

/// A world with a state that actions change. A task is such a world at its start; a distribution of tasks is any function
/// that draws one.
///
/// ```
/// use metatape::tasks::{Outcome, World, roll_out, stream};
/// use metatape::tensor::Tensor;
///
/// /// An arm of `payout` on average for each unit of a bet, which a policy has to find out.
/// struct Bandit {
///     payout: f64,
/// }
///
/// impl World for Bandit {
///     const OBSERVATION: usize = 1;
///     const ACTION: usize = 1;
///
///     fn observe(&self, observation: &mut [f64]) {
///         observation[0] = 1.0;
///     }
///
///     fn step(&mut self, action: &[f64]) -> Outcome {
///         let bet = action[0].clamp(-1.0, 1.0);
///         Outcome { reward: self.payout * bet, done: false }
///     }
/// }
///
/// let worlds = vec![Bandit { payout: 2.0 }, Bandit { payout: 2.0 }];
/// let mut rngs = [stream(0, 0, 0), stream(0, 0, 1)];
/// let always_bets = |observations: &Tensor<f64>, _: &Tensor<f64>| Tensor::full([observations.shape().dim(0), 1], 1.0);
/// let trajectories = roll_out(worlds, 5, &mut rngs, always_bets)?;
/// assert_eq!(trajectories.mean_return(), 10.0);
/// # Ok::<(), metatape::tasks::WorldError>(())
/// ```
pub trait World {
    /// How many numbers are seen of the state.
    const OBSERVATION: usize;
    /// How many numbers an action has.
    const ACTION: usize;

    /// Writes what is seen of the state.
    fn observe(&self, observation: &mut [f64]);

    /// Acts.
    fn step(&mut self, action: &[f64]) -> Outcome;
}

/// What a step earned, and whether it was the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The reward.
    pub reward: f64,
    /// Whether the trajectory ends here, before the horizon.
    pub done: bool,
}

/// A number that is not finite: no policy can learn from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} in step {step} of trajectory {trajectory} is not finite")]
pub struct WorldError {
    /// Whose number: "an observation", "an action" or "the reward".
    pub what: &'static str,
    /// The step, from 0.
    pub step: usize,
    /// The trajectory, from 0.
    pub trajectory: usize,
}

/// Lets a policy act in all `worlds` at once, one trajectory in each, until they are done or for `horizon` steps.
///
/// `decide` gets the observations of the worlds that are not done, `[n, OBSERVATION]`, and standard normal noise,
/// `[n, ACTION]`, and returns the actions, `[n, ACTION]`. The noise of each trajectory comes from a generator of its own, so
/// that a trajectory does not hang on those beside it.
///
/// # Errors
/// An observation, an action or a reward is not finite.
///
/// # Panics
/// There are not as many generators as worlds, or the actions have another shape.
#[track_caller]
pub fn roll_out<W: World, T: Float, R: Rng>(
    mut worlds: Vec<W>,
    horizon: usize,
    rngs: &mut [R],
    mut decide: impl FnMut(&Tensor<T>, &Tensor<T>) -> Tensor<T>,
) -> Result<Trajectories<T>, WorldError> {
    assert!(rngs.len() == worlds.len(), "roll_out: {} generators for {} worlds", rngs.len(), worlds.len());
    let mut histories: Vec<History<T>> = worlds.iter().map(|_| History::new()).collect();
    let mut live: Vec<usize> = (0..worlds.len()).collect();
    let (mut observation, mut action) = (vec![0.0; W::OBSERVATION], vec![0.0; W::ACTION]);
    for step in 0..horizon {
        if live.is_empty() {
            break;
        }
        let mut seen = Vec::with_capacity(live.len() * W::OBSERVATION);
        let mut noise = Vec::with_capacity(live.len() * W::ACTION);
        for &trajectory in &live {
            worlds[trajectory].observe(&mut observation);
            check("an observation", &observation, [step, trajectory])?;
            seen.extend(observation.iter().map(|x| T::from_f64(*x)));
            noise.extend((0..W::ACTION).map(|_| T::from_f64(rngs[trajectory].sample(StandardNormal))));
        }
        let observations = Tensor::from_vec([live.len(), W::OBSERVATION], seen);
        let noise = Tensor::from_vec([live.len(), W::ACTION], noise);
        let actions = decide(&observations, &noise);
        let (found, expected) = (actions.shape(), noise.shape());
        assert!(found == expected, "roll_out: actions of shape {found} where {expected} are asked for");

        let rows =
            observations.values().chunks_exact(W::OBSERVATION).zip(actions.values().chunks_exact(W::ACTION));
        let mut rows = live.iter().zip(rows);
        let mut still = Vec::with_capacity(live.len());
        rows.try_for_each(|(&trajectory, (seen, done))| {
            action.iter_mut().zip(done).for_each(|(action, done)| *action = done.to_f64());
            check("an action", &action, [step, trajectory])?;
            let outcome = worlds[trajectory].step(&action);
            check("the reward", &[outcome.reward], [step, trajectory])?;
            histories[trajectory].push(seen, done, outcome.reward);
            if !outcome.done {
                still.push(trajectory);
            }
            Ok(())
        })?;
        live = still;
    }
    Ok(joined(histories, [W::OBSERVATION, W::ACTION]))
}

/// One trajectory as it grows.
struct History<T> {
    observations: Vec<T>,
    actions: Vec<T>,
    rewards: Vec<f64>,
}

impl<T: Float> History<T> {
    fn new() -> Self {
        History { observations: Vec::new(), actions: Vec::new(), rewards: Vec::new() }
    }

    fn push(&mut self, observation: &[T], action: &[T], reward: f64) {
        self.observations.extend_from_slice(observation);
        self.actions.extend_from_slice(action);
        self.rewards.push(reward);
    }
}

fn joined<T: Float>(histories: Vec<History<T>>, [observation, action]: [usize; 2]) -> Trajectories<T> {
    let lengths: Vec<usize> = histories.iter().map(|history| history.rewards.len()).collect();
    let steps = lengths.iter().sum();
    let all = |part: fn(&History<T>) -> &[T]| histories.iter().flat_map(part).copied().collect();
    Trajectories {
        observations: Tensor::from_vec([steps, observation], all(|history| &history.observations)),
        actions: Tensor::from_vec([steps, action], all(|history| &history.actions)),
        rewards: histories.iter().flat_map(|history| &history.rewards).copied().collect(),
        lengths,
    }
}

fn check(what: &'static str, numbers: &[f64], [step, trajectory]: [usize; 2]) -> Result<(), WorldError> {
    match numbers.iter().all(|number| number.is_finite()) {
        true => Ok(()),
        false => Err(WorldError { what, step, trajectory }),
    }
}
