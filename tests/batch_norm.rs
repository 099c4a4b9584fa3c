//! Batch normalisation: what it makes of each channel, and its derivatives.

use metatape::calculus::grad;
use metatape::check::{gradcheck, gradgradcheck};
use metatape::nn::{batch_norm, batch_norm_by, normalizer};
use metatape::ops::{Op, Tape, Var, Vars};
use metatape::tape::{AtRest, Extent};
use metatape::tensor::{Shape, Tensor, Tensors};

const CHANNELS: usize = 3;

fn inputs(shape: impl Into<Shape>) -> Tensors<f64> {
    let wave = |i: usize| (1.7 * i as f64 + 0.3).sin();
    let mut inputs = Tensors::new();
    inputs.push("x", Tensor::from_fn(shape, |i| 2.0 + wave(i)));
    inputs.push("gamma", Tensor::from_fn([CHANNELS], |i| 1.0 + 0.3 * wave(i)));
    inputs.push("beta", Tensor::from_fn([CHANNELS], |i| 0.5 + wave(i + 7)));
    inputs
}

#[test]
fn each_channel_has_the_mean_beta_and_the_deviation_gamma() {
    let tape = Tape::<f64>::new();
    let inputs = inputs([4, 5, 2, CHANNELS]);
    let [x, gamma, beta] = inputs.put(&tape).all();
    for (gamma, beta) in [(None, None), (Some(gamma), Some(beta))] {
        let moments = batch_norm(x, gamma, beta, 0.0).moments().to_tensor();
        let values = |row: Option<Var<'_, f64>>, absent: f64| match row {
            Some(row) => row.to_tensor().values().to_vec(),
            None => vec![absent; CHANNELS],
        };
        let (gamma, beta) = (values(gamma, 1.0), values(beta, 0.0));
        for channel in 0..CHANNELS {
            assert!((moments.values()[channel] - beta[channel]).abs() < 1e-14);
            assert!((moments.values()[CHANNELS + channel] - gamma[channel].powi(2)).abs() < 1e-14);
        }
    }
}

#[test]
fn epsilon_is_added_to_the_variance() {
    let tape = Tape::<f64>::new();
    let x = tape.leaf(Extent::shared([2, 1]), |out| out.copy_from_slice(&[3.0, 7.0]));
    let normal = batch_norm(x, None, None, 12.0).to_tensor();
    assert_eq!(normal.values(), [-0.5, 0.5]);
    let constant = tape.fill(Extent::shared([2, 1]), 3.0);
    assert_eq!(batch_norm(constant, None, None, 1e-5).to_tensor().values(), [0.0, 0.0]);
}

#[test]
fn given_statistics_stand_in_for_those_of_the_batch() {
    let tape = Tape::<f64>::new();
    let [x, gamma, beta] = inputs([6, CHANNELS]).put(&tape).all();
    let own = batch_norm(x, Some(gamma), Some(beta), 1e-3).to_tensor();
    let given = tape.tensor(&x.moments().to_tensor());
    assert_eq!(batch_norm_by(given, x, Some(gamma), Some(beta), 1e-3).to_tensor(), own);
}

#[test]
fn derivatives_flow_through_the_statistics() {
    fn program<'t>(inputs: Vars<'t, f64>) -> Var<'t, f64> {
        let [x, gamma, beta] = inputs.all();
        batch_norm(x, Some(gamma), Some(beta), 1e-3).tanh()
    }
    for shape in [Shape::from([5, CHANNELS]), Shape::from([2, 2, 3, CHANNELS])] {
        gradcheck(program, &inputs(shape)).unwrap();
        gradgradcheck(program, &inputs(shape)).unwrap();
    }
}

#[test]
fn a_whole_block_of_a_network_is_differentiated_twice() {
    fn program<'t>(inputs: Vars<'t, f64>) -> Var<'t, f64> {
        let [x, gamma, beta] = inputs.all();
        let ab = normalizer(x.moments(), Some(gamma), Some(beta), 1e-3);
        x.relu_pool(ab, [2, 2], [2, 2]).tanh()
    }
    gradcheck(program, &inputs([2, 5, 4, CHANNELS])).unwrap();
    gradgradcheck(program, &inputs([2, 5, 4, CHANNELS])).unwrap();
}

/// The gradient of a block by its image, which is normalised by the moments of `seen`, and how many of the ops that it
/// takes make what comes down from the pooling and from the moments in one pass.
fn gradient_of_block<'t>(inputs: Vars<'t, f64>, seen: Var<'t, f64>) -> (Vec<f64>, usize) {
    let [x, gamma, beta] = inputs.all();
    let in_one_pass = || {
        let is_one = |op: Option<Op>| matches!(op, Some(Op::PlacedShift(_)));
        x.tape().read_program(|nodes| nodes.iter().filter(|node| is_one(node.op)).count())
    };
    let before = in_one_pass();
    let ab = normalizer(seen.moments(), Some(gamma), Some(beta), 1e-3);
    let loss = x.relu_pool(ab, [2, 2], [2, 2]).square().sum();
    let gradient = grad(loss, &x).to_tensor().values().to_vec();
    (gradient, in_one_pass() - before)
}

#[test]
fn an_image_gets_what_comes_from_its_pooling_and_from_its_moments_in_one_pass() {
    let tape = Tape::<f64>::new();
    for shape in [[2, 6, 4, CHANNELS], [2, 5, 4, CHANNELS]] {
        let inputs = inputs(shape).put(&tape);
        let x = inputs.get(0);
        let (together, passes) = gradient_of_block(inputs, x);
        assert_eq!(passes, 1);
        // What reads the same numbers in another line has moments of another image.
        let (apart, passes) = gradient_of_block(inputs, -(-x));
        assert_eq!(passes, 0);
        for (together, apart) in together.iter().zip(apart) {
            assert!((together - apart).abs() < 1e-14, "{together} for {apart}");
        }
    }
}
