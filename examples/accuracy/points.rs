//! Where the functions are judged.

use std::marker::PhantomData;

use metatape::simd::{Double, Single};
use metatape::tasks::stream;
use rand::RngExt;

use super::functions::{Function, NAMES};

/// The most points in a block.
pub const BLOCK: usize = 4096;

/// Of the blocks of bit patterns that lie beyond the domain of sine and cosine, where these are the standard library's and
/// slow, one in so many is looked at.
pub const BEYOND: u64 = 16;

/// Points in blocks that can be had in any order.
pub trait Points<T>: Sync {
    fn blocks(&self) -> u64;
    /// Puts the points of a block into `x`, at most [`BLOCK`] of them.
    fn fill(&self, block: u64, x: &mut Vec<T>);
}

/// Every so many of all bit patterns; a prime number meets every exponent with many mantissas.
pub struct Patterns<F> {
    stride: u64,
    function: PhantomData<F>,
}

impl<F: Function> Patterns<F> {
    pub fn every(stride: u64) -> Self {
        Patterns { stride, function: PhantomData }
    }
}

impl<F: Function> Points<Single> for Patterns<F> {
    fn blocks(&self) -> u64 {
        (1_u64 << 32).div_ceil(self.stride * BLOCK as u64)
    }

    fn fill(&self, block: u64, x: &mut Vec<Single>) {
        let first = block * BLOCK as u64 * self.stride;
        let patterns = (first..1 << 32).step_by(self.stride as usize).take(BLOCK);
        x.clear();
        x.extend(patterns.map(|bits| Single::from_bits(bits as u32)));
        let beyond = |x: &Single| f64::from(x.abs()) > F::DOMAIN[1];
        if F::PERIODIC && !block.is_multiple_of(BEYOND) && x.iter().all(beyond) {
            x.clear();
        }
    }
}

/// Seeded points: of eight, four lie evenly where the function is interesting, two have sizes even in the logarithm (in all
/// the range and around 1), and two lie near a turn, at distances even in the logarithm.
pub struct Seeded<F> {
    points: u64,
    function: PhantomData<F>,
}

impl<F: Function> Seeded<F> {
    pub fn new(points: u64) -> Self {
        Seeded { points, function: PhantomData }
    }
}

const SEED: u64 = 7;

impl<F: Function> Points<Double> for Seeded<F> {
    fn blocks(&self) -> u64 {
        self.points.div_ceil(BLOCK as u64)
    }

    fn fill(&self, block: u64, x: &mut Vec<Double>) {
        let index = NAMES.iter().position(|name| *name == F::NAME).expect("a function of the list");
        let mut rng = stream(SEED, block, index as u64);
        let [low, high] = F::DOMAIN;
        let points = (self.points - block * BLOCK as u64).min(BLOCK as u64);
        x.clear();
        x.extend((0..points).map(|i| {
            let even = F::WIDE[0] + (F::WIDE[1] - F::WIDE[0]) * rng.random::<f64>();
            let sign = if rng.random() { 1.0 } else { -1.0 };
            let x = match i % 8 {
                0..4 => even,
                4 => sign * rng.random_range(-64.0..64.0_f64).exp2(),
                5 => sign * rng.random_range(-1074.0..1024.0_f64).exp2(),
                _ => {
                    let turn = F::default().turn(&mut rng);
                    turn + sign * turn * rng.random_range(-54.0..0.0_f64).exp2()
                }
            };
            if (low..=high).contains(&x) { x } else { even.clamp(low, high) }
        }));
    }
}

/// The edges of a function, of both signs, each with its neighbours, and for sine and cosine the doubles nearest to the
/// multiples of half of pi.
pub struct Hard(Vec<Double>);

/// How many neighbours an edge has on either side.
const NEIGHBOURS: usize = 1000;

impl Hard {
    pub fn of<F: Function>() -> Self {
        let mut points = Vec::new();
        for edge in F::EDGES.iter().flat_map(|edge| [*edge, -edge]) {
            let up = std::iter::successors(Some(edge), |x| Some(x.next_up()));
            let down = std::iter::successors(Some(edge), |x| Some(x.next_down()));
            points.extend(up.take(NEIGHBOURS + 1).chain(down.skip(1).take(NEIGHBOURS)));
        }
        if F::PERIODIC {
            let turns = (F::DOMAIN[1] / std::f64::consts::FRAC_PI_2) as i32;
            for turn in (-turns..=turns).map(|turn| f64::from(turn) * std::f64::consts::FRAC_PI_2) {
                points.extend([turn.next_down(), turn, turn.next_up()]);
            }
        }
        points.retain(|x| (F::DOMAIN[0]..=F::DOMAIN[1]).contains(x));
        Hard(points)
    }
}

impl Points<Double> for Hard {
    fn blocks(&self) -> u64 {
        self.0.len().div_ceil(BLOCK) as u64
    }

    fn fill(&self, block: u64, x: &mut Vec<Double>) {
        let start = block as usize * BLOCK;
        x.clear();
        x.extend_from_slice(&self.0[start..self.0.len().min(start + BLOCK)]);
    }
}
