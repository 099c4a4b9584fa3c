//! The LSTM against its formulas, its ops against their twins at the widths of vectors, and its derivatives through time.

mod support;

use metatape::nn::{Lstm, lstm};
use metatape::ops::{LstmCell, LstmCellPull, LstmGatesPull, LstmOutput, LstmOutputPull, Op};
use metatape::prelude::*;
use metatape::tasks::stream;
use rand::RngExt;
use support::{difference, naive};

/// Below, at and above the lengths of vectors, and several of them.
const WIDTHS: [usize; 7] = [1, 3, 8, 15, 16, 20, 33];

fn random<T: Float>(shape: impl Into<Shape>, seed: u64) -> Tensor<T> {
    let mut rng = stream(seed, 0, 0);
    Tensor::from_fn(shape, |_| T::from_f64(rng.random_range(-2.0..2.0)))
}

fn values<T: Float>(vars: &[Var<'_, T>]) -> Vec<f64> {
    vars.iter().flat_map(|x| x.read(|x| x.iter().map(|x| x.to_f64()).collect::<Vec<_>>())).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `h` and `c` after a step, in plain loops.
fn naive_step<T: Float>(
    [h, c]: [&Tensor<T>; 2],
    x: &Tensor<T>,
    [wx, wh, b]: [&Tensor<T>; 3],
) -> [Vec<f64>; 2] {
    let ([rows, inputs], hidden) = ([x.shape().dim(0), x.shape().dim(1)], h.shape().dim(1));
    let at = |x: &Tensor<T>, i: usize| x.values()[i].to_f64();
    let (mut all_h, mut all_c) = (Vec::new(), Vec::new());
    for row in 0..rows {
        for j in 0..hidden {
            let [i, f, g, o] = [0, 1, 2, 3].map(|gate| {
                let column = gate * hidden + j;
                let of_x = (0..inputs).map(|k| at(x, row * inputs + k) * at(wx, k * 4 * hidden + column));
                let of_h = (0..hidden).map(|k| at(h, row * hidden + k) * at(wh, k * 4 * hidden + column));
                of_x.chain(of_h).sum::<f64>() + at(b, column)
            });
            let memory = sigmoid(f) * at(c, row * hidden + j) + sigmoid(i) * g.tanh();
            all_c.push(memory);
            all_h.push(sigmoid(o) * memory.tanh());
        }
    }
    [all_h, all_c]
}

fn step_is_the_formula<T: Float>(tolerance: f64) {
    for hidden in WIDTHS {
        let (rows, inputs) = (5, 3);
        let of = |shape: [usize; 2], seed| random::<T>(shape, seed + 100 * hidden as u64);
        let (h, c, x) = (of([rows, hidden], 0), of([rows, hidden], 1), of([rows, inputs], 2));
        let (wx, wh) = (of([inputs, 4 * hidden], 3), of([hidden, 4 * hidden], 4));
        let b = random::<T>([4 * hidden], 5);
        let expected = naive_step([&h, &c], &x, [&wx, &wh, &b]);
        let tape = Tape::new();
        let put = |tensor: &Tensor<T>| tape.tensor(tensor);
        // What lies beside the memory does not count, be it what it may.
        let cell = concat(tape.fill(Extent::shared([rows, hidden]), T::from_f64(f64::NAN)), put(&c), 1);
        let [h, cell] = lstm([put(&h), cell], put(&x), [put(&wx), put(&wh), put(&b)]);
        let found = [values(&[h]), values(&[cell.slice(1, hidden..2 * hidden)])];
        for (found, expected) in found.iter().zip(&expected) {
            let apart = difference(found, expected);
            assert!(apart < tolerance, "{hidden} hidden units: off by {apart:e}");
        }
    }
}

#[test]
fn a_step_is_the_formula() {
    step_is_the_formula::<f64>(1e-13);
    step_is_the_formula::<f32>(2e-6);
}

#[test]
fn ops_equal_their_twins_at_any_width() {
    let ops: [(Op, &[usize]); 7] = [
        (LstmCell.into(), &[4, 2]),
        (LstmOutput.into(), &[2]),
        (LstmGatesPull.into(), &[4, 2, 2]),
        (LstmCellPull.into(), &[4, 2]),
        (LstmCellPull.into(), &[4, 2, 2]),
        (LstmOutputPull.into(), &[2, 1]),
        (LstmOutputPull.into(), &[2, 1, 2]),
    ];
    for (op, parts) in ops {
        for hidden in WIDTHS {
            let tape = Tape::<f64>::new();
            let put = |i: usize, seed: u64| tape.tensor(&random([3, parts[i] * hidden], seed + i as u64));
            let x = Params::from_fn(&tape, parts.len(), |i| put(i, 10));
            let v = Params::from_fn(&tape, parts.len(), |i| put(i, 20));
            let all: Vec<_> = x.iter().collect();
            let (own, twin) = (tape.record(op, &all), op.twin(&all).expect("a fused op has a twin"));
            let weights = tape.tensor(&random(own.shape(), 30));
            let derivatives = |y: Var<'_, f64>| {
                let loss = y.square().dot(weights);
                let of = |found: Params<'_, f64>| values(&found.iter().collect::<Vec<_>>());
                [
                    values(&[y]),
                    of(grad(loss, &x)),
                    of(hvp(loss, &x, &v)),
                    of(hvp_forward(loss, &x, &v)),
                    of(hvp_reverse(loss, &x, &v)),
                ]
            };
            for (order, (own, twin)) in derivatives(own).iter().zip(&derivatives(twin)).enumerate() {
                let apart = difference(own, twin);
                assert!(apart < 1e-13, "{op:?} of {hidden} hidden units, {order}: {apart:e}");
            }
        }
    }
}

const NET: Lstm = Lstm { inputs: 2, hidden: 5, layers: 2 };
const STEPS: usize = 5;
const ROWS: usize = 3;

/// The parameters of the net with biases that are not 0, and of a layer on top.
fn parameters(seed: u64) -> Tensors<f64> {
    let mut rng = stream(seed, 0, 0);
    let mut theta = NET.parameters::<f64>(Initializer::Xavier, &mut rng);
    theta.push("head.w", random([NET.hidden, 1], seed + 1));
    theta.for_each_mut(|x| *x += rng.random_range(-0.2..0.2));
    theta
}

/// A loss of the outputs of all steps.
fn unrolled<'t>(theta: Params<'t, f64>, xs: &[Var<'t, f64>]) -> Var<'t, f64> {
    let mut state = NET.start(theta.tape(), ROWS);
    let mut total = theta.tape().scalar(0.0);
    for &x in xs {
        state = NET.step(theta, state, x);
        total = total + NET.output(state).matmul(theta.get(theta.len() - 1)).sin().sum();
    }
    total
}

fn inputs<'t>(tape: &'t Tape<f64>, episodes: u32) -> Vec<Var<'t, f64>> {
    let each = |step| {
        let numbers = random::<f64>([episodes as usize * ROWS, NET.inputs], 50 + step);
        tape.leaf(Extent::new(episodes, [ROWS, NET.inputs]), |out| out.copy_from_slice(numbers.values()))
    };
    (0..STEPS as u64).map(each).collect()
}

#[test]
fn initial_parameters_have_the_shapes_of_the_layers() {
    let theta = NET.parameters::<f32>(Initializer::Xavier, &mut stream(0, 0, 0));
    let shapes: Vec<_> = theta.iter().map(|(name, tensor)| (name, tensor.shape().dims().to_vec())).collect();
    let expected = [
        ("lstm0.wx", vec![2, 20]),
        ("lstm0.wh", vec![5, 20]),
        ("lstm0.b", vec![20]),
        ("lstm1.wx", vec![5, 20]),
        ("lstm1.wh", vec![5, 20]),
        ("lstm1.b", vec![20]),
    ];
    assert_eq!(shapes, expected);
    // Each gate's weights are a matrix of their own: Xavier's bound is that of 5 inputs and 5 outputs.
    let bound = (6.0_f32 / 10.0).sqrt();
    let largest = theta.tensors()[1].values().iter().fold(0.0, |most: f32, x| most.max(x.abs()));
    assert!(largest > 0.8 * bound && largest <= bound, "{largest} for a bound of {bound}");
}

#[test]
fn the_gradient_through_time_is_that_of_differences() {
    let theta = parameters(1);
    let loss = |theta: &Tensors<f64>| {
        let tape = Tape::new();
        unrolled(theta.put(&tape), &inputs(&tape, 1)).item()
    };
    let tape = Tape::new();
    let vars = theta.put(&tape);
    let gradient = grad(unrolled(vars, &inputs(&tape, 1)), &vars);
    let found = values(&gradient.iter().collect::<Vec<_>>());
    let mut at = 0;
    for tensor in 0..theta.len() {
        for i in 0..theta.tensors()[tensor].values().len() {
            let slope = naive::derivative(|h| {
                let mut moved = theta.clone();
                moved.tensors_mut()[tensor].values_mut()[i] += h;
                loss(&moved)
            });
            let apart = (found[at] - slope).abs();
            assert!(
                apart < 1e-9 * slope.abs().max(1.0),
                "{tensor}, {i}: {}, by differences {slope}",
                found[at]
            );
            at += 1;
        }
    }
}

#[test]
fn hessian_vector_products_through_time_agree_and_are_symmetric() {
    let tape = Tape::new();
    let theta = parameters(1).put(&tape);
    let [u, v] = [2, 3].map(|seed| {
        Params::from_fn(&tape, theta.len(), |i| {
            tape.tensor(&random(theta.get(i).shape(), 70 * seed + i as u64))
        })
    });
    let loss = unrolled(theta, &inputs(&tape, 1));
    let modes = [hvp(loss, &theta, &v), hvp_forward(loss, &theta, &v), hvp_reverse(loss, &theta, &v)];
    let [first, others @ ..] = modes.map(|hv| values(&hv.iter().collect::<Vec<_>>()));
    for other in others {
        let apart = difference(&other, &first);
        assert!(apart < 1e-11, "off by {apart:e}");
    }
    let (uhv, vhu) = (u.dot(modes[0]).item(), v.dot(hvp(loss, &theta, &u)).item());
    assert!((uhv - vhu).abs() < 1e-11 * uhv.abs().max(1.0), "{uhv} and {vhu}");
    // And they are the slopes of the gradient.
    let gradient_at = |h: f64| {
        let moved = theta.add_scaled(h, v);
        let gradient = grad(unrolled(moved, &inputs(&tape, 1)), &moved);
        u.dot(gradient).item()
    };
    let slope = naive::derivative(gradient_at);
    assert!((uhv - slope).abs() < 1e-9 * slope.abs().max(1.0), "{uhv}, by differences {slope}");
}

#[test]
fn rows_and_episodes_are_independent_of_each_other() {
    let episodes = 4;
    let tape = Tape::new();
    let theta = parameters(5).put(&tape);
    let xs = inputs(&tape, episodes);
    let losses = unrolled(theta, &xs);
    assert_eq!(losses.episodes(), episodes);
    let (each, sum) = (values(&[losses]), grad(losses.sum_episodes(), &theta));
    let mut total = vec![0.0; theta.iter().map(|x| x.shape().len()).sum()];
    for (episode, expected) in each.iter().enumerate() {
        let alone: Vec<_> = xs
            .iter()
            .map(|x| {
                let shape = x.shape();
                let part = values(&[*x])[episode * shape.len()..(episode + 1) * shape.len()].to_vec();
                tape.tensor(&Tensor::from_vec(shape, part))
            })
            .collect();
        let loss = unrolled(theta, &alone);
        assert!((loss.item() - expected).abs() < 1e-13 * expected.abs().max(1.0));
        let gradient = values(&grad(loss, &theta).iter().collect::<Vec<_>>());
        total.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g);
    }
    let apart = difference(&values(&sum.iter().collect::<Vec<_>>()), &total);
    assert!(apart < 1e-13, "off by {apart:e}");
}

#[test]
fn extreme_gates_open_and_close_and_nan_passes_through() {
    let tape = Tape::<f32>::new();
    let row = |numbers: &[f32]| tape.tensor(&Tensor::from_vec([1, numbers.len()], numbers.to_vec()));
    let before = row(&[0.0, 3.0]);
    let closed = row(&[-f32::INFINITY, f32::INFINITY, f32::INFINITY, -1e30]);
    assert_eq!(values(&[closed.lstm_cell(before)]), [0.0, 3.0]);
    let open = row(&[1e30, -1e30, f32::INFINITY, f32::INFINITY]).lstm_cell(before);
    assert_eq!(values(&[open]), [1.0, 1.0]);
    for part in 0..4 {
        let mut gates = [0.5; 4];
        gates[part] = f32::NAN;
        let gates = row(&gates);
        let output = gates.lstm_cell(before).lstm_output();
        assert!(output.item().is_nan(), "gate {part}");
        assert!(values(&[grad(output, &gates)])[part].is_nan(), "gate {part}");
    }
    assert!(row(&[0.5; 4]).lstm_cell(row(&[0.0, f32::NAN])).lstm_output().item().is_nan());
}
