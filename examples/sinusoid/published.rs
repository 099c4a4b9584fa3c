//! The numbers of the papers: mean squared error and 95 % interval.

use crate::learner::{Family, Learner};
use crate::options::{Plan, Protocol};

/// A published number and whose it is.
#[derive(Clone, Copy)]
pub struct Published {
    pub method: &'static str,
    pub mse: f64,
    pub ci95: Option<f64>,
}

/// Meta-SGD (Li et al. 2017), table of sinusoid regression: rows by shots in training, columns by shots at test.
const META_SGD: [[(f64, f64); 3]; 3] = [
    [(0.90, 0.16), (0.63, 0.12), (0.50, 0.10)],
    [(0.88, 0.14), (0.53, 0.09), (0.35, 0.06)],
    [(1.01, 0.17), (0.54, 0.08), (0.31, 0.05)],
];

/// The row of MAML in the same table.
const MAML: [[(f64, f64); 3]; 3] = [
    [(1.13, 0.18), (0.85, 0.14), (0.71, 0.12)],
    [(1.17, 0.16), (0.77, 0.11), (0.56, 0.08)],
    [(1.29, 0.20), (0.76, 0.12), (0.48, 0.08)],
];

/// GAP (Kang et al. 2023), the best published at matched shots in this protocol; its number of inner steps is not told.
const GAP: [f64; 3] = [0.16, 0.04, 0.01];

/// MAML (Finn et al. 2017), 5 shots, after 1, 5 and 10 steps, in its own protocol.
const MAML_OWN: [(usize, f64); 3] = [(1, 0.67), (5, 0.38), (10, 0.35)];

const SHOTS: [usize; 3] = [5, 10, 20];

/// What the papers report for this cell, or for the best method known where they report no more than that.
pub fn of(
    plan: &Plan,
    learner: Learner,
    train_shots: usize,
    test_shots: usize,
    steps: usize,
) -> Option<Published> {
    let place = |shots| SHOTS.iter().position(|&listed| listed == shots);
    match plan.protocol {
        Protocol::Maml => {
            let (_, mse) = MAML_OWN.iter().find(|(listed, _)| *listed == steps)?;
            (test_shots == 5).then_some(Published { method: "MAML", mse: *mse, ci95: None })
        }
        Protocol::MetaSgd if plan.steps == 1 => {
            let (method, table) = match learner.family() {
                Family::Maml => ("MAML", MAML),
                Family::MetaSgd => ("Meta-SGD", META_SGD),
                Family::MetaLstm => return None,
            };
            let (mse, ci95) = table[place(train_shots)?][place(test_shots)?];
            Some(Published { method, mse, ci95: Some(ci95) })
        }
        Protocol::MetaSgd => {
            let mse = GAP[place(test_shots)?];
            (train_shots == test_shots).then_some(Published { method: "GAP", mse, ci95: None })
        }
    }
}
