//! What is to be done, as a checkpoint keeps it.

use std::collections::BTreeMap;

use clap::ValueEnum;
use metatape::tasks::{Augmentation, FewShot, Rotations};
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::learner::{Learner, Setting};
use crate::net::NetForm;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fall {
    Cosine,
    Constant,
}

/// What is to be done: the options with every default filled in. A checkpoint keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub dataset: Dataset,
    /// How many images of each class are read at most.
    #[serde(default = "every_image")]
    pub images_of_class: usize,
    pub ways: usize,
    pub shots: usize,
    pub query: usize,
    /// Whether images of training are changed at random.
    #[serde(default)]
    pub augment: bool,
    /// The share of the classes of training that are turned, if not as the dataset has it.
    #[serde(default)]
    pub turn: Option<f64>,
    #[serde(default)]
    pub both_sides: bool,
    #[serde(default)]
    pub corners: bool,
    #[serde(default)]
    pub query_views: bool,
    pub test_shots: Vec<usize>,
    pub test_query: usize,
    pub learners: Vec<Learner>,
    pub settings: BTreeMap<Learner, Setting>,
    pub iterations: usize,
    pub meta_batch: usize,
    pub net: NetForm,
    #[serde(default)]
    pub gamma: bool,
    #[serde(default)]
    pub zero_head: bool,
    pub filters: usize,
    pub schedule: Fall,
    pub clip: Option<f64>,
    pub episodes: usize,
    /// How many times accuracy on classes that are not trained on is watched in training, and on how many tasks.
    pub watches: usize,
    pub watched: usize,
}

impl Plan {
    pub fn setting(&self, learner: Learner) -> &Setting {
        &self.settings[&learner]
    }

    /// The tasks of training, of images of this height.
    pub fn tasks(&self, height: usize) -> FewShot {
        let mut tasks = FewShot { query: self.query, ..self.test_tasks(self.shots, height) };
        tasks.rotations = self.turn.map_or(tasks.rotations, Rotations::Share);
        tasks.augmentation.query_views = false;
        if self.augment {
            let mirror = self.dataset.is_coloured();
            tasks.augmentation = Augmentation { mirror, shift: height / 8, ..tasks.augmentation };
        }
        tasks
    }

    /// The tasks of scoring at so many shots, of images of this height.
    pub fn test_tasks(&self, shots: usize, height: usize) -> FewShot {
        let (ways, query, rotations) = (self.ways, self.test_query, self.dataset.rotations());
        let corners = if self.corners { (height / 16).max(1) } else { 0 };
        let &Plan { both_sides, query_views, .. } = self;
        let augmentation = Augmentation { both_sides, corners, query_views, ..Augmentation::NONE };
        FewShot { ways, shots, query, rotations, augmentation }
    }
}

/// As in all checkpoints that do not say.
pub fn every_image() -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::options::Options;

    fn plan(words: &str) -> Plan {
        Options::parse_from(["classification"].into_iter().chain(words.split_whitespace())).plan().unwrap()
    }

    #[test]
    fn a_checkpoint_keeps_the_plan() {
        let plan =
            plan("--learner meta-sgd --learner anil --alpha 0.05 --test-shots 1 --test-shots 5 --clip 0.7");
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }

    #[test]
    fn a_share_of_the_classes_is_turned_in_training_alone() {
        use Rotations::{Alike, Never, Share};
        for (words, turned) in [
            ("--dataset cifar-fs", [Never, Never]),
            ("--dataset cifar-fs --turn 0.25", [Share(0.25), Never]),
            ("--dataset omniglot", [Alike, Alike]),
            ("--dataset omniglot --turn 0.5", [Share(0.5), Alike]),
        ] {
            let plan = plan(&format!("{words} --data x"));
            assert_eq!(
                [plan.tasks(32), plan.test_tasks(1, 32)].map(|tasks| tasks.rotations),
                turned,
                "{words}"
            );
        }
    }

    #[test]
    fn query_images_have_several_views_in_scoring_alone() {
        let plan = plan("--both-sides --corners --query-views");
        let rows = |tasks: FewShot| (tasks.shown(), tasks.judged() / tasks.query);
        assert_eq!(rows(plan.tasks(28)), (10, 1));
        assert_eq!(rows(plan.test_tasks(1, 28)), (10, 10));
    }

    #[test]
    fn a_checkpoint_that_does_not_know_a_later_option_is_read() {
        let plan = plan("");
        let mut old = serde_json::to_value(&plan).unwrap();
        for later in [
            "images_of_class",
            "augment",
            "turn",
            "both_sides",
            "corners",
            "query_views",
            "gamma",
            "zero_head",
        ] {
            assert!(old.as_object_mut().unwrap().remove(later).is_some(), "{later}");
        }
        assert_eq!(serde_json::from_value::<Plan>(old).unwrap(), plan);
    }
}
