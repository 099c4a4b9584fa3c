//! How the loss falls, step by step.

use crate::common::{Chart, Result, Session};
use crate::options::Plan;
use crate::score::Path;

/// The mean loss of every optimiser over the steps.
///
/// # Errors
/// The file cannot be written.
pub fn learning_curves(plan: &Plan, paths: &[Path], session: &Session) -> Result {
    let title = format!("Optimising {} unseen problems", plan.problems);
    let chart = Chart::new(title, "step", "mean loss").logarithmic();
    let chart = paths.iter().fold(chart, |chart, path| {
        let band = path.losses.iter().enumerate().map(|(step, [loss, ci95])| [step as f64, *loss, *ci95]);
        chart.band(path.name, band)
    });
    chart.save(session.file("losses.png"))
}
