//! The command line, and how it makes a plan.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{ArgGroup, Parser};
use metatape::tasks::FewShot;

use crate::common::choices::{Orders, Roads, count, few, once};
use crate::common::{Common, Result};
use crate::dataset::{Dataset, Part};
use crate::learner::{Learner, Wishes};
use crate::net::{NetForm, Statistics};
use crate::plan::{Fall, Plan, every_image};

/// Meta-learns to tell classes of images apart from a few examples each, and prints published accuracies beside its own.
///
/// Without options it draws characters itself and trains Meta-SGD on them. With --evaluate it trains nothing and scores a
/// trained model on data that it never saw.
#[derive(Parser)]
#[command(name = "classification")]
#[command(group(ArgGroup::new("views").args(["both_sides", "corners"]).multiple(true)))]
pub struct Options {
    #[command(flatten)]
    pub common: Common,
    /// Whose images; all but glyphs need --data [default: glyphs]
    #[arg(long)]
    dataset: Option<Dataset>,
    /// The zip archive of the dataset as downloaded, or the folder that it unpacks to
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// How many classes a task has [default: 5]
    #[arg(long, value_parser = sizes(2))]
    ways: Option<usize>,
    /// How many images of each class a task shows [default: 1]
    #[arg(long, value_parser = sizes(1))]
    shots: Option<usize>,
    /// How many images of each class an adapted model is judged on [default: 15 of coloured images, 5 of characters]
    #[arg(long, value_parser = sizes(1))]
    query: Option<usize>,
    /// --shots of the tasks that are scored; may be repeated [default: --shots]
    #[arg(long, value_name = "SHOTS", value_parser = sizes(1))]
    test_shots: Vec<usize>,
    /// --query of the tasks that are scored [default: --query]
    #[arg(long, value_name = "QUERY", value_parser = sizes(1))]
    test_query: Option<usize>,
    /// A learner to train; may be repeated [default: meta-sgd]
    #[arg(long = "learner", value_name = "NAME")]
    learners: Vec<Learner>,
    /// Trains the first-order or the exact form of every learner, whatever its name says
    #[arg(long)]
    order: Option<Orders>,
    /// Mirrors coloured images of training at random, and moves all by up to an eighth of their height
    #[arg(long)]
    augment: bool,
    /// Turns this share of the classes of training by 90, 180 or 270 degrees: a turned class is another one (Liu et al. 2020)
    /// [default: characters are turned by any quarter, in training and in scoring; coloured images are not]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    turn: Option<f64>,
    /// Shows each support image twice, once mirrored, in training and in scoring; with --evaluate in scoring
    #[arg(long)]
    both_sides: bool,
    /// Shows each support image also moved by a sixteenth of its height into each of the four corners, in training and in
    /// scoring; with --evaluate in scoring
    #[arg(long)]
    corners: bool,
    /// Judges each query image by the mean over the views that --both-sides and --corners give of it; in scoring alone
    #[arg(long, requires = "views")]
    query_views: bool,
    /// How many inner steps a learner adapts by [default: 1 for meta-sgd, 5 for reptile, 12 for meta-lstm with 1
    /// shot and 5 with more, as published for MAML for others]
    #[arg(long, value_parser = few())]
    steps: Option<usize>,
    /// After how many inner steps a learner is scored [default: --steps; without it as published]
    #[arg(long, value_parser = few())]
    test_steps: Option<usize>,
    /// How many meta-iterations [default: 2000 for glyphs, 20000 for omniglot, 60000 for coloured images]
    #[arg(long, value_parser = count())]
    iterations: Option<usize>,
    /// How many tasks a meta-iteration sees [default: 8 for characters, 4 for coloured images]
    #[arg(long, value_parser = few())]
    meta_batch: Option<usize>,
    /// The classifier: Meta-SGD's or MAML's convolutional one, or MAML's without convolutions
    #[arg(long, default_value = "meta-sgd")]
    net: NetForm,
    /// Learns the scales of batch norm, gamma, with MAML's convolutional classifier as well; like its shifts they are not
    /// adapted
    #[arg(long)]
    gamma: bool,
    /// Begins every task with a head of zeros that is not learned (Kao et al. 2022): no class is then unlike another before
    /// the first inner step
    #[arg(long)]
    zero_head: bool,
    /// How many channels a block of the convolutional classifier makes [default: 64 for characters, 32 for coloured images]
    #[arg(long, value_parser = sizes(1))]
    filters: Option<usize>,
    /// The inner rate; for meta-sgd the one that all rates begin at [default: 0.1 for meta-sgd and reptile; for others as
    /// published with MAML's classifiers, and with Meta-SGD's for characters 0.1, for anil 0.4]
    #[arg(long, value_parser = rate)]
    alpha: Option<f64>,
    /// The outer rate of Adam; of plain descent for reptile [default: 0.001; 1 for reptile]
    #[arg(long, value_parser = rate)]
    rate: Option<f64>,
    /// How the outer rate goes over time: down to zero along a half cosine, or nowhere
    #[arg(long, default_value = "cosine")]
    schedule: Fall,
    /// The magnitude to which entries of meta-gradients are cut; 0 does not cut [default: 10 for coloured images, else 0]
    #[arg(long, value_parser = bound)]
    clip: Option<f64>,
    /// How the meta-gradient goes through the inner steps: on one tape, or step by step in the memory of one [default:
    /// adjoint; tape for anil]
    #[arg(long)]
    road: Option<Roads>,
    /// What batch norm normalises query images by in scoring [default: query; support for meta-lstm]
    #[arg(long)]
    statistics: Option<Statistics>,
    /// How many tasks are scored in the end [default: 600]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(2..=1_000_000))]
    episodes: Option<usize>,
    /// Trains nothing: scores this checkpoint on the classes in --data
    #[arg(long, value_name = "CHECKPOINT", conflicts_with_all = ["resume", "dataset", "ways", "learners", "order", "steps",
        "iterations", "meta_batch", "net", "gamma", "zero_head", "filters", "alpha", "rate", "schedule", "clip", "road", "augment",
        "turn"])]
    pub evaluate: Option<PathBuf>,
    /// With --evaluate: the part of the data to score on; classes that were trained on are only in train and all [default:
    /// test]
    #[arg(long, requires = "evaluate")]
    pub split: Option<Part>,
}

impl Options {
    /// The plan that these options make.
    ///
    /// # Errors
    /// The data is not given, or given where it is drawn.
    pub fn plan(&self) -> Result<Plan> {
        let dataset = self.dataset.unwrap_or(Dataset::Glyphs);
        dataset.check(self.data.as_deref())?;
        let (coloured, quick) = (dataset.is_coloured(), self.common.quick);
        let (ways, shots) = (self.ways.unwrap_or(5), self.shots.unwrap_or(1));
        let query = self.query.unwrap_or(if coloured && !quick { 15 } else { 5 });
        let order = self.order.map(Into::into);
        let asked = if self.learners.is_empty() { vec![Learner::MetaSgd] } else { self.learners.clone() };
        let learners = once(
            asked
                .into_iter()
                .map(|learner| order.map_or(learner, |order| learner.with_order(order)))
                .collect(),
        );
        let wishes = Wishes {
            order,
            steps: self.steps,
            test_steps: self.test_steps,
            alpha: self.alpha,
            rate: self.rate,
            road: self.road,
            statistics: self.statistics,
        };
        let settings = learners
            .iter()
            .map(|learner| (*learner, learner.setting((dataset, self.net), (ways, shots), wishes)))
            .collect();
        let usual = match dataset {
            _ if quick && coloured => 10,
            _ if quick => 60,
            Dataset::Glyphs => 2000,
            Dataset::Omniglot => 20_000,
            Dataset::CifarFs | Dataset::MiniImagenet => 60_000,
        };
        let iterations = self.iterations.unwrap_or(usual);
        let usual_batch = match (coloured, quick) {
            (true, true) => 2,
            (true, false) | (false, true) => 4,
            (false, false) => 8,
        };
        let meta_batch = self.meta_batch.unwrap_or(usual_batch);
        // A short training is not spent on watching.
        let watched = (iterations * meta_batch / 500).clamp(5, 100);
        let watches = (iterations * meta_batch / (10 * watched)).clamp(2, 50);
        Ok(Plan {
            dataset,
            images_of_class: images_of_class(quick),
            ways,
            shots,
            query,
            augment: self.augment,
            turn: self.turn,
            both_sides: self.both_sides,
            corners: self.corners,
            query_views: self.query_views,
            test_shots: if self.test_shots.is_empty() { vec![shots] } else { once(self.test_shots.clone()) },
            test_query: self.test_query.unwrap_or(query),
            learners,
            settings,
            iterations,
            meta_batch,
            net: self.net,
            gamma: self.gamma,
            zero_head: self.zero_head,
            filters: self.filters.unwrap_or(if coloured { 32 } else { 64 }),
            schedule: self.schedule,
            clip: self.clip.or(coloured.then_some(10.0)).filter(|bound| *bound > 0.0),
            episodes: self.episodes.unwrap_or(usual_episodes(coloured, quick)),
            watches,
            watched,
        })
    }

    /// The plan by which a checkpoint was trained, changed in how it is scored.
    pub fn scoring(&self, mut trained: Plan) -> Plan {
        let shots =
            if self.test_shots.is_empty() { Vec::from_iter(self.shots) } else { self.test_shots.clone() };
        if !shots.is_empty() {
            trained.test_shots = once(shots);
        }
        trained.test_query = self.test_query.or(self.query).unwrap_or(trained.test_query);
        trained.both_sides |= self.both_sides;
        trained.corners |= self.corners;
        trained.query_views |= self.query_views;
        let quick = self.common.quick;
        trained.episodes = self.episodes.unwrap_or(usual_episodes(trained.dataset.is_coloured(), quick));
        trained.images_of_class = images_of_class(quick);
        for setting in trained.settings.values_mut() {
            setting.test_steps = self.test_steps.unwrap_or(setting.test_steps);
            setting.statistics = self.statistics.unwrap_or(setting.statistics);
        }
        trained
    }
}

/// All; in a quick run enough to draw tasks from.
fn images_of_class(quick: bool) -> usize {
    if quick { 40 } else { every_image() }
}

fn usual_episodes(coloured: bool, quick: bool) -> usize {
    match (coloured, quick) {
        (true, true) => 20,
        (false, true) => 100,
        (_, false) => 600,
    }
}

fn sizes(least: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(least..=FewShot::LARGEST as u64)
}

/// A number above zero.
fn rate(word: &str) -> std::result::Result<f64, String> {
    match word.parse() {
        Ok(rate) if rate > 0.0 && rate <= 1e3 => Ok(rate),
        _ => Err("a number above 0 and up to 1000 is needed".into()),
    }
}

fn share(word: &str) -> std::result::Result<f64, String> {
    within(word, 0.0..=1.0, "a number from 0 to 1 is needed")
}

/// A number that is not below zero.
fn bound(word: &str) -> std::result::Result<f64, String> {
    within(word, 0.0..=1e9, "a number from 0 to a thousand million is needed")
}

fn within(word: &str, range: RangeInclusive<f64>, needed: &str) -> std::result::Result<f64, String> {
    word.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| needed.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::Setting;

    fn options(words: &str) -> std::result::Result<Options, clap::Error> {
        Options::try_parse_from(["classification"].into_iter().chain(words.split_whitespace()))
    }

    fn plan(words: &str) -> Plan {
        options(words).unwrap().plan().unwrap()
    }

    #[test]
    fn without_options_meta_sgd_learns_glyphs() {
        let plan = plan("");
        assert_eq!((plan.dataset, plan.ways, plan.shots, plan.query), (Dataset::Glyphs, 5, 1, 5));
        assert_eq!(
            (plan.learners.as_slice(), plan.test_shots.as_slice()),
            (&[Learner::MetaSgd][..], &[1][..])
        );
        let setting = plan.setting(Learner::MetaSgd);
        assert_eq!((setting.order, setting.steps, setting.test_steps, setting.alpha), (2, 1, 1, 0.1));
        assert_eq!(plan.episodes, 600);
    }

    #[test]
    fn maml_has_its_published_settings() {
        let setting = |words: &str| {
            let plan = plan(&format!("{words} --data x --learner maml"));
            let Setting { steps, test_steps, alpha, .. } = *plan.setting(Learner::Maml);
            (steps, test_steps, alpha, plan.clip)
        };
        assert_eq!(setting("--dataset omniglot --net maml"), (1, 3, 2.0, None));
        assert_eq!(setting("--dataset omniglot --net maml --ways 20"), (5, 5, 2.0, None));
        assert_eq!(setting("--dataset omniglot"), (1, 3, 0.1, None));
        assert_eq!(setting("--dataset mini-imagenet"), (5, 10, 0.05, Some(10.0)));
        assert_eq!(setting("--dataset mini-imagenet --clip 0 --steps 2"), (2, 2, 0.05, None));
        assert_eq!(setting("--dataset cifar-fs --test-steps 7 --alpha 0.3").1, 7);
    }

    #[test]
    fn an_order_names_the_learner() {
        let learners = |words: &str| plan(words).learners;
        assert_eq!(learners("--learner maml --order first"), [Learner::Fomaml]);
        assert_eq!(learners("--learner maml --learner fomaml --order second"), [Learner::Maml]);
        let plan = plan("--learner meta-sgd --learner reptile --learner fomaml --order first");
        assert_eq!(plan.learners, [Learner::MetaSgd, Learner::Reptile, Learner::Fomaml]);
        assert!(plan.settings.values().all(|setting| setting.order == 1));
    }

    #[test]
    fn scoring_changes_how_a_model_is_scored_and_nothing_else() {
        let trained = plan("--ways 20 --query 3 --filters 16 --test-steps 4");
        let scored =
            |words: &str| options(&format!("--evaluate c {words}")).unwrap().scoring(trained.clone());
        assert_eq!(scored(""), trained);
        let other =
            scored("--shots 5 --query 15 --episodes 50 --test-steps 6 --both-sides --corners --query-views");
        assert_eq!((other.test_shots.as_slice(), other.test_query, other.episodes), (&[5][..], 15, 50));
        assert_eq!(other.setting(Learner::MetaSgd).test_steps, 6);
        assert_eq!((other.ways, other.shots, other.query, other.filters), (20, 1, 3, 16));
        let tasks = [&trained, &other].map(|plan| plan.test_tasks(5, 32));
        assert_eq!(tasks.map(|tasks| (tasks.shown(), tasks.judged())), [(5, 3), (50, 150)]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            "--ways 1",
            "--shots 0",
            "--query 2000",
            "--alpha -1",
            "--alpha x",
            "--clip nan",
            "--turn 1.5",
            "--evaluate c --turn 0.5",
            "--query-views",
            "--episodes 1",
            "--split test",
            "--evaluate c --ways 5",
            "--evaluate c --resume",
            "--dataset mnist",
            "--learner sgd",
        ] {
            assert!(options(words).is_err(), "{words} was taken");
        }
        for words in ["--dataset omniglot", "--data a.zip"] {
            assert!(options(words).unwrap().plan().is_err(), "{words} was taken");
        }
    }
}
