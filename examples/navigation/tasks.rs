//! Tasks, and the trajectories in them, each with random numbers of its own.

use metatape::meta::policy::{Actor, Policy};
use metatape::tasks::{Navigation, PointWorld, WorldError, roll_out, stream};
use metatape::tensor::Trajectories;

/// How many steps a trajectory has at most.
pub const HORIZON: usize = 100;

/// Where the random numbers of a task come from.
#[derive(Clone, Copy)]
pub struct Place {
    pub seed: u64,
    /// The iteration of training, or a stream of its own.
    pub iteration: u64,
    pub task: usize,
}

impl Place {
    /// The task: a world at its start.
    pub fn world(self, tasks: Navigation) -> PointWorld {
        tasks.task(&mut stream(self.seed, self.iteration, self.number(u32::MAX)))
    }

    /// What a policy does in the task after so many updates.
    pub fn trajectories<P: Policy<f32>>(
        self,
        world: PointWorld,
        (updates, count): (usize, usize),
        actor: &Actor<f32, P>,
    ) -> Result<Trajectories, WorldError> {
        let number = |trajectory: usize| self.number((updates << 16 | trajectory) as u32);
        let rng = |trajectory| stream(self.seed, self.iteration, number(trajectory));
        let mut rngs: Vec<_> = (0..count).map(rng).collect();
        roll_out(vec![world; count], HORIZON, &mut rngs, |observations, noise| actor.act(observations, noise))
    }

    fn number(self, within: u32) -> u64 {
        (self.task as u64) << 32 | u64::from(within)
    }
}
