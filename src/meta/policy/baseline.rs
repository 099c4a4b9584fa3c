//! What a state is worth, as far as a line can say it.

use crate::simd::Float;
use crate::tensor::Trajectories;

/// A linear function of features of what is seen and of time, fitted to returns: `[o, o^2, t/100, (t/100)^2, (t/100)^3, 1]` with
/// observations `o` cut to -10..10 (Duan et al. 2016, and MAML's released code).
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    weights: Vec<f64>,
}

/// Observations are cut to this magnitude.
const LARGEST: f64 = 10.0;
/// The unit of time.
const STEPS: f64 = 100.0;

impl Baseline {
    /// The weights that minimise `|features . w - targets|^2 + ridge |w|^2`, a target for each step of the trajectories. Where
    /// that has no sound solution, ten times the ridge is tried, and so on; where no ridge helps, because a target or a sum of
    /// them is not finite, all weights are 0.
    ///
    /// # Panics
    /// There are not as many targets as steps.
    #[track_caller]
    pub fn fit<T: Float>(trajectories: &Trajectories<T>, targets: &[f64], ridge: f64) -> Self {
        let steps = trajectories.rewards.len();
        assert!(targets.len() == steps, "Baseline::fit: {} targets for {steps} steps", targets.len());
        let rows = features(trajectories);
        let size = rows.first().map_or(0, Vec::len);
        let (mut normal, mut right) = (vec![0.0; size * size], vec![0.0; size]);
        for (row, target) in rows.iter().zip(targets) {
            for i in 0..size {
                right[i] += row[i] * target;
                for j in 0..size {
                    normal[i * size + j] += row[i] * row[j];
                }
            }
        }
        let mut ridge = ridge;
        while ridge.is_finite() {
            let mut matrix = normal.clone();
            (0..size).for_each(|i| matrix[i * size + i] += ridge);
            if let Some(weights) = solve(matrix, right.clone()) {
                return Baseline { weights };
            }
            ridge = (10.0 * ridge).max(f64::MIN_POSITIVE);
        }
        Baseline { weights: vec![0.0; size] }
    }

    /// What each step of the trajectories begins with is worth.
    pub fn values<T: Float>(&self, trajectories: &Trajectories<T>) -> Vec<f64> {
        let value = |row: Vec<f64>| row.iter().zip(&self.weights).map(|(x, w)| x * w).sum();
        features(trajectories).into_iter().map(value).collect()
    }
}

fn features<T: Float>(trajectories: &Trajectories<T>) -> Vec<Vec<f64>> {
    let width = trajectories.observations.shape().dim(1).max(1);
    let mut observations = trajectories.observations.values().chunks_exact(width);
    let times = trajectories.lengths.iter().flat_map(|length| 0..*length);
    times
        .map(|time| {
            let seen = observations.next().expect("an observation for each step");
            let cut: Vec<f64> = seen.iter().map(|x| x.to_f64().clamp(-LARGEST, LARGEST)).collect();
            let t = time as f64 / STEPS;
            let squares = cut.iter().map(|x| x * x);
            cut.iter().copied().chain(squares).chain([t, t * t, t * t * t, 1.0]).collect()
        })
        .collect()
}

/// Solves a symmetric positive definite system by Cholesky's decomposition; `None` where it is not, to the last bit.
fn solve(mut a: Vec<f64>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let size = b.len();
    for j in 0..size {
        for i in j..size {
            let known: f64 = (0..j).map(|k| a[i * size + k] * a[j * size + k]).sum();
            let left = a[i * size + j] - known;
            if i == j {
                if !(left > 0.0 && left.is_finite()) {
                    return None;
                }
                a[j * size + j] = left.sqrt();
            } else {
                a[i * size + j] = left / a[j * size + j];
            }
        }
    }
    for i in 0..size {
        let known: f64 = (0..i).map(|k| a[i * size + k] * b[k]).sum();
        b[i] = (b[i] - known) / a[i * size + i];
    }
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|k| a[k * size + i] * b[k]).sum();
        b[i] = (b[i] - known) / a[i * size + i];
    }
    b.iter().all(|x| x.is_finite()).then_some(b)
}
