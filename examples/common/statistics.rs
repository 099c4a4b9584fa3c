//! Means and how sure they are.

/// The mean of `values`, and half the width of its 95 % interval, 1.96 s / sqrt(n).
pub fn mean_and_ci95(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, 1.96 * (variance / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_sample() {
        let (mean, ci95) = mean_and_ci95([1.0, 2.0, 3.0, 6.0].into_iter());
        assert_eq!(mean, 3.0);
        // The sum of squares is 14 and the sample's variance a third of it.
        assert!((ci95 - 1.96 * (14.0_f64 / 12.0).sqrt()).abs() < 1e-15);
    }
}
