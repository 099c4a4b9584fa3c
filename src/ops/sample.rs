//! Random uses of ops, for tests that iterate the list and for fuzzing.

use super::Op;
use crate::tensor::Shape;

/// Where the values of an operand may lie, so that the op is defined and smooth around them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Domain {
    /// Any number between -2 and 2.
    Real,
    /// A number between 0.3 and 3.
    Positive,
    /// A number of either sign, at least 0.3 away from zero.
    NonZero,
    /// A whole number from 0 below this one.
    Index(usize),
}

impl Domain {
    /// The number of this domain for `u`, spread evenly over `[0, 1)`.
    pub fn value(self, u: f64) -> f64 {
        match self {
            Domain::Real => 4.0 * u - 2.0,
            Domain::Positive => 0.3 + 2.7 * u,
            Domain::NonZero if u < 0.5 => -0.3 - 3.4 * u,
            Domain::NonZero => 0.3 + 3.4 * (u - 0.5),
            Domain::Index(end) => (u * end as f64).floor(),
        }
    }
}

/// A use of an op: with which settings, on which shapes, with values from where.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The op.
    pub op: Op,
    /// For each input its shape within one episode, and where its values may lie.
    pub inputs: Vec<(Shape, Domain)>,
}

/// A source of choices: `pick.below(n)` is a whole number from 0 below `n`. Random numbers or a fuzzer's bytes.
pub struct Pick<'a>(pub &'a mut dyn FnMut(usize) -> usize);

impl Pick<'_> {
    /// A whole number from 0 below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.0)(n)
    }

    /// A length from 1 to 5.
    pub fn length(&mut self) -> usize {
        1 + self.below(5)
    }

    /// One of these.
    pub fn one_of<A: Copy>(&mut self, all: &[A]) -> A {
        all[self.below(all.len())]
    }

    /// A shape of rank 0 to 3.
    pub fn shape(&mut self) -> Shape {
        let rank = self.below(4);
        let dims: Vec<usize> = (0..rank).map(|_| self.length()).collect();
        Shape::new(&dims)
    }

    /// A shape of rank 1 to 3.
    pub fn shape_with_axes(&mut self) -> Shape {
        let rank = 1 + self.below(3);
        let dims: Vec<usize> = (0..rank).map(|_| self.length()).collect();
        Shape::new(&dims)
    }

    /// A shape that broadcasts to `shape`: some axes become 1, some leading axes go.
    pub fn broadcast_from(&mut self, shape: Shape) -> Shape {
        let skip = self.below(shape.rank() + 1);
        let dims: Vec<usize> =
            (skip..shape.rank()).map(|axis| if self.below(3) == 0 { 1 } else { shape.dim(axis) }).collect();
        Shape::new(&dims)
    }

    /// Two shapes that broadcast together.
    pub fn broadcast_pair(&mut self) -> [Shape; 2] {
        let shape = self.shape();
        match self.below(3) {
            0 => [shape, shape],
            1 => [shape, self.broadcast_from(shape)],
            _ => [self.broadcast_from(shape), shape],
        }
    }
}

impl std::fmt::Debug for Pick<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pick")
    }
}
