//! What tells one run of an example from another: the example, the seed and the options.

use std::collections::BTreeMap;
use std::path::Path;

use metatape::tensor::Checkpoint;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Failure, Result};

/// Which run this is.
pub struct Identity {
    pub example: &'static str,
    pub seed: u64,
    /// The options.
    pub config: Value,
    /// Reads the options of a checkpoint as this version would keep them.
    read: fn(&str) -> serde_json::Result<Value>,
}

impl Identity {
    pub fn new<C: Serialize + DeserializeOwned>(
        example: &'static str,
        seed: u64,
        config: &C,
    ) -> Result<Self> {
        let read = |text: &str| serde_json::to_value(serde_json::from_str::<C>(text)?);
        Ok(Identity { example, seed, config: serde_json::to_value(config)?, read })
    }

    /// What a checkpoint says of the run that it belongs to.
    pub fn notes(&self) -> BTreeMap<String, String> {
        let (seed, config) = (self.seed.to_string(), self.config.to_string());
        [("example", self.example.to_owned()), ("seed", seed), ("config", config)]
            .map(|(key, value)| (key.to_owned(), value))
            .into()
    }

    /// Refuses a checkpoint of another run, naming the first option that differs.
    pub fn agree(&self, checkpoint: &Checkpoint, path: &Path) -> Result {
        let differ = |what: &str, saved: &str, asked: &str| -> Result {
            let (path, what) = (path.to_owned(), what.to_owned());
            Err(Failure::OtherRun { path, what, saved: saved.to_owned(), asked: asked.to_owned() }.into())
        };
        for (key, asked) in &self.notes() {
            let saved = checkpoint.metadata(key)?;
            if saved == asked {
                continue;
            }
            if key != "config" {
                return differ(key, saved, asked);
            }
            // A version that knows more options is not understood, but may still be compared.
            let saved = (self.read)(saved).or_else(|_| serde_json::from_str(saved)).unwrap_or_default();
            let options = [&self.config, &saved].map(|config| config.as_object().into_iter().flatten());
            for (option, _) in options.into_iter().flatten() {
                let [saved, asked] = [&saved[option], &self.config[option]];
                if saved != asked {
                    return differ(option, &saved.to_string(), &asked.to_string());
                }
            }
        }
        Ok(())
    }
}
