//! What a checkpoint holds of all runs.

use metatape::tensor::Checkpoint;

use crate::common::{Result, Saved, Session, saved};
use crate::run::Run;

/// Saves all runs after `iteration` iterations.
pub fn save(session: &mut Session, runs: &[Run], iteration: usize) -> Result {
    let mut all = Saved::after(iteration);
    for run in runs {
        all.training(&run.name, run.training.as_ref());
        all.numbers(&run.name, "history", &[("loss", &run.history)]);
    }
    all.write(session)
}

impl Run {
    /// Goes on from a checkpoint that [`save`] made.
    pub fn restore(&mut self, checkpoint: &Checkpoint<f32>) -> Result {
        self.iteration = saved::restore(&self.name, self.training.as_mut(), checkpoint)?;
        self.history = saved::numbers(checkpoint, &self.name, "history", "loss");
        Ok(())
    }
}
