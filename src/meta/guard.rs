//! A meta-gradient that is not finite is never applied.

use std::fmt;

use crate::tape::Anomaly;

/// Counts the meta-gradients that were skipped because they were not finite, and gives up when that persists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// How many have been skipped in all.
    pub skipped: u64,
    /// How many have been skipped since the last good one.
    pub in_a_row: u64,
    /// How many in a row are an error.
    pub limit: u64,
}

impl Guard {
    /// A guard that gives up after `limit` in a row.
    pub const fn new(limit: u64) -> Self {
        Guard { skipped: 0, in_a_row: 0, limit }
    }

    /// Whether a meta-gradient may be applied.
    ///
    /// # Errors
    /// It is not finite, and neither were the `limit - 1` before it.
    pub fn admit(&mut self, iteration: usize, finite: bool) -> Result<bool, GuardError> {
        if finite {
            self.in_a_row = 0;
            return Ok(true);
        }
        self.skipped += 1;
        self.in_a_row += 1;
        if self.in_a_row >= self.limit {
            Err(GuardError { iteration, in_a_row: self.in_a_row, anomaly: None })
        } else {
            Ok(false)
        }
    }
}

impl Default for Guard {
    /// Gives up after 100 in a row.
    fn default() -> Self {
        Guard::new(100)
    }
}

/// The meta-gradient has not been finite for too long.
#[derive(Clone, Debug, PartialEq)]
pub struct GuardError {
    /// The iteration, counted from 0, at which training gave up.
    pub iteration: usize,
    /// How many in a row were not finite.
    pub in_a_row: u64,
    /// Where the last of them comes from, if that is known.
    pub anomaly: Option<Box<Anomaly>>,
}

impl GuardError {
    /// The same, and where the last meta-gradient comes from.
    pub(super) fn because(self, anomaly: Option<Anomaly>) -> Self {
        GuardError { anomaly: anomaly.map(Box::new), ..self }
    }
}

impl fmt::Display for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "iteration {}: the last {} meta-gradients were infinite or not a number",
            self.iteration, self.in_a_row
        )?;
        match &self.anomaly {
            Some(anomaly) => write!(f, "; first, {anomaly}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for GuardError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_counted_and_is_an_error_only_when_it_persists() {
        let mut guard = Guard::new(3);
        let finite = [false, false, true, false, false];
        let admitted: Vec<_> = (0..).zip(finite).map(|(at, finite)| guard.admit(at, finite)).collect();
        assert_eq!(admitted, finite.map(Ok));
        assert_eq!((guard.skipped, guard.in_a_row), (4, 2));
        assert_eq!(guard.admit(5, false), Err(GuardError { iteration: 5, in_a_row: 3, anomaly: None }));
    }
}
