//! What a checkpoint holds of all runs.

use std::fmt::Display;

use metatape::tensor::{Checkpoint, Tensor, Tensors};

use crate::common::{Result, Session};
use crate::run::Run;

/// Saves all runs after `iteration` iterations.
pub fn save(session: &mut Session, runs: &[Run], iteration: usize) -> Result {
    let mut groups: Vec<(String, Tensors)> = Vec::new();
    let mut numbers: Vec<(String, u64)> = vec![("iteration".to_owned(), iteration as u64)];
    for run in runs {
        let mut parts = run.training.parts();
        parts.push(("history", history(run)));
        groups.extend(parts.into_iter().map(|(part, tensors)| (format!("{}-{part}", run.name), tensors)));
        numbers.extend(SKIPS.map(|key| format!("{}-{key}", run.name)).into_iter().zip(run.training.skips()));
    }
    let groups: Vec<(&str, &Tensors)> =
        groups.iter().map(|(name, tensors)| (name.as_str(), tensors)).collect();
    let numbers: Vec<(&str, &dyn Display)> =
        numbers.iter().map(|(key, number)| (key.as_str(), number as &dyn Display)).collect();
    session.save(&groups, &numbers)
}

const SKIPS: [&str; 2] = ["skipped", "skipped-in-a-row"];

fn history(run: &Run) -> Tensors {
    let losses: Vec<f32> = run.history.iter().map(|loss| *loss as f32).collect();
    let mut history = Tensors::new();
    history.push("loss", Tensor::from_vec([losses.len()], losses));
    history
}

impl Run {
    /// Goes on from a checkpoint that [`save`] made.
    pub fn restore(&mut self, checkpoint: &Checkpoint<f32>) -> Result {
        let group = |part: &str| {
            let name = format!("{}-{part}", self.name);
            let found = checkpoint.groups().find(|(group, _)| *group == name);
            found.map(|(_, tensors)| tensors.clone()).ok_or(format!("the checkpoint lacks {name}"))
        };
        let names: Vec<&str> = self.training.parts().iter().map(|(part, _)| *part).collect();
        let parts = names.into_iter().map(|part| Ok((part, group(part)?))).collect::<Result<Vec<_>>>()?;
        let losses = group("history").unwrap_or_default();
        let number = |key: &str| -> Result<u64> { Ok(checkpoint.metadata(key)?.parse()?) };
        let [skipped, in_a_row] = SKIPS.map(|key| number(&format!("{}-{key}", self.name)));
        self.iteration = number("iteration")? as usize;
        self.history = losses.values().map(f64::from).collect();
        self.training.restore(&parts, self.iteration, [skipped?, in_a_row?]);
        Ok(())
    }
}
