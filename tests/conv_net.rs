//! The classifiers: shapes, and the whole meta-step of Conv-4 by both roads and by differences.

mod support;

use metatape::nn::{ConvNet, DenseNet, Halving, accuracy};
use metatape::prelude::*;
use metatape::tasks::{Augmentation, FewShot, Glyphs, Normalization, Rotations, stream};
use rand::RngExt;
use support::{difference, meta_gradient};

/// A loss that holds its net.
#[derive(Clone, Copy, Debug)]
struct Classification(ConvNet);

impl<T: Float> Loss<T> for Classification {
    fn loss<'t>(&self, theta: Params<'t, T>, batch: BatchVars<'t, T>) -> Var<'t, T> {
        cross_entropy(self.0.logits(theta, batch.x), batch.y)
    }
}

fn tasks<T: Float>(count: u64, query: usize) -> Vec<Episode<T>> {
    let drawn = Glyphs::new().draw(12, 8, &mut stream(3, 0, 0));
    let protocol =
        FewShot { ways: 5, shots: 1, query, rotations: Rotations::Alike, augmentation: Augmentation::NONE };
    let tasks = protocol.over(&drawn, &Normalization::unit(1)).expect("enough images");
    (0..count).map(|task| tasks.episode(&mut stream(3, 1, task))).collect()
}

/// Xavier weights, and the shifts of batch norm around zero, so that no symmetry hides a mistake.
fn parameters<T: Float>(net: &ConvNet) -> Tensors<T> {
    let mut rng = stream(4, 0, 0);
    let mut theta = net.parameters(Initializer::Xavier, &mut rng);
    for tensor in theta.tensors_mut().iter_mut().filter(|tensor| tensor.shape().rank() == 1) {
        tensor.values_mut().iter_mut().for_each(|x| *x += T::from_f64(rng.random_range(-0.3..0.3)));
    }
    theta
}

fn nets() -> [ConvNet; 3] {
    let small = ConvNet { filters: 12, ..ConvNet::meta_sgd_omniglot(5) };
    [ConvNet::meta_sgd_omniglot(5), small, ConvNet { filters: 12, ..ConvNet::maml_omniglot(5) }]
}

#[test]
fn both_roads_through_conv_4_give_one_meta_gradient() {
    for net in nets() {
        let theta = parameters::<f64>(&net);
        let learner = MetaSgd::published();
        let alpha = learner.rates_like(&theta, 0.1);
        let problem = Problem::new(learner, Classification(net), 2);
        let episodes = tasks(2, 3);
        let (loss, by_tape) = meta_gradient(&problem, (&theta, &alpha), &episodes, 1);
        let adjoint = Problem { road: Road::Adjoint, ..problem };
        let (adjoint_loss, by_adjoint) = meta_gradient(&adjoint, (&theta, &alpha), &episodes, 1);
        assert!((loss - adjoint_loss).abs() < 1e-12, "{loss}, {adjoint_loss}");
        let apart = difference(&by_tape, &by_adjoint);
        println!("{net:?}: the roads are apart by {apart:.1e}");
        assert!(apart < 1e-10, "{net:?}: {apart:e}");
    }
}

#[test]
fn episodes_side_by_side_give_the_sum_of_their_gradients() {
    let net = nets()[1];
    let theta = parameters::<f64>(&net);
    let problem = Problem::new(Maml { rate: 0.4 }, Classification(net), 1);
    let episodes = tasks(3, 2);
    let (_, alone) = meta_gradient(&problem, (&theta, &()), &episodes, 1);
    let (_, together) = meta_gradient(&problem, (&theta, &()), &episodes, 3);
    assert!(difference(&together, &alone) < 1e-12);
}

#[test]
fn behind_a_head_of_zeros_it_does_not_matter_which_class_is_which() {
    let net = nets()[2];
    let drawn = parameters::<f64>(&net);
    let mut zeros = drawn.clone();
    let body = zeros.len() - ConvNet::HEAD;
    zeros.tensors_mut()[body..].iter_mut().for_each(|tensor| tensor.values_mut().fill(0.0));
    let episodes = tasks(1, 3);
    let mut renamed = episodes.clone();
    let Episode { support, query } = &mut renamed[0];
    for batch in [support, query] {
        batch.y.values_mut().iter_mut().for_each(|class| *class = 4.0 - *class);
    }
    let problem = Problem::new(Maml { rate: 0.4 }, Classification(net), 2);
    let apart = |theta: &Tensors<f64>| {
        let [(_, here), (_, there)] =
            [&episodes, &renamed].map(|tasks| meta_gradient(&problem, (theta, &()), tasks, 1));
        let body: usize = theta.tensors()[..body].iter().map(|tensor| tensor.values().len()).sum();
        difference(&here[..body], &there[..body])
    };
    let (zeros, drawn) = (apart(&zeros), apart(&drawn));
    assert!(zeros < 1e-12, "{zeros:e}");
    assert!(drawn > 0.1, "{drawn:e}");
}

#[test]
fn the_meta_gradient_of_a_smooth_conv_4_is_that_of_differences() {
    // Without the hidden layer, whose relu is not smooth.
    let smooth = ConvNet { activation: Activation::Softplus, halving: Halving::MeanPool, ..nets()[0] };
    let net = ConvNet { hidden: None, ..smooth };
    let theta = parameters::<f64>(&net);
    let learner = MetaSgd::published();
    let alpha = learner.rates_like(&theta, 0.1);
    let problem = Problem::new(learner, Classification(net), 1);
    let episodes = tasks(1, 2);
    let (_, gradient) = meta_gradient(&problem, (&theta, &alpha), &episodes, 1);
    let mut rng = stream(5, 0, 0);
    for _ in 0..3 {
        let direction: Vec<f64> = gradient.iter().map(|_| rng.random_range(-1.0..1.0)).collect();
        let moved = |by: f64| {
            let mut at = (theta.clone(), alpha.clone());
            let mut steps = direction.iter();
            at.each_mut(&mut |tensor| {
                tensor.values_mut().iter_mut().zip(&mut steps).for_each(|(x, step)| *x += by * step);
            });
            meta_gradient(&problem, (&at.0, &at.1), &episodes, 1).0
        };
        let slope = |h: f64| (moved(h) - moved(-h)) / (2.0 * h);
        let differences = (4.0 * slope(5e-5) - slope(1e-4)) / 3.0;
        let exact: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
        let error = (differences - exact).abs() / exact.abs();
        println!("{exact} by the engine, {differences} by differences, apart {error:.1e}");
        assert!(error < 1e-6, "{exact}, by differences {differences}");
    }
}

#[test]
fn classifiers_learn_a_task_that_they_adapt_to() {
    let episode = &tasks::<f32>(1, 5)[0];
    let mut rng = stream(0, 0, 0);
    let conv = nets()[1];
    let dense = DenseNet::omniglot(5);
    let tape = Tape::new();
    let batch = episode.put(&tape).support;
    for logits in [
        conv.logits(conv.parameters(Initializer::Xavier, &mut rng).put(&tape), batch.x),
        dense.logits(dense.parameters(Initializer::Xavier, &mut rng).put(&tape), batch.x),
    ] {
        assert_eq!(logits.shape().dims(), [5, 5]);
    }
    let theta = conv.parameters(Initializer::Xavier, &mut rng);
    let problem = Problem::new(Maml { rate: 0.1 }, Classification(conv), 20);
    let adapted = problem.adapted((&theta, &()), &episode.support, 20);
    let tape = Tape::new();
    let batch = episode.put(&tape).support;
    assert_eq!(accuracy(conv.logits(adapted.put(&tape), batch.x), batch.y), [1.0]);
}

#[test]
#[should_panic(expected = "has no place left after 5 blocks")]
fn an_image_that_is_halved_too_often_is_refused() {
    let net = ConvNet { blocks: 5, ..ConvNet::meta_sgd_omniglot(5) };
    net.parameters::<f32>(Initializer::Xavier, &mut stream(0, 0, 0));
}
