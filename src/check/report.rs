//! What a check has to say.

use std::fmt;

use super::{CANCELLATION, EXACT, FLOOR, SAFETY, USEFUL};
use crate::check::Estimate;

/// What was held against what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// The same program on the same inputs gives the same bits.
    Determinism,
    /// Values and derivatives are finite.
    Finiteness,
    /// Differences settle as their step shrinks.
    Convergence,
    /// The vjp against differences of the value.
    ReverseAgainstDifferences,
    /// The jvp against differences of the value.
    ForwardAgainstDifferences,
    /// `<dy, ybar> = <dx, xbar>`: the jvp and the vjp are each other's transposes.
    InnerProduct,
    /// The Hessian-vector product, forward over reverse, against differences of the exact gradient.
    HessianAgainstDifferences,
    /// `H v` forward over reverse against reverse over reverse.
    ReverseOverReverse,
    /// `H v` forward over reverse against reverse over forward.
    ReverseOverForward,
    /// `<u, H v>` forward over reverse against forward over forward.
    ForwardOverForward,
    /// `<u, H v> = <v, H u>`.
    Symmetry,
    /// A gradient from outside against differences of its value.
    GradientAgainstDifferences,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Identity::Determinism => "two runs of the same program",
            Identity::Finiteness => "finite values",
            Identity::Convergence => "convergence of the differences",
            Identity::ReverseAgainstDifferences => "reverse mode against differences",
            Identity::ForwardAgainstDifferences => "forward mode against differences",
            Identity::InnerProduct => "<dy, ybar> = <dx, xbar>",
            Identity::HessianAgainstDifferences => "Hv against differences of the exact gradient",
            Identity::ReverseOverReverse => "Hv reverse over reverse against forward over reverse",
            Identity::ReverseOverForward => "Hv reverse over forward against forward over reverse",
            Identity::ForwardOverForward => "u.Hv forward over forward against forward over reverse",
            Identity::Symmetry => "u.Hv = v.Hu",
            Identity::GradientAgainstDifferences => "the gradient against differences of the value",
        })
    }
}

/// Where two numbers were compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// One number of one input.
    Coordinate {
        /// The input's name.
        input: String,
        /// The number's place in row-major order.
        index: usize,
    },
    /// One number of the program's output, at this place in row-major order.
    Output(usize),
    /// A random direction through all inputs, by number.
    Direction(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Coordinate { input, index } => write!(f, "{input}[{index}]"),
            Place::Output(index) => write!(f, "output[{index}]"),
            Place::Direction(number) => write!(f, "random direction {number}"),
        }
    }
}

/// Two numbers that should be equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Which two.
    pub identity: Identity,
    /// Where.
    pub place: Place,
    /// What the differences, or the other way to compute it, say.
    pub expected: f64,
    /// What the derivative under test says.
    pub got: f64,
    /// How far apart they may be.
    pub allowed: f64,
}

impl Comparison {
    /// How far apart the two are.
    pub fn error(&self) -> f64 {
        (self.expected - self.got).abs()
    }

    /// What share of the allowed it is.
    fn used(&self) -> f64 {
        self.error() / self.allowed.max(f64::MIN_POSITIVE)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {}: expected {:?}, got {:?} (apart {:.1e}, allowed {:.1e})",
            self.identity,
            self.place,
            self.expected,
            self.got,
            self.error(),
            self.allowed
        )
    }
}

/// What a check that passed has compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// How many pairs of numbers.
    pub comparisons: usize,
    /// The pair that used up most of what it was allowed.
    pub worst: Option<Comparison>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} comparisons hold", self.comparisons)?;
        match &self.worst {
            Some(worst) => write!(f, "; the closest call: {worst}"),
            None => Ok(()),
        }
    }
}

impl Report {
    /// Both reports as one.
    pub(super) fn and(self, other: Report) -> Report {
        let comparisons = self.comparisons + other.comparisons;
        let worst = self.worst.into_iter().chain(other.worst).max_by(|a, b| a.used().total_cmp(&b.used()));
        Report { comparisons, worst }
    }

    /// Holds two numbers against each other that may be `allowed` apart.
    pub(super) fn compare(&mut self, comparison: Comparison) -> Result<(), Failure> {
        self.comparisons += 1;
        // A NaN must not count as close.
        if comparison.error() <= comparison.allowed {
            if self.worst.as_ref().is_none_or(|worst| worst.used() < comparison.used()) {
                self.worst = Some(comparison);
            }
            return Ok(());
        }
        Err(Failure { comparison, op: None })
    }

    /// Holds a derivative against a difference quotient. `magnitude` is that of the largest derivatives around: an error
    /// estimate that is not small against it decides nothing.
    pub(super) fn against_differences(
        &mut self,
        identity: Identity,
        place: Place,
        estimate: Estimate,
        got: f64,
        magnitude: f64,
    ) -> Result<(), Failure> {
        let expected = estimate.value;
        let error = SAFETY * estimate.error;
        let own = expected.abs().max(got.abs());
        if error.is_nan() || error > USEFUL * own.max(magnitude) {
            let allowed = USEFUL * own.max(magnitude);
            let comparison = Comparison { identity: Identity::Convergence, place, expected, got, allowed };
            return Err(Failure { comparison, op: None });
        }
        let allowed = error.max(FLOOR * own).max(CANCELLATION * magnitude);
        self.compare(Comparison { identity, place, expected, got, allowed })
    }

    /// Holds two exact ways to the same number against each other. `terms` is the sum of the magnitudes of what they add up,
    /// `magnitude` that of the largest derivatives around, of which the terms themselves may be what cancelled.
    pub(super) fn exact(
        &mut self,
        identity: Identity,
        place: Place,
        [expected, got]: [f64; 2],
        [terms, magnitude]: [f64; 2],
    ) -> Result<(), Failure> {
        let allowed = EXACT * terms + CANCELLATION * magnitude;
        self.compare(Comparison { identity, place, expected, got, allowed })
    }
}

/// An op whose own rules disagree with differences of its own values.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongOp {
    /// The op's name.
    pub name: &'static str,
    /// Its line in the tape's program.
    pub node: u32,
    /// By which of its inputs the derivative is wrong.
    pub input: usize,
    /// Whether the forward rule (`jvp`) or the reverse rule (`vjp`) is wrong; the forward rule is looked at first.
    pub rule: &'static str,
    /// What differences of its values say along a random direction.
    pub expected: f64,
    /// What its rule says.
    pub got: f64,
}

impl fmt::Display for WrongOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrongOp { name, node, input, rule, expected, got } = self;
        write!(
            f,
            "{name} (line {node} of the tape): its {rule} by input {input} gives {got:?} where {expected:?} is right"
        )
    }
}

/// A derivative that is wrong, or that cannot be checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The two numbers that should have been equal.
    pub comparison: Comparison,
    /// The first op on the tape whose own rules disagree with differences of its own values, if there is one.
    pub op: Option<Box<WrongOp>>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.comparison.fmt(f)?;
        match (&self.op, self.comparison.identity) {
            (Some(op), _) => write!(f, "; the first wrong op is {op}"),
            (None, Identity::Convergence) => {
                f.write_str("; is there a kink, a jump or noise within reach of the inputs?")
            }
            (None, _) => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}
