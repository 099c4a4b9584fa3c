//! A pendulum that a weak motor has to keep upright, of a length that it is not told.

use std::f64::consts::PI;

use rand::{Rng, RngExt};

use super::{Outcome, World};

/// A distribution of pendulums: their lengths, in metres, are uniform between two bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pendulums {
    /// The shortest and the longest.
    pub lengths: [f64; 2],
}

impl Pendulums {
    /// Draws a task: a pendulum that hangs still.
    pub fn task<R: Rng + ?Sized>(&self, rng: &mut R) -> Pendulum {
        let [shortest, longest] = self.lengths;
        Pendulum { angle: PI, speed: 0.0, length: rng.random_range(shortest..longest) }
    }
}

/// A rod of 1 kg on a hinge: an action of 1 is a torque of 2 Nm, a step is 0.05 s and earns minus the squares of the angle
/// from upright, of a tenth of the speed, and of the torque by 0.001 (as OpenAI Gym's `Pendulum-v0`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pendulum {
    /// In radians from upright.
    pub angle: f64,
    /// In radians a second.
    pub speed: f64,
    /// In metres.
    pub length: f64,
}

impl Pendulum {
    /// The same pendulum, let go anywhere with a speed of up to 1.
    pub fn start<R: Rng + ?Sized>(self, rng: &mut R) -> Pendulum {
        Pendulum { angle: rng.random_range(-PI..PI), speed: rng.random_range(-1.0..1.0), ..self }
    }
}

const GRAVITY: f64 = 10.0;
const STRONGEST: f64 = 2.0;
const FASTEST: f64 = 8.0;
const SECONDS: f64 = 0.05;

impl World for Pendulum {
    const OBSERVATION: usize = 3;
    const ACTION: usize = 1;

    fn observe(&self, observation: &mut [f64]) {
        observation.copy_from_slice(&[self.angle.cos(), self.angle.sin(), self.speed]);
    }

    fn step(&mut self, action: &[f64]) -> Outcome {
        let torque = STRONGEST * action[0].clamp(-1.0, 1.0);
        let from_upright = (self.angle + PI).rem_euclid(2.0 * PI) - PI;
        let cost = from_upright.powi(2) + 0.1 * self.speed.powi(2) + 0.001 * torque.powi(2);
        let inertia = self.length.powi(2) / 3.0;
        let pull = 0.5 * GRAVITY * self.length * self.angle.sin();
        self.speed = (self.speed + (pull + torque) / inertia * SECONDS).clamp(-FASTEST, FASTEST);
        self.angle += self.speed * SECONDS;
        Outcome { reward: -cost, done: false }
    }
}
