//! The program under check, as a function of a flat list of numbers.

use std::cell::RefCell;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::{Comparison, Failure, Identity, Place};
use crate::calculus::{jvp, vjp};
use crate::tape::{Differentiable, Extent, Language, Tape, Var, Vars};
use crate::tensor::Tensors;

/// Along what a derivative is checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// With at most so many numbers, along each of them alone.
    pub(super) all_below: usize,
    /// With more, along so many of them, drawn at random.
    pub(super) coordinates: usize,
    /// And along so many random directions.
    pub(super) directions: usize,
}

impl Plan {
    /// What users get.
    pub(super) const THOROUGH: Plan = Plan { all_below: 32, coordinates: 8, directions: 4 };
    /// Enough where thousands of programs are checked.
    pub(super) const QUICK: Plan = Plan { all_below: 0, coordinates: 0, directions: 1 };
}

/// A direction through all inputs, and its name.
pub(super) struct Direction {
    pub(super) place: Place,
    pub(super) step: Vec<f64>,
}

/// The directions of a plan at the point `x`, whose numbers are named by `name`. A step of 1 along one of them changes
/// each number by no more than the larger of 1 and its own magnitude.
pub(super) fn directions(plan: Plan, x: &[f64], name: impl Fn(usize) -> Place) -> Vec<Direction> {
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(1);
    let scale = |i: usize| x[i].abs().max(1.0);
    let coordinates: Vec<usize> = match x.len() <= plan.all_below {
        true => (0..x.len()).collect(),
        false => (0..plan.coordinates).map(|_| rng.random_range(0..x.len())).collect(),
    };
    let mut all: Vec<Direction> = coordinates
        .into_iter()
        .map(|i| {
            let mut step = vec![0.0; x.len()];
            step[i] = scale(i);
            Direction { place: name(i), step }
        })
        .collect();
    for number in 0..plan.directions {
        let mut step = signs(x.len(), rng);
        let norm = dot(&step, &step).sqrt();
        step.iter_mut().enumerate().for_each(|(i, step)| *step *= scale(i) / norm);
        all.push(Direction { place: Place::Direction(number), step });
    }
    all
}

/// Random numbers between 1/2 and 1 of either sign: none of them hides what it is multiplied by.
pub(super) fn signs(len: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f64> {
    (0..len).map(|_| rng.random_range(0.5..1.0) * if rng.random() { 1.0 } else { -1.0 }).collect()
}

/// `x + t v`.
pub(super) fn along(x: &[f64], t: f64, v: &[f64]) -> Vec<f64> {
    x.iter().zip(v).map(|(x, v)| x + t * v).collect()
}

/// `sum_i x_i y_i`.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "an inner product of two lengths");
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// `sum_i |x_i y_i|`.
pub(super) fn dot_of_magnitudes(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x * y).abs()).sum()
}

/// The largest magnitude.
pub(super) fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |most: f64, x| most.max(x.abs()))
}

/// The largest magnitude of all numbers on a tape.
pub(super) fn largest_on<O: Language>(tape: &Tape<f64, O>) -> f64 {
    (0..tape.len() as u32).map(|id| Var::at(tape, id).read(largest)).fold(0.0, f64::max)
}

/// Reads all floats of a list, variable after variable.
pub(super) fn read_all<O: Language>(list: Vars<'_, f64, O>) -> Vec<f64> {
    let mut all = Vec::new();
    list.iter().for_each(|var| var.read(|values| all.extend_from_slice(values)));
    all
}

/// A program with its inputs, and the random cotangent that its output is projected on: the scalar function
/// `<cotangent, program(x)>`.
pub(super) struct Subject<'a, O, F> {
    program: &'a F,
    inputs: &'a Tensors<f64>,
    tape: RefCell<Tape<f64, O>>,
    pub(super) x: Vec<f64>,
    pub(super) output: Vec<f64>,
    pub(super) cotangent: Vec<f64>,
}

impl<'a, O, F> Subject<'a, O, F>
where
    O: Differentiable,
    F: for<'t> Fn(Vars<'t, f64, O>) -> Var<'t, f64, O>,
{
    /// Runs the program twice.
    ///
    /// # Errors
    /// The two runs differ, or the output is not finite.
    pub(super) fn new(program: &'a F, inputs: &'a Tensors<f64>) -> Result<Self, Failure> {
        let x: Vec<f64> = inputs.values().collect();
        let tape = RefCell::new(Tape::new());
        let mut subject = Subject { program, inputs, tape, x, output: Vec::new(), cotangent: Vec::new() };
        subject.output = subject.value(&subject.x);
        let again = subject.value(&subject.x);
        let pairs = subject.output.iter().zip(&again).enumerate();
        for (i, (&expected, &got)) in pairs {
            let fail = |identity| {
                let comparison =
                    Comparison { identity, place: Place::Output(i), expected, got, allowed: 0.0 };
                Err(Failure { comparison, op: None })
            };
            if expected.to_bits() != got.to_bits() {
                return fail(Identity::Determinism);
            }
            if !expected.is_finite() {
                return fail(Identity::Finiteness);
            }
        }
        subject.cotangent = signs(subject.output.len(), &mut Xoshiro256PlusPlus::seed_from_u64(0));
        Ok(subject)
    }

    /// Which number of which input number `i` is.
    pub(super) fn place(&self, i: usize) -> Place {
        let mut index = i;
        for (name, tensor) in self.inputs.iter() {
            if index < tensor.values().len() {
                return Place::Coordinate { input: name.to_owned(), index };
            }
            index -= tensor.values().len();
        }
        unreachable!("number {i} of {}", self.x.len())
    }

    /// The directions of a plan.
    pub(super) fn directions(&self, plan: Plan) -> Vec<Direction> {
        directions(plan, &self.x, |i| self.place(i))
    }

    /// Records the program at `at` on a cleared tape and looks at it.
    pub(super) fn with_program<R>(
        &self,
        at: &[f64],
        look: impl for<'t> FnOnce(Vars<'t, f64, O>, Var<'t, f64, O>) -> R,
    ) -> R {
        let mut tape = self.tape.borrow_mut();
        tape.clear();
        let x = self.put(&tape, at);
        look(x, (self.program)(x))
    }

    /// A flat list of numbers as variables shaped like the inputs.
    pub(super) fn put<'t>(&self, tape: &'t Tape<f64, O>, numbers: &[f64]) -> Vars<'t, f64, O> {
        let mut start = 0;
        Vars::from_fn(tape, self.inputs.len(), |i| {
            let shape = self.inputs.tensors()[i].shape();
            let part = &numbers[start..start + shape.len()];
            start += shape.len();
            tape.leaf(Extent::shared(shape), |out| out.copy_from_slice(part))
        })
    }

    /// The cotangent as a variable.
    pub(super) fn put_cotangent<'t>(&self, y: Var<'t, f64, O>) -> Var<'t, f64, O> {
        y.tape().leaf(y.extent(), |out| out.copy_from_slice(&self.cotangent))
    }

    /// The output at `at`.
    pub(super) fn value(&self, at: &[f64]) -> Vec<f64> {
        self.with_program(at, |_, y| y.read(<[f64]>::to_vec))
    }

    /// `<cotangent, program(at)>`.
    pub(super) fn projected(&self, at: &[f64]) -> f64 {
        dot(&self.value(at), &self.cotangent)
    }

    /// The gradient of [`Subject::projected`] by reverse mode.
    pub(super) fn gradient(&self, at: &[f64]) -> Vec<f64> {
        self.with_program(at, |x, y| read_all(vjp(&y, &x, &self.put_cotangent(y))))
    }

    /// The output's tangent for the direction `step`, by forward mode.
    pub(super) fn tangent(&self, step: &[f64]) -> Vec<f64> {
        self.with_program(&self.x, |x, y| {
            let tangent = jvp(&y, &x, &self.put(y.tape(), step));
            assert_eq!(tangent.extent(), y.extent(), "the jvp of an output has the output's extent");
            tangent.read(<[f64]>::to_vec)
        })
    }
}
