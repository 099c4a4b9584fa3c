//! What is optimised: least squares, or a small network that tells drawn characters apart.

use clap::ValueEnum;
use metatape::prelude::*;
use metatape::tasks::{Glyphs, Images, stream};
use rand::Rng;
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::common::streams;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// |W theta - y|^2 in ten dimensions, all of it drawn from the normal distribution
    Quadratic,
    /// A network with one layer of 20 that tells ten characters drawn by the program apart
    Mlp,
}

/// How many dimensions a quadratic has.
const DIMENSIONS: usize = 10;
/// Characters of a network's problem, how often each is drawn, and the sides of the squares that their pixels are averaged
/// over.
const CHARACTERS: usize = 10;
const DRAWINGS: usize = 5;
const SQUARE: usize = 4;
const HIDDEN: usize = 20;
/// Characters that problems choose from.
const ALPHABET: usize = 200;

/// A family of problems.
pub struct Problems {
    /// What networks tell apart; none where problems are quadratics.
    glyphs: Option<Images>,
}

impl Problems {
    pub fn new(kind: Kind, seed: u64) -> Self {
        let draw = || Glyphs::new().draw(ALPHABET, DRAWINGS, &mut stream(seed, streams::CLASSES, 0));
        Problems { glyphs: (kind == Kind::Mlp).then(draw) }
    }

    /// A problem before the first step.
    pub fn draw(&self, rng: &mut impl Rng) -> Optimizee {
        match &self.glyphs {
            None => quadratic(rng),
            Some(glyphs) => characters(glyphs, rng),
        }
    }

    /// As many problems as one asks for; which they are depends on the stream alone.
    pub fn batch(&self, count: usize, (seed, which): (u64, u64)) -> Vec<Optimizee> {
        (0..count).map(|task| self.draw(&mut stream(seed, which, task as u64))).collect()
    }
}

/// The loss of either kind.
#[derive(Clone, Copy)]
pub struct Objective(pub Kind);

impl Loss<f32> for Objective {
    fn loss<'t>(&self, theta: Params<'t>, data: BatchVars<'t>) -> Var<'t> {
        match self.0 {
            Kind::Quadratic => {
                let column = theta.get(0).reshape([DIMENSIONS, 1]);
                (data.x.matmul(column).reshape([DIMENSIONS]) - data.y).sum_squares(1.0)
            }
            Kind::Mlp => cross_entropy(mlp(theta, data.x, Activation::Tanh), data.y),
        }
    }
}

fn quadratic(rng: &mut impl Rng) -> Optimizee {
    let mut normal = |shape: &[usize]| Tensor::from_fn(shape, |_| StandardNormal.sample(rng));
    let data = Batch { x: normal(&[DIMENSIONS, DIMENSIONS]), y: normal(&[DIMENSIONS]) };
    let mut theta = Tensors::new();
    theta.push("theta", normal(&[DIMENSIONS]));
    Optimizee::new(theta, data)
}

/// All drawings of some characters at once, each a row of averaged pixels.
fn characters(glyphs: &Images, rng: &mut impl Rng) -> Optimizee {
    let [height, width, _] = glyphs.shape();
    let (rows, columns) = (height / SQUARE, width / SQUARE);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (label, class) in index::sample(rng, glyphs.classes(), CHARACTERS).into_iter().enumerate() {
        for drawing in 0..DRAWINGS {
            let pixels = glyphs.image(class, drawing);
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                let inside = (0..SQUARE).flat_map(|i| (0..SQUARE).map(move |j| (i, j)));
                let ink: u32 = inside
                    .map(|(i, j)| u32::from(pixels[(row * SQUARE + i) * width + column * SQUARE + j]))
                    .sum();
                x.push(ink as f32 / (255 * SQUARE * SQUARE) as f32);
            }
            y.push(label as f32);
        }
    }
    let images = CHARACTERS * DRAWINGS;
    let sizes = [rows * columns, HIDDEN, CHARACTERS];
    let data = Batch { x: Tensor::from_vec([images, rows * columns], x), y: Tensor::from_vec([images], y) };
    Optimizee::new(mlp_parameters(&sizes, Initializer::Xavier, rng), data)
}
