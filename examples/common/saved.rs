//! What a checkpoint holds of several trainings.

use std::fmt::Display;

use metatape::tensor::{Checkpoint, Tensor, Tensors};

use super::{Result, Session, Train};

/// Groups of tensors and notes on their way into a checkpoint.
#[derive(Default)]
pub struct Saved {
    groups: Vec<(String, Tensors)>,
    notes: Vec<(String, String)>,
}

const SKIPS: [&str; 2] = ["skipped", "skipped-in-a-row"];

impl Saved {
    /// The state of all runs after so many iterations.
    pub fn after(iteration: usize) -> Self {
        Saved { groups: Vec::new(), notes: vec![("iteration".to_owned(), iteration.to_string())] }
    }

    /// Adds the training of the run called `run`; [`restore`] takes it back.
    pub fn training(&mut self, run: &str, training: &dyn Train) {
        for (part, tensors) in training.parts() {
            self.tensors(run, part, tensors);
        }
        self.skips(run, training.skips());
    }

    /// Adds a part of the run called `run`; [`group`] finds it.
    pub fn tensors(&mut self, run: &str, part: &str, tensors: Tensors) {
        self.groups.push((format!("{run}-{part}"), tensors));
    }

    /// Adds how many gradients were skipped in all, and since the last good one; [`skips`] finds them.
    pub fn skips(&mut self, run: &str, skips: [u64; 2]) {
        for (key, skips) in SKIPS.iter().zip(skips) {
            self.note(format!("{run}-{key}"), skips);
        }
    }

    /// Adds lists of numbers of a run, each by its name.
    pub fn numbers(&mut self, run: &str, part: &str, lists: &[(&str, &[f64])]) {
        let mut tensors = Tensors::new();
        for (name, numbers) in lists {
            let numbers: Vec<f32> = numbers.iter().map(|number| *number as f32).collect();
            tensors.push(*name, Tensor::from_vec([numbers.len()], numbers));
        }
        self.tensors(run, part, tensors);
    }

    /// Adds a note, which becomes metadata.
    pub fn note(&mut self, key: impl Into<String>, note: impl Display) {
        self.notes.push((key.into(), note.to_string()));
    }

    /// All notes so far.
    pub fn notes(&self) -> &[(String, String)] {
        &self.notes
    }

    /// Writes the checkpoint.
    pub fn write(&self, session: &mut Session) -> Result {
        let groups: Vec<(&str, &Tensors)> =
            self.groups.iter().map(|(name, tensors)| (name.as_str(), tensors)).collect();
        let notes: Vec<(&str, &dyn Display)> =
            self.notes.iter().map(|(key, note)| (key.as_str(), note as &dyn Display)).collect();
        session.save(&groups, &notes)
    }
}

/// Lets `training` go on as the run called `run`, which [`Saved::training`] saved; the iterations that are done.
pub fn restore(run: &str, training: &mut dyn Train, checkpoint: &Checkpoint) -> Result<usize> {
    let iteration = checkpoint.metadata("iteration")?.parse()?;
    training.restore(run, checkpoint, iteration, skips(run, checkpoint)?)?;
    Ok(iteration)
}

/// What [`Saved::skips`] saved.
pub fn skips(run: &str, checkpoint: &Checkpoint) -> Result<[u64; 2]> {
    let number = |key: &str| -> Result<u64> { Ok(checkpoint.metadata(&format!("{run}-{key}"))?.parse()?) };
    Ok([number(SKIPS[0])?, number(SKIPS[1])?])
}

/// The list of numbers that [`Saved::numbers`] saved; empty where nothing was.
pub fn numbers(checkpoint: &Checkpoint, run: &str, part: &str, name: &str) -> Vec<f64> {
    let found = group(checkpoint, run, part).ok().and_then(|tensors| tensors.get(name));
    found.map_or_else(Vec::new, |numbers| numbers.values().iter().copied().map(f64::from).collect())
}

/// A part of the run called `run`.
pub fn group<'a>(checkpoint: &'a Checkpoint, run: &str, part: &str) -> Result<&'a Tensors> {
    let name = format!("{run}-{part}");
    let found = checkpoint.groups().find(|(group, _)| *group == name);
    Ok(found.map(|(_, tensors)| tensors).ok_or(format!("the checkpoint lacks {name}"))?)
}
