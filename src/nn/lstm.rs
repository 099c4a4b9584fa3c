//! Long short-term memory (Hochreiter and Schmidhuber 1997), with the forget gate of Gers, Schmidhuber and Cummins (2000).

use rand::Rng;

use super::{Initializer, Params};
use crate::ops::{Tape, Var};
use crate::simd::Float;
use crate::tape::Extent;
use crate::tensor::{Tensor, Tensors};

/// One step of a layer: from its state `[h, cell]` and inputs `x` to its next state, with weights `[wx, wh, b]`.
///
/// ```text
/// i, f, g, o = the four parts of x wx + h wh + b
/// c' = sigmoid(f) c + sigmoid(i) tanh(g)
/// h' = sigmoid(o) tanh(c')
/// ```
///
/// `x` is `[rows, inputs]`, `h` `[rows, hidden]`, `wx` `[inputs, 4 hidden]`, `wh` `[hidden, 4 hidden]` and `b` `[4 hidden]`. A
/// `cell` is `[rows, 2 hidden]`: `sigmoid(o)` beside `c`, as [`lstm_cell`](Var::lstm_cell) makes it; of the one that a step
/// begins with only `c` counts.
///
/// # Panics
/// The shapes do not fit.
#[track_caller]
pub fn lstm<'t, T: Float>(
    [h, cell]: [Var<'t, T>; 2],
    x: Var<'t, T>,
    [wx, wh, b]: [Var<'t, T>; 3],
) -> [Var<'t, T>; 2] {
    let gates = h.matmul_add(wh, x.matmul_add(wx, b, false), false);
    let cell = gates.lstm_cell(cell);
    [cell.lstm_output(), cell]
}

/// Layers of LSTM, each fed with the one below it.
///
/// Rows are independent of each other and share the weights. So a learned optimiser that treats each coordinate alike
/// (Andrychowicz et al. 2016) takes all coordinates as rows: the gates of all are one matrix product. Episodes side by side
/// with shared weights are one product too.
///
/// ```
/// use metatape::nn::Lstm;
/// use metatape::prelude::*;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let net = Lstm { inputs: 3, hidden: 20, layers: 2 };
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(0);
/// let theta = net.parameters::<f32>(Initializer::Xavier, &mut rng);
///
/// let tape = Tape::new();
/// let theta = theta.put(&tape);
/// let mut state = net.start(&tape, 5);
/// for step in 0..4 {
///     let x = tape.fill(Extent::shared([5, 3]), step as f32);
///     state = net.step(theta, state, x);
/// }
/// let loss = net.output(state).square().sum();
/// assert_eq!(grad(loss, &theta).get(0).shape(), Shape::from([3, 80]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lstm {
    /// The numbers that a row brings to each step.
    pub inputs: usize,
    /// The numbers that each layer remembers for a row.
    pub hidden: usize,
    /// How many layers.
    pub layers: usize,
}

impl Lstm {
    /// First parameters: `lstm0.wx`, `lstm0.wh`, `lstm0.b`, `lstm1.wx`, ...; weights by `initializer`, each gate's as a matrix
    /// of its own, biases 0.
    pub fn parameters<T: Float>(&self, initializer: Initializer, rng: &mut impl Rng) -> Tensors<T> {
        let mut theta = Tensors::new();
        let mut matrix =
            |fan_in: usize| initializer.tensor([fan_in, 4 * self.hidden], fan_in, self.hidden, rng);
        for layer in 0..self.layers {
            let inputs = if layer == 0 { self.inputs } else { self.hidden };
            theta.push(format!("lstm{layer}.wx"), matrix(inputs));
            theta.push(format!("lstm{layer}.wh"), matrix(self.hidden));
            theta.push(format!("lstm{layer}.b"), Tensor::zeros([4 * self.hidden]));
        }
        theta
    }

    /// The state before the first step, zeros: `h` and `cell` of each layer, from the lowest to the highest.
    pub fn start<'t, T: Float>(&self, tape: &'t Tape<T>, rows: usize) -> Params<'t, T> {
        Params::from_fn(tape, 2 * self.layers, |i| {
            tape.fill(Extent::shared([rows, (1 + i % 2) * self.hidden]), T::ZERO)
        })
    }

    /// The state after a step with inputs `x`, `[rows, inputs]`. `theta` begins with this net's parameters; what comes behind
    /// them is left to others.
    ///
    /// # Panics
    /// Parameters, state or inputs are not this net's.
    #[track_caller]
    pub fn step<'t, T: Float>(
        &self,
        theta: Params<'t, T>,
        state: Params<'t, T>,
        x: Var<'t, T>,
    ) -> Params<'t, T> {
        assert!(
            theta.len() >= 3 * self.layers && state.len() == 2 * self.layers,
            "step: {} parameters and a state of {} parts are not those of {} layers",
            theta.len(),
            state.len(),
            self.layers
        );
        let mut all = Vec::with_capacity(state.len());
        let mut x = x;
        for layer in 0..self.layers {
            let weights = [0, 1, 2].map(|part| theta.get(3 * layer + part));
            let next = lstm([state.get(2 * layer), state.get(2 * layer + 1)], x, weights);
            all.extend(next);
            x = next[0];
        }
        Params::from_fn(x.tape(), all.len(), |i| all[i])
    }

    /// What the highest layer gives out, `[rows, hidden]`.
    ///
    /// # Panics
    /// The state is not this net's.
    #[track_caller]
    pub fn output<'t, T: Float>(&self, state: Params<'t, T>) -> Var<'t, T> {
        assert!(
            self.layers > 0 && state.len() == 2 * self.layers,
            "output: a state of {} parts is not that of {} layers",
            state.len(),
            self.layers
        );
        state.get(state.len() - 2)
    }
}
