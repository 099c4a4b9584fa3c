//! Worlds, and what acting in them brings back.

use metatape::prelude::*;
use metatape::tasks::{
    Navigation, Outcome, Pendulum, Pendulums, PointWorld, Start, World, WorldError, roll_out, stream,
};
use metatape::tensor::Trajectories;

/// Acts by standard normal noise alone.
fn noise(_: &Tensor<f64>, noise: &Tensor<f64>) -> Tensor<f64> {
    noise.clone()
}

/// Goes straight to a goal that it is told, as fast as it may.
fn oracle(goal: [f64; 2]) -> impl FnMut(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64> {
    move |observations, _| {
        let toward =
            observations.values().iter().zip(goal.iter().cycle()).map(|(at, goal)| (goal - at) / 0.1);
        Tensor::from_vec(observations.shape(), toward.collect())
    }
}

fn mean_return(start: Start, mut act: impl FnMut(PointWorld, u64) -> Trajectories<f64>) -> f64 {
    let tasks = 4000;
    let each =
        (0..tasks).map(|task| act(Navigation::new(start).task(&mut stream(0, 0, task)), task).mean_return());
    each.sum::<f64>() / tasks as f64
}

#[test]
fn standing_still_and_knowing_the_goal_earn_what_they_should() {
    let still = |world: PointWorld, task| {
        let zeros = |_: &Tensor<f64>, noise: &Tensor<f64>| Tensor::zeros(noise.shape());
        roll_out(vec![world], 100, &mut [stream(0, 1, task)], zeros).unwrap()
    };
    // The mean distance from the middle of a unit square, and between two of its points, a hundred times; a few tasks begin
    // beside the goal and end at once.
    for (start, anchor) in [(Start::Fixed, -38.26), (Start::Varying, -52.14)] {
        let earned = mean_return(start, still);
        assert!((earned - anchor).abs() < 0.02 * anchor.abs(), "{earned}, by the integral {anchor}");
    }
    let straight = |world: PointWorld, task| {
        roll_out(vec![world], 100, &mut [stream(0, 1, task)], oracle(world.goal)).unwrap()
    };
    let earned = mean_return(Start::Fixed, straight);
    // Three or four moves, each earning minus what is left of the way.
    assert!((-0.7..-0.3).contains(&earned), "{earned}");
}

#[test]
fn a_point_moves_no_faster_than_it_may_and_stops_at_the_goal() {
    let mut world = PointWorld { place: [0.0, 0.0], goal: [0.25, -0.1], unit: 0.1 };
    assert!(!world.step(&[0.5, -9.0]).done);
    assert_eq!(world.place, [0.05, -0.1]);
    assert!(!world.step(&[1.0, 0.0]).done);
    let last = world.step(&[0.95, 0.05]);
    assert!(last.done && (last.reward + 0.005_f64.hypot(0.005)).abs() < 1e-12, "{last:?}");
    let plain = PointWorld { unit: 1.0, ..world };
    let mut moved = plain;
    moved.step(&[0.03, 5.0]);
    assert_eq!(moved.place, [plain.place[0] + 0.03, plain.place[1] + 0.1]);
}

#[test]
fn a_trajectory_does_not_hang_on_those_beside_it() {
    let world = Navigation::new(Start::Varying).task(&mut stream(3, 0, 0));
    let roll = |trajectories: std::ops::Range<u64>| {
        let mut rngs: Vec<_> = trajectories.clone().map(|t| stream(3, 1, t)).collect();
        roll_out(vec![world; rngs.len()], 60, &mut rngs, noise).unwrap()
    };
    let (all, second) = (roll(0..4), roll(1..2));
    let span = all.spans().nth(1).unwrap();
    assert_eq!(all.lengths[1], second.lengths[0]);
    assert_eq!(all.rewards[span.clone()], second.rewards);
    let rows = 2 * span.start..2 * span.end;
    assert_eq!(all.observations.values()[rows.clone()], *second.observations.values());
    assert_eq!(all.actions.values()[rows], *second.actions.values());
    assert_eq!(all.returns().nth(1), second.returns().next());
}

/// Counts its steps, and is done after some.
#[derive(Clone, Copy)]
struct Counter {
    left: usize,
    seen: f64,
    /// What goes wrong in the last step.
    broken: Option<&'static str>,
}

impl World for Counter {
    const OBSERVATION: usize = 1;
    const ACTION: usize = 1;

    fn observe(&self, observation: &mut [f64]) {
        observation[0] =
            if self.left == 1 && self.broken == Some("an observation") { f64::NAN } else { self.seen };
    }

    fn step(&mut self, _: &[f64]) -> Outcome {
        self.left -= 1;
        self.seen += 1.0;
        let broken = self.left == 0 && self.broken == Some("the reward");
        Outcome { reward: if broken { f64::INFINITY } else { self.seen }, done: self.left == 0 }
    }
}

#[test]
fn trajectories_end_where_a_world_is_done_and_at_the_horizon() {
    let world = |left| Counter { left, seen: 0.0, broken: None };
    let mut rngs = [0, 1, 2].map(|t| stream(0, 0, t));
    let all = roll_out(vec![world(2), world(9), world(1)], 4, &mut rngs, noise).unwrap();
    assert_eq!(all.lengths, [2, 4, 1]);
    assert_eq!(all.rewards, [1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 1.0]);
    assert_eq!(all.observations.values(), [0.0, 1.0, 0.0, 1.0, 2.0, 3.0, 0.0]);
    assert_eq!(all.returns().collect::<Vec<_>>(), [3.0, 10.0, 1.0]);
    assert_eq!(all.mean_return(), 14.0 / 3.0);
}

#[test]
fn what_is_not_finite_is_refused_with_its_place() {
    for what in ["an observation", "the reward", "an action"] {
        let world = |left, broken| Counter { left, seen: 0.0, broken };
        let act = |observations: &Tensor<f64>, noise: &Tensor<f64>| {
            let bad = what == "an action" && observations.values() == [2.0];
            if bad { Tensor::full(noise.shape(), f64::NAN) } else { noise.clone() }
        };
        let mut rngs = [0, 1].map(|t| stream(0, 0, t));
        let found = roll_out(vec![world(1, None), world(3, Some(what))], 10, &mut rngs, act);
        assert_eq!(found, Err(WorldError { what, step: 2, trajectory: 1 }));
        let said = found.unwrap_err().to_string();
        assert_eq!(said, format!("{what} in step 2 of trajectory 1 is not finite"));
    }
}

#[test]
fn a_pendulum_keeps_its_energy_and_short_ones_swing_faster() {
    let drawn = Pendulums { lengths: [0.5, 1.5] }.task(&mut stream(0, 0, 0));
    assert!((0.5..1.5).contains(&drawn.length) && drawn.speed == 0.0);
    // Left alone near the bottom it swings with the period of a rod: 2 pi sqrt(2 l / 3 g).
    for length in [0.5, 1.0, 1.5] {
        let mut world = Pendulum { angle: std::f64::consts::PI + 0.05, speed: 0.0, length };
        let mut crossings = Vec::new();
        for step in 0..400 {
            let before = world.angle - std::f64::consts::PI;
            world.step(&[0.0]);
            if before * (world.angle - std::f64::consts::PI) < 0.0 {
                crossings.push(f64::from(step));
            }
        }
        let halves = (crossings.len() - 1) as f64;
        let period = 2.0 * 0.05 * (crossings[crossings.len() - 1] - crossings[0]) / halves;
        let expected = 2.0 * std::f64::consts::PI * (2.0 * length / 30.0_f64).sqrt();
        assert!((period - expected).abs() < 0.03 * expected, "{length}: {period}, by the formula {expected}");
    }
    // The reward of Gym's formula, upright and pushed.
    let mut upright = Pendulum { angle: 0.2, speed: -1.0, length: 1.0 };
    let earned = upright.step(&[5.0]).reward;
    assert!((earned + 0.04 + 0.1 + 0.001 * 4.0).abs() < 1e-12, "{earned}");
    assert!((upright.speed - (-1.0 + (15.0 * 0.2_f64.sin() + 3.0 * 2.0) * 0.05)).abs() < 1e-12);
}
