//! The classifiers.

use clap::ValueEnum;
use metatape::meta::Loss;
use metatape::nn::{ConvNet, DenseNet, Scales};
use metatape::prelude::*;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::plan::Plan;

/// Whose classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetForm {
    /// Four blocks with max-pooling; for characters a dense layer of 32 before the head
    MetaSgd,
    /// For characters convolutions of stride 2 and the mean over the last map; a learned scale in batch norm with --gamma only
    Maml,
    /// Four dense layers
    Dense,
}

/// What batch norm normalises query images by in scoring; in training it is always the batch at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistics {
    /// All query images of the task together (transductive), as in MAML
    Query,
    /// The support images as the adapted classifier sees them
    Support,
}

/// A classifier, and the mean cross-entropy of what it says.
#[derive(Clone, Debug)]
pub enum Net {
    Conv(ConvNet),
    Dense(DenseNet),
}

impl Net {
    /// The plan's classifier for images of this shape.
    pub fn new(plan: &Plan, image: [usize; 3]) -> Net {
        let Plan { ways, filters, net, gamma, .. } = *plan;
        let scales = if gamma { Scales::Both } else { Scales::Shift };
        let coloured = ConvNet::coloured(image[0], ways);
        let conv = match (net, image[2]) {
            (NetForm::Dense, _) => {
                let inputs = image.iter().product();
                return Net::Dense(DenseNet { inputs, ..DenseNet::omniglot(ways) });
            }
            (NetForm::MetaSgd, 1) => ConvNet::meta_sgd_omniglot(ways),
            (NetForm::Maml, 1) => ConvNet { scales, ..ConvNet::maml_omniglot(ways) },
            (NetForm::MetaSgd, _) => coloured,
            (NetForm::Maml, _) => ConvNet { scales, ..coloured },
        };
        Net::Conv(ConvNet { image, filters, ..conv })
    }

    pub fn parameters(&self, rng: &mut impl Rng) -> Tensors {
        match self {
            Net::Conv(net) => net.parameters(Initializer::Xavier, rng),
            Net::Dense(net) => net.parameters(Initializer::Xavier, rng),
        }
    }

    /// The logits of images `[n, height, width, channels]`.
    pub fn logits<'t>(&self, theta: Params<'t>, images: Var<'t>) -> Var<'t> {
        match self {
            Net::Conv(net) => net.logits(theta, images),
            Net::Dense(net) => net.logits(theta, images),
        }
    }

    /// The logits of the query images of an adapted net.
    pub fn answers<'t>(
        &self,
        theta: Params<'t>,
        episode: EpisodeVars<'t>,
        statistics: Statistics,
    ) -> Var<'t> {
        let (seen, asked) = (episode.support.x, episode.query.x);
        match (statistics, self) {
            (Statistics::Query, _) => self.logits(theta, asked),
            (Statistics::Support, Net::Conv(net)) => net.logits_as_seen(theta, seen, asked),
            (Statistics::Support, Net::Dense(net)) => net.logits_as_seen(theta, seen, asked),
        }
    }

    /// The places of the tensors that MAML adapts in its inner steps: all, but of its own classifiers not the scales and shifts
    /// of batch norm.
    pub fn body_and_head(&self, form: NetForm, theta: &Tensors) -> Vec<usize> {
        let of_batch_norm = |name: &str| name.ends_with(".gamma") || name.ends_with(".beta");
        let left_alone = |name: &str| form != NetForm::MetaSgd && of_batch_norm(name);
        let named = theta.iter().enumerate();
        named.filter(|(_, (name, _))| !left_alone(name)).map(|(place, _)| place).collect()
    }
}

/// What is said of each image: the mean of the logits `[images * views, classes]` over its views, which lie beside each other.
pub fn mean_of_views(logits: Var<'_>, views: usize) -> Var<'_> {
    let [rows, classes] = [0, 1].map(|axis| logits.shape().dim(axis));
    if views == 1 { logits } else { logits.reshape([rows / views, views, classes]).mean_axis(1) }
}

/// The classes of the images, of which each view has the label `[images * views]`.
pub fn one_of_views(labels: Var<'_>, views: usize) -> Var<'_> {
    let images = labels.shape().len() / views;
    labels.reshape([images, views]).slice(1, 0..1).reshape([images])
}

/// The places of the tensors of the head.
pub fn head(theta: &Tensors) -> Vec<usize> {
    let named = theta.iter().enumerate();
    named.filter(|(_, (name, _))| name.starts_with("head.")).map(|(place, _)| place).collect()
}

impl Loss<f32> for Net {
    fn loss<'t>(&self, theta: Params<'t>, batch: BatchVars<'t>) -> Var<'t> {
        cross_entropy(self.logits(theta, batch.x), batch.y)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::options::Options;

    /// The tensors that MAML learns and adapts.
    fn adapted(words: &str) -> [Vec<String>; 2] {
        let words = ["classification", "--learner", "maml"].into_iter().chain(words.split_whitespace());
        let plan = Options::parse_from(words).plan().unwrap();
        let net = Net::new(&plan, [28, 28, 1]);
        let theta = net.parameters(&mut metatape::tasks::stream(0, 0, 0));
        let names: Vec<String> = theta.iter().map(|(name, _)| name.to_owned()).collect();
        let places = net.body_and_head(plan.net, &theta);
        [names.clone(), places.into_iter().map(|place| names[place].clone()).collect()]
    }

    #[test]
    fn an_image_is_of_the_class_that_its_views_say_together() {
        let tape = Tape::new();
        let of_two_images = [[2.0, 1.0], [0.0, 3.0], [4.0, 0.0], [1.0, 2.0], [0.0, 1.0], [0.0, 6.0]];
        let logits = tape.tensor(&Tensor::from_vec([6, 2], of_two_images.concat()));
        let labels = tape.tensor(&Tensor::from_vec([6], vec![1.0, 1.0, 1.0, 0.0, 0.0, 0.0]));
        let (said, classes) = (mean_of_views(logits, 3), one_of_views(labels, 3));
        assert_eq!(classes.to_tensor().values(), [1.0, 0.0]);
        let sums = said.to_tensor().values().iter().map(|mean| (3.0 * mean).round()).collect::<Vec<_>>();
        assert_eq!(sums, [6.0, 4.0, 1.0, 9.0]);
        assert_eq!(mean_of_views(logits, 1).to_tensor(), logits.to_tensor());
        assert_eq!(one_of_views(labels, 1).to_tensor(), labels.to_tensor());
    }

    #[test]
    fn mamls_classifier_learns_scales_where_they_are_asked_for_and_never_adapts_them() {
        let [plain, adapted_plain] = adapted("--net maml");
        let [scaled, adapted_scaled] = adapted("--net maml --gamma");
        let of_batch_norm =
            |names: &[String], which: &str| names.iter().filter(|name| name.ends_with(which)).count();
        assert_eq!([".gamma", ".beta"].map(|which| of_batch_norm(&plain, which)), [0, 4]);
        assert_eq!([".gamma", ".beta"].map(|which| of_batch_norm(&scaled, which)), [4, 4]);
        let weights = ["conv0.w", "conv1.w", "conv2.w", "conv3.w", "head.w", "head.b"];
        assert_eq!([adapted_plain, adapted_scaled], [weights, weights]);
        let [all, adapted] = adapted("");
        assert_eq!(all, adapted);
    }
}
