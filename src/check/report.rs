//! What a check has to say.

use std::fmt;

use super::differences::{Estimate, Side};
use super::{CANCELLATION, EXACT, FLOOR, ROUNDING, SAFETY, USEFUL};

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

    /// Whether they are as close as they may be; a NaN is not.
    fn holds(&self) -> bool {
        self.error() <= self.allowed
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

/// A place at which there is a derivative on either side, and not the same: of relu at 0, say. What the program chose there
/// can only be held against the two.
#[derive(Clone, Debug, PartialEq)]
pub struct Kink {
    /// What was to be held against what.
    pub identity: Identity,
    /// Where.
    pub place: Place,
    /// What is differentiated, just below and just above. A gradient may jump, a value may not.
    pub values: [f64; 2],
    /// Its derivatives there.
    pub slopes: [f64; 2],
    /// What the derivative under test says: none outside of the two is let pass.
    pub got: f64,
}

impl Kink {
    /// A kink, if both sides have settled and differ; a jump counts where `may_jump`.
    fn between(
        what: (Identity, Place),
        sides: [Side; 2],
        got: f64,
        magnitude: f64,
        may_jump: bool,
    ) -> Option<Kink> {
        let apart = |[below, above]: [Estimate; 2], scale: f64| {
            let error = SAFETY * (below.error + above.error);
            let close = USEFUL * scale.max(below.value.abs()).max(above.value.abs());
            (error <= close).then_some((below.value - above.value).abs() > error + close)
        };
        let (values, slopes) = (sides.map(|side| side.value), sides.map(|side| side.slope));
        let (jumps, bends) = (apart(values, magnitude)?, apart(slopes, magnitude)?);
        let [values, slopes] = [values, slopes].map(|both| both.map(|estimate| estimate.value));
        let (identity, place) = what;
        let is_kink = if may_jump { jumps || bends } else { !jumps && bends };
        is_kink.then_some(Kink { identity, place, values, slopes, got })
    }

    /// The number between the two derivatives that is nearest to the one under test.
    fn nearest(&self) -> f64 {
        let [below, above] = self.slopes;
        self.got.clamp(below.min(above), below.max(above))
    }
}

impl fmt::Display for Kink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kink { identity, place, values: [below, above], slopes: [left, right], got } = self;
        write!(f, "a kink at {place} ({identity}): slopes {left:?} and {right:?}, got {got:?}")?;
        if below == above { Ok(()) } else { write!(f, "; the gradient comes to {below:?} and {above:?}") }
    }
}

/// What a check that passed has compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// How many pairs of numbers.
    pub comparisons: usize,
    /// The pair that used up most of what it was allowed.
    pub worst: Option<Comparison>,
    /// Where differences have two limits: there the check has shown no more than what [`Kink`] says.
    pub kinks: Vec<Kink>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} comparisons hold", self.comparisons)?;
        if let Some(worst) = &self.worst {
            write!(f, "; the closest call: {worst}")?;
        }
        self.kinks.iter().try_for_each(|kink| write!(f, "; {kink}"))
    }
}

impl Report {
    /// Both reports as one.
    pub(super) fn and(self, other: Report) -> Report {
        let comparisons = self.comparisons + other.comparisons;
        let worst = self.worst.into_iter().chain(other.worst).max_by(|a, b| a.used().total_cmp(&b.used()));
        let kinks = self.kinks.into_iter().chain(other.kinks).collect();
        Report { comparisons, worst, kinks }
    }

    /// Holds two numbers against each other that may be `allowed` apart.
    pub(super) fn compare(&mut self, comparison: Comparison) -> Result<(), Failure> {
        self.comparisons += 1;
        if comparison.holds() {
            if self.worst.as_ref().is_none_or(|worst| worst.used() < comparison.used()) {
                self.worst = Some(comparison);
            }
            return Ok(());
        }
        Err(Failure { comparison, op: None })
    }

    /// Holds a derivative against a difference quotient. `magnitude` is that of the largest derivatives around: an error
    /// estimate that is not small against it decides nothing. `passing` is that of the largest numbers on the way, whose
    /// rounding may be all that is left. Where the quotient is in doubt, the two `sides` are looked at.
    pub(super) fn against_differences(
        &mut self,
        (identity, place): (Identity, Place),
        estimate: Estimate,
        got: f64,
        [magnitude, passing]: [f64; 2],
        sides: impl FnOnce() -> [Side; 2],
    ) -> Result<(), Failure> {
        let expected = estimate.value;
        let error = SAFETY * estimate.error;
        let own = expected.abs().max(got.abs());
        let rounding = ROUNDING * passing;
        let useful = rounding.max(USEFUL * own.max(magnitude));
        let is_settled = error <= useful;
        let floor = (FLOOR * own).max(CANCELLATION * magnitude).max(rounding);
        let comparison = match is_settled {
            true => Comparison { identity, place, expected, got, allowed: error.max(floor) },
            false => Comparison { identity: Identity::Convergence, place, expected, got, allowed: useful },
        };
        if is_settled && comparison.holds() && !estimate.bends {
            return self.compare(comparison);
        }
        let may_jump = identity == Identity::HessianAgainstDifferences;
        let sides = sides();
        if let Some(kink) =
            Kink::between((identity, comparison.place.clone()), sides, got, magnitude, may_jump)
        {
            let expected = kink.nearest();
            self.compare(Comparison { identity, expected, allowed: useful, ..comparison })?;
            self.kinks.push(kink);
            return Ok(());
        }
        if is_settled && comparison.holds() {
            return self.compare(comparison);
        }
        // Steps may have stopped short of a kink beside the point; the sides go closer.
        let (values, slopes) = (sides.map(|side| side.value), sides.map(|side| side.slope));
        let jump = (values[0].value - values[1].value).abs() - SAFETY * (values[0].error + values[1].error);
        let error = SAFETY * (slopes[0].error + slopes[1].error);
        if error <= useful && jump <= useful {
            let expected = 0.5 * (slopes[0].value + slopes[1].value);
            let allowed = error.max(floor);
            return self.compare(Comparison { identity, expected, allowed, ..comparison });
        }
        match is_settled {
            true => self.compare(comparison),
            false => Err(Failure { comparison, op: None }),
        }
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
                f.write_str("; is there a jump or noise within reach of the inputs?")
            }
            (None, _) => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}
