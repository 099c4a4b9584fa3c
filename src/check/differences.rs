//! Derivatives by adaptive central differences, with an estimate of their error.

use super::subject::{dot, largest};

/// A derivative by differences, and how far it is likely to be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The derivative.
    pub value: f64,
    /// An estimate of its error, rounding included; infinite where nothing could be said.
    pub error: f64,
}

/// The first step, each following one is half as long.
const FIRST_STEP: f64 = 0.125;
/// The most steps: the shortest is `FIRST_STEP / 2^23`.
const STEPS: usize = 24;
/// How often a central difference is extrapolated to step 0: the error falls as the 12th power of the step.
const ORDERS: usize = 6;
/// Steps so short that nothing but rounding shows in fourth differences.
const CLOSE: f64 = 1e-7;
/// How many shorter steps without any gain show that rounding has taken over,
const PATIENCE: usize = 3;
/// if the error has come down to this, relative to the derivative or the function; else a kink may still be within reach.
const SETTLED: f64 = 1e-7;

/// `f'(0)` by central differences over steps that are halved again and again, each row extrapolated to step zero
/// (Richardson), the entry with the least estimated error taken (Ridders 1982, "Accurate computation of F'(x) and
/// F'(x) F''(x)").
///
/// The rounding errors of `f` itself are measured, by fourth differences over close points (compare Moré and Wild 2011,
/// "Estimating computational noise"), and count for the estimate: what cancels within `f` shows there.
///
/// `f` should vary on a scale of about 1, or less: steps go from 1/8 down to where rounding takes over. Steps at which `f`
/// is not finite are left out, so `f` may end near 0.
///
/// ```
/// let estimate = metatape::check::derivative(|t| (0.3 + t).ln());
/// assert!((estimate.value - 1.0 / 0.3).abs() < 1e-11);
/// assert!(estimate.error < 1e-10);
/// ```
pub fn derivative(mut f: impl FnMut(f64) -> f64) -> Estimate {
    derivatives(|t| vec![f(t)])[0]
}

/// [`derivative`] of each component of `f`.
pub(super) fn derivatives(mut f: impl FnMut(f64) -> Vec<f64>) -> Vec<Estimate> {
    let noise = noise(&mut f);
    let mut best: Vec<Estimate> = Vec::new();
    let mut rows: Vec<[f64; ORDERS]> = Vec::new();
    let (mut filled, mut stale) = (0, 0);
    for step in 0..STEPS {
        let h = FIRST_STEP * 0.5f64.powi(step as i32);
        let (above, below) = (f(h), f(-h));
        best.resize(above.len(), Estimate { value: f64::NAN, error: f64::INFINITY });
        rows.resize(above.len(), [0.0; ORDERS]);
        if above.iter().chain(&below).any(|y| !y.is_finite()) {
            filled = 0;
            continue;
        }
        filled += 1;
        stale += 1;
        let scale = largest(&above).max(largest(&below));
        for (i, best) in best.iter_mut().enumerate() {
            let rounding = (f64::EPSILON * above[i].abs().max(below[i].abs()) + 2.0 * noise[i]) / h;
            let candidate = extrapolate(&mut rows[i], (above[i] - below[i]) / (2.0 * h), filled);
            let error = candidate.error + rounding;
            if error < best.error {
                *best = Estimate { error, ..candidate };
                stale = 0;
            }
        }
        let settled = best.iter().all(|best| best.error <= SETTLED * best.value.abs().max(scale));
        if stale >= PATIENCE && settled {
            break;
        }
    }
    best
}

/// The standard deviation of the rounding errors of each component of `f` around 0; 0 where `f` is not finite.
///
/// From fourth divided differences, which see nothing of a function as smooth as a cubic. The points are spaced unevenly:
/// even steps could be multiples of the spacing of floats, and hide what rounding does.
fn noise(f: &mut impl FnMut(f64) -> Vec<f64>) -> Vec<f64> {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let at: Vec<f64> =
        (-4..=4).map(|k| CLOSE * (f64::from(k) + 0.5 * (f64::from(k) * GOLDEN).fract())).collect();
    let points: Vec<Vec<f64>> = at.iter().map(|&t| f(t)).collect();
    let mut variances = vec![0.0; points[0].len()];
    let windows = at.windows(5).zip(points.windows(5));
    let share = 1.0 / windows.len() as f64;
    for (at, points) in windows {
        let weight = |t: f64| -> f64 { at.iter().filter(|&&s| s != t).map(|s| CLOSE / (t - s)).product() };
        let weights: Vec<f64> = at.iter().map(|&t| weight(t)).collect();
        let gain = dot(&weights, &weights);
        for (i, variance) in variances.iter_mut().enumerate() {
            let difference: f64 = weights.iter().zip(points).map(|(w, y)| w * y[i]).sum();
            *variance += share * difference * difference / gain;
        }
    }
    variances.into_iter().map(|variance| if variance.is_finite() { variance.sqrt() } else { 0.0 }).collect()
}

/// Turns the extrapolations of the last step into those of this one, and gives the most credible of them.
fn extrapolate(row: &mut [f64; ORDERS], difference: f64, filled: usize) -> Estimate {
    let before = std::mem::replace(&mut row[0], difference);
    let mut last_row = before;
    let mut best = Estimate { value: difference, error: f64::INFINITY };
    for order in 1..filled.min(ORDERS) {
        let refined = row[order - 1] + (row[order - 1] - last_row) / (4f64.powi(order as i32) - 1.0);
        let error = (refined - row[order - 1]).abs().max((refined - last_row).abs());
        if error < best.error {
            best = Estimate { value: refined, error };
        }
        last_row = std::mem::replace(&mut row[order], refined);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function of a step, and its derivative at 0.
    type Case = (fn(f64) -> f64, f64);

    #[test]
    fn smooth_functions_are_good_to_a_trillionth_and_the_estimate_covers_the_error() {
        let cases: [Case; 6] = [
            (|t| (1.0 + t).exp(), 1f64.exp()),
            (|t| (0.5 + t).ln(), 2.0),
            (|t| (3.0 * t).sin(), 3.0),
            (|t| 7.0 - 2.0 * t, -2.0),
            (|_| 4.0, 0.0),
            (|t| 1.0 / (0.3 + t), -1.0 / 0.09),
        ];
        for (f, expected) in cases {
            let Estimate { value, error } = derivative(f);
            let off = (value - expected).abs();
            assert!(off <= 4.0 * error, "{value} for {expected}: off by {off:e}, estimated {error:e}");
            assert!(off <= 1e-12 * (1.0 + expected.abs()), "{value} for {expected}: off by {off:e}");
        }
    }

    #[test]
    fn a_function_that_ends_nearby_is_followed_to_shorter_steps() {
        let Estimate { value, error } = derivative(|t| (0.001 + t).sqrt());
        let expected = 0.5 / 0.001f64.sqrt();
        assert!(
            (value - expected).abs() < 1e-8 && error < 1e-7,
            "{value} for {expected}, estimated {error:e}"
        );
    }

    #[test]
    fn what_cancels_within_the_function_counts_for_the_estimate() {
        for seed in 0..50 {
            let x = 0.1 + 0.017 * f64::from(seed);
            let Estimate { value, error } = derivative(|t| (1e6 + (x + t).sin()) - 1e6);
            let off = (value - x.cos()).abs();
            assert!(off <= 4.0 * error && error < 1e-7, "at {x}: off by {off:e}, estimated {error:e}");
        }
    }

    #[test]
    fn a_jump_and_noise_are_noticed() {
        let jump = derivative(|t| if t > 0.0 { 1.0 } else { 0.0 });
        assert!(jump.error > 0.1 * jump.value.abs(), "{jump:?}");
        let mut state = 0.0;
        let noise = derivative(|t| {
            state = (state + 0.377) % 1.0;
            t + 1e-3 * state
        });
        assert!(noise.error > 1e-5, "{noise:?}");
    }
}
