//! 2D navigation: a point that has to find a goal it cannot see.

use rand::{Rng, RngExt};

use super::{Outcome, World};

/// A distribution of goals, and of starts, in the plane (Finn et al. 2017; Li et al. 2017).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Navigation {
    /// Where a task starts.
    pub start: Start,
    /// How far an action of 1 moves: 0.1, where actions are normalised as in MAML's code, so that a policy's -1 to 1 are the
    /// fastest moves; 1, where an action is the move itself.
    pub unit: f64,
}

/// Where a task of [`Navigation`] starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the origin, each of them.
    Fixed,
    /// Anywhere in the square, each elsewhere.
    Varying,
}

/// Goals, and starts that vary, are uniform in the square of this half side.
const HALF_SIDE: f64 = 0.5;
/// The fastest move on each axis.
const FASTEST: f64 = 0.1;
/// As near to the goal as this, the point has arrived.
const NEAR: f64 = 0.01;

impl Navigation {
    /// With actions normalised.
    pub const fn new(start: Start) -> Self {
        Navigation { start, unit: FASTEST }
    }

    /// Draws a task, at its start.
    pub fn task<R: Rng + ?Sized>(&self, rng: &mut R) -> PointWorld {
        let mut place = || [(); 2].map(|()| rng.random_range(-HALF_SIDE..HALF_SIDE));
        let goal = place();
        let start = match self.start {
            Start::Fixed => [0.0; 2],
            Start::Varying => place(),
        };
        PointWorld { place: start, goal, unit: self.unit }
    }
}

/// A point in the plane: an action is its velocity, at most 0.1 on each axis; a step earns minus the distance to the goal;
/// it is done within 0.01 of it. The place is seen, the goal is not.
///
/// ```
/// use metatape::tasks::{Navigation, Start, World, stream};
///
/// let mut world = Navigation::new(Start::Fixed).task(&mut stream(0, 0, 0));
/// world.goal = [0.3, 0.0];
/// let outcome = world.step(&[5.0, 0.0]);
/// assert_eq!(world.place, [0.1, 0.0]);
/// assert!((outcome.reward + 0.2).abs() < 1e-12 && !outcome.done);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointWorld {
    /// Where the point is.
    pub place: [f64; 2],
    /// Where it should go.
    pub goal: [f64; 2],
    /// How far an action of 1 moves.
    pub unit: f64,
}

impl World for PointWorld {
    const OBSERVATION: usize = 2;
    const ACTION: usize = 2;

    fn observe(&self, observation: &mut [f64]) {
        observation.copy_from_slice(&self.place);
    }

    fn step(&mut self, action: &[f64]) -> Outcome {
        for (x, action) in self.place.iter_mut().zip(action) {
            *x += (self.unit * action).clamp(-FASTEST, FASTEST);
        }
        let [x, y] = [0, 1].map(|axis| self.place[axis] - self.goal[axis]);
        Outcome { reward: -x.hypot(y), done: x.abs() < NEAR && y.abs() < NEAR }
    }
}
