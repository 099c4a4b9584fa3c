//! Outer learning rates over time.

/// The outer rate at each iteration: a rise from zero, then constant or a fall along a half cosine to zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// The highest rate.
    pub rate: f64,
    /// Over how many iterations the rate rises in equal steps.
    pub warm_up: usize,
    /// The iteration at which a half cosine reaches zero; `None` keeps the rate.
    pub cosine_end: Option<usize>,
}

impl Schedule {
    /// The same rate always.
    pub const fn constant(rate: f64) -> Self {
        Schedule { rate, warm_up: 0, cosine_end: None }
    }

    /// A fall along a half cosine from `rate` to zero at iteration `end`.
    pub const fn cosine(rate: f64, end: usize) -> Self {
        Schedule { rate, warm_up: 0, cosine_end: Some(end) }
    }

    /// The rate at `iteration`, counted from 0.
    ///
    /// ```
    /// use metatape::meta::Schedule;
    ///
    /// let schedule = Schedule { warm_up: 10, ..Schedule::cosine(0.1, 110) };
    /// assert_eq!(schedule.at(4), 0.05);
    /// assert_eq!(schedule.at(10), 0.1);
    /// assert!((schedule.at(60) - 0.05).abs() < 1e-12);
    /// ```
    pub fn at(&self, iteration: usize) -> f64 {
        if iteration < self.warm_up {
            return self.rate * (iteration + 1) as f64 / self.warm_up as f64;
        }
        let Some(end) = self.cosine_end else { return self.rate };
        let past = (iteration - self.warm_up) as f64 / end.saturating_sub(self.warm_up).max(1) as f64;
        self.rate * 0.5 * (1.0 + (std::f64::consts::PI * past.min(1.0)).cos())
    }
}
