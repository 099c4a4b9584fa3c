//! The first value on a tape that is not finite, and where it came from.

use std::fmt;
use std::panic::Location;

use super::Extent;
use crate::simd::Float;

/// The first infinity or NaN on a [watched](super::Tape::watched) tape.
///
/// A derivative is named by what was differentiated: `op` and `place` are those of the user's own program, `order` says
/// how often it was differentiated, and `computed_by` is the line of its derivative rule that gave the number.
#[derive(Clone, Debug, PartialEq)]
pub struct Anomaly {
    /// The op of the program, or `None` for a value from outside.
    pub op: Option<&'static str>,
    /// Where the program recorded it.
    pub place: &'static Location<'static>,
    /// 0 where the op's value is not finite, 1 where its first derivative is not, 2 where its second is not.
    pub order: u8,
    /// The op that computed the number: `op` itself, or one that its derivative rule is made of.
    pub computed_by: Option<&'static str>,
    /// The line of the tape's program.
    pub line: u32,
    /// Which number of the result is the first that is not finite, in row-major order, episode after episode.
    pub index: usize,
    /// That number.
    pub value: f64,
    /// What went in.
    pub inputs: Vec<Ingoing>,
}

/// What went into the op that gave the first number that is not finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Ingoing {
    /// How large it is.
    pub extent: Extent,
    /// Its least and its largest number; `None` where it has none.
    pub range: Option<[f64; 2]>,
    /// Its number at the same place as the result's, where both are equally large.
    pub here: Option<f64>,
}

impl Ingoing {
    fn new<T: Float>(values: &[T], extent: Extent, (index, result): (usize, Extent)) -> Self {
        let bounds = values.iter().map(|x| x.to_f64());
        let range = bounds.fold(None, |range: Option<[f64; 2]>, x| match range {
            None => Some([x, x]),
            Some([least, most]) => Some([x.min(least), x.max(most)]),
        });
        let here = (extent == result).then(|| values[index].to_f64());
        Ingoing { extent, range, here }
    }
}

impl fmt::Display for Ingoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ingoing { here: Some(x), extent, range: Some([least, most]) } if extent.len() > 1 => {
                write!(f, "{x:?} (of {extent} in [{least:?}, {most:?}])")
            }
            Ingoing { here: Some(x), .. } => write!(f, "{x:?}"),
            Ingoing { extent, range: Some([least, most]), .. } => {
                write!(f, "{extent} in [{least:?}, {most:?}]")
            }
            Ingoing { extent, .. } => write!(f, "{extent}"),
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Anomaly { op, place, order, computed_by, index, value, inputs, .. } = self;
        match order {
            0 => f.write_str("the value")?,
            1 => f.write_str("the first derivative")?,
            2 => f.write_str("the second derivative")?,
            order => write!(f, "the derivative of order {order}")?,
        }
        write!(f, " of {} at {place} is {value:?} at [{index}]", op.unwrap_or("a value from outside"))?;
        if let (Some(by), true) = (computed_by, !inputs.is_empty()) {
            let inputs: Vec<String> = inputs.iter().map(Ingoing::to_string).collect();
            write!(f, ": {by} of {}", inputs.join(" and "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Anomaly {}

/// Where a line of the program comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    op: Option<&'static str>,
    place: &'static Location<'static>,
    order: u8,
}

/// What a watched tape keeps beside its program.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// One a line.
    pub(super) origins: Vec<Origin>,
    pub(super) first: Option<Anomaly>,
}

/// A line that has just been computed.
pub(super) struct Line<'a, T> {
    pub(super) op: Option<&'static str>,
    pub(super) place: &'static Location<'static>,
    /// The line whose derivative this is a part of.
    pub(super) differentiated: Option<u32>,
    /// The lines that it reads.
    pub(super) reads: &'a [u32],
    pub(super) extent: Extent,
    pub(super) values: &'a [T],
}

impl Watch {
    /// Notes where a line comes from, and whether its values are the first that are not finite.
    pub(super) fn look<'a, T: Float>(
        &mut self,
        line: &Line<'_, T>,
        inputs: impl Iterator<Item = (&'a [T], Extent)>,
    ) {
        let Line { op, place, differentiated, reads, extent, values } = *line;
        let origin = match differentiated {
            None => Origin { op, place, order: 0 },
            Some(of) => {
                let of = self.origins[of as usize];
                // A cotangent may itself be a derivative of a derivative.
                let read = reads.iter().map(|&id| self.origins[id as usize].order).max().unwrap_or(0);
                Origin { order: of.order.saturating_add(1).max(read), ..of }
            }
        };
        self.origins.push(origin);
        if self.first.is_some() {
            return;
        }
        let Some(index) = values.iter().position(|x| !x.to_f64().is_finite()) else { return };
        self.first = Some(Anomaly {
            op: origin.op,
            place: origin.place,
            order: origin.order,
            computed_by: op,
            line: self.origins.len() as u32 - 1,
            index,
            value: values[index].to_f64(),
            inputs: inputs.map(|(values, own)| Ingoing::new(values, own, (index, extent))).collect(),
        });
    }
}
