//! Derivatives by adaptive central differences, with an estimate of their error.

use super::USEFUL;
use super::subject::{dot, largest};

/// A derivative by differences, and how far it is likely to be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The derivative.
    pub value: f64,
    /// An estimate of its error, rounding included; infinite where nothing could be said.
    pub error: f64,
    /// Whether the slopes on either side seem to differ: their difference stays as steps shrink.
    pub bends: bool,
}

const UNKNOWN: Estimate = Estimate { value: f64::NAN, error: f64::INFINITY, bends: false };

/// The first step, each following one is half as long.
pub(super) const FIRST_STEP: f64 = 0.125;
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
    let here = f(0.0);
    let mut best: Vec<Estimate> = Vec::new();
    let mut rows: Vec<[f64; ORDERS]> = Vec::new();
    let mut bends = vec![f64::INFINITY; here.len()];
    let (mut filled, mut stale) = (0, 0);
    for step in 0..STEPS {
        let h = FIRST_STEP * 0.5f64.powi(step as i32);
        let (above, below) = (f(h), f(-h));
        best.resize(above.len(), UNKNOWN);
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
            let candidate = extrapolate(&mut rows[i], (above[i] - below[i]) / (2.0 * h), filled, 4.0);
            let error = candidate.error + rounding;
            // Between slopes that differ by h f'', half of it is left at half the step.
            let bend = ((above[i] - here[i]) - (here[i] - below[i])).abs() / h;
            if bend > 10.0 * rounding {
                best.bends = bend > (0.75 * bends[i]).max(USEFUL * scale);
            }
            bends[i] = bend;
            if error < best.error {
                *best = Estimate { error, bends: best.bends, ..candidate };
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

/// What a function comes to on one side of 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub(super) value: Estimate,
    pub(super) slope: Estimate,
}

/// Each component of `f` just below and just above 0, without a look at 0 itself, where it may belong to either side.
pub(super) fn sides(mut f: impl FnMut(f64) -> Vec<f64>) -> Vec<[Side; 2]> {
    let [below, above] = [-1.0, 1.0].map(|sign| side(|t| f(sign * t), sign));
    below.into_iter().zip(above).map(|(below, above)| [below, above]).collect()
}

/// Each component of `f` as its argument falls to 0, the slope times `sign`.
fn side(mut f: impl FnMut(f64) -> Vec<f64>, sign: f64) -> Vec<Side> {
    let mut last = f(FIRST_STEP);
    let mut limits = vec![[Limit::UNKNOWN; 2]; last.len()];
    for step in 1..STEPS {
        let h = FIRST_STEP * 0.5f64.powi(step as i32);
        let here = f(h);
        for (i, [value, slope]) in limits.iter_mut().enumerate() {
            let rounding = f64::EPSILON * last[i].abs().max(here[i].abs());
            value.take(here[i], rounding);
            slope.take(sign * (last[i] - here[i]) / h, rounding / h);
        }
        last = here;
    }
    limits.into_iter().map(|[value, slope]| Side { value: value.best, slope: slope.best }).collect()
}

/// A limit from one side, whose error falls with the step.
#[derive(Clone, Copy)]
struct Limit {
    row: [f64; ORDERS],
    filled: usize,
    /// How far apart the last two are.
    change: f64,
    best: Estimate,
}

impl Limit {
    const UNKNOWN: Limit = Limit { row: [0.0; ORDERS], filled: 0, change: f64::INFINITY, best: UNKNOWN };

    /// Takes in what is there at half the step.
    fn take(&mut self, next: f64, rounding: f64) {
        if self.filled > 0 {
            let (last, change) = (self.row[0], (next - self.row[0]).abs());
            let noticeable = USEFUL * next.abs().max(last.abs());
            if change > (2.0 * self.change + 4.0 * rounding).max(noticeable) {
                // Changes halve with the step: what was there before lies beyond another kink.
                *self = Limit::UNKNOWN;
            } else {
                self.change = change;
            }
        }
        self.filled += 1;
        let candidate = extrapolate(&mut self.row, next, self.filled, 2.0);
        let error = candidate.error + rounding;
        if error < self.best.error {
            self.best = Estimate { error, ..candidate };
        }
    }
}

/// Turns the extrapolations of the last step into those of this one, and gives the most credible of them. `ratio` is that
/// of the leading errors of two steps, and of the next ones to each of them.
fn extrapolate(row: &mut [f64; ORDERS], difference: f64, filled: usize, ratio: f64) -> Estimate {
    let before = std::mem::replace(&mut row[0], difference);
    let mut last_row = before;
    let mut best = Estimate { value: difference, ..UNKNOWN };
    for order in 1..filled.min(ORDERS) {
        let refined = row[order - 1] + (row[order - 1] - last_row) / (ratio.powi(order as i32) - 1.0);
        let error = (refined - row[order - 1]).abs().max((refined - last_row).abs());
        if error < best.error {
            best = Estimate { value: refined, error, ..UNKNOWN };
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
            let Estimate { value, error, .. } = derivative(f);
            let off = (value - expected).abs();
            assert!(off <= 4.0 * error, "{value} for {expected}: off by {off:e}, estimated {error:e}");
            assert!(off <= 1e-12 * (1.0 + expected.abs()), "{value} for {expected}: off by {off:e}");
        }
    }

    #[test]
    fn a_function_that_ends_nearby_is_followed_to_shorter_steps() {
        let Estimate { value, error, .. } = derivative(|t| (0.001 + t).sqrt());
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
            let Estimate { value, error, .. } = derivative(|t| (1e6 + (x + t).sin()) - 1e6);
            let off = (value - x.cos()).abs();
            assert!(off <= 4.0 * error && error < 1e-7, "at {x}: off by {off:e}, estimated {error:e}");
        }
    }

    #[test]
    fn the_sides_of_a_kink_and_of_a_jump_are_told_apart() {
        let functions = |t: f64| {
            let above = if t > 0.0 { 1.0 } else { 0.0 };
            vec![t.abs() + t.sin(), above, above * t * t, above * (3.0 * t).exp() - t]
        };
        let expected = [
            ([0.0, 0.0], [0.0, 2.0]),
            ([0.0, 1.0], [0.0, 0.0]),
            ([0.0, 0.0], [0.0, 0.0]),
            ([0.0, 1.0], [-1.0, 2.0]),
        ];
        for ([below, above], (values, slopes)) in sides(functions).into_iter().zip(expected) {
            for (side, (value, slope)) in [below, above].into_iter().zip(values.into_iter().zip(slopes)) {
                for (estimate, expected) in [(side.value, value), (side.slope, slope)] {
                    assert!((estimate.value - expected).abs() < 1e-8, "{side:?}: {expected}");
                    assert!(
                        (estimate.value - expected).abs() <= 4.0 * estimate.error + 1e-15,
                        "{side:?}: {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_kink_beside_the_point_is_not_taken_for_one_at_it() {
        for at in [0.05, -0.01, 1e-3, 1e-5] {
            let [below, above] = sides(|t| vec![if t > at { 3.0 * t + 1.0 } else { t * t - 2.0 }])[0];
            let expected = if at > 0.0 { [-2.0, 0.0] } else { [1.0, 3.0] };
            for side in [below, above] {
                let apart = [side.value.value - expected[0], side.slope.value - expected[1]];
                assert!(apart.iter().all(|apart| apart.abs() < 1e-7), "{at}: {side:?}");
            }
        }
    }

    #[test]
    fn a_kink_is_suspected_and_a_strong_curve_is_not() {
        let bends: Vec<bool> = derivatives(|t| {
            vec![t.abs(), t.max(0.0), t.sin() + 1e-3 * t.abs(), 100.0 * t * t, (5.0 * t).exp(), 3.0]
        })
        .into_iter()
        .map(|estimate| estimate.bends)
        .collect();
        assert_eq!(bends, [true, true, true, false, false, false]);
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
