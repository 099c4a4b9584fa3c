//! Meta-LSTM: the parameters are the cell of an LSTM, a step is one pass through its gates.

use rand::{Rng, RngExt};

use super::learned_optimizer::column;
use super::{Fast, Inner, MetaVars, Slope, log_and_sign};
use crate::nn::{Initializer, Lstm, Params};
use crate::ops::{Var, concat};
use crate::simd::Float;
use crate::tape::Extent;
use crate::tensor::{Tensor, Tensors};

/// Meta-LSTM (Ravi and Larochelle 2017): `theta' = sigmoid(f) o theta - sigmoid(i) o gradient`, where for each coordinate
///
/// ```text
/// h = LSTM(log_and_sign(gradient), log_and_sign(loss))
/// f = h . w_f + u_f theta + v_f f_before + b_f ,   i = h . w_i + u_i theta + v_i i_before + b_i
/// ```
///
/// All coordinates share the weights, each has a state of its own; what is remembered of `f` and `i` is what goes into the
/// sigmoids, as in the authors' code. Published with gradients and losses as constants ([`Order::First`](super::Order)); of
/// second order it is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetaLstm {
    /// How many numbers the LSTM remembers for a coordinate.
    pub hidden: usize,
}

/// The share of parameters and gradient that a first step takes: `sigmoid(4 .. 5)` of the old, a rate near 0.01.
const FIRST_GATES: [std::ops::Range<f64>; 2] = [4.0..5.0, -5.0..-4.0];
const FIRST_WEIGHTS: Initializer = Initializer::Uniform(0.01);

impl MetaLstm {
    /// As published: 20 numbers a coordinate.
    pub fn published() -> Self {
        MetaLstm { hidden: 20 }
    }

    fn lstm(&self) -> Lstm {
        Lstm { inputs: 4, hidden: self.hidden, layers: 1 }
    }

    /// First meta-parameters, as in the authors' code: those of the LSTM, then `gates.h` `[hidden, 2]`, `gates.theta`,
    /// `gates.before` and `gates.b` `[2]` (forget, input). Weights even between -0.01 and 0.01; the biases of the gates
    /// between 4 and 5 and between -5 and -4, so that it begins as gradient descent with a rate near 0.01.
    pub fn parameters<T: Float>(&self, rng: &mut impl Rng) -> Tensors<T> {
        let mut phi = self.lstm().parameters(FIRST_WEIGHTS, rng);
        phi.push("gates.h", FIRST_WEIGHTS.matrix(self.hidden, 2, rng));
        phi.push("gates.theta", FIRST_WEIGHTS.tensor([2], 1, 2, rng));
        phi.push("gates.before", FIRST_WEIGHTS.tensor([2], 1, 2, rng));
        let biases = FIRST_GATES.map(|range| T::from_f64(rng.random_range(range)));
        phi.push("gates.b", Tensor::from_vec([2], biases.to_vec()));
        phi
    }
}

impl<T: Float> Inner<T> for MetaLstm {
    type Meta = Tensors<T>;

    const READS_LOSS: bool = true;

    /// For each tensor the state of the LSTM, and the gates before their sigmoids, `[coordinates, 2]`.
    fn memory<'t>(&self, theta: Params<'t, T>) -> Params<'t, T> {
        let tape = theta.tape();
        let start = |var: Var<'t, T>| {
            let rows = var.shape().len();
            let gates = tape.fill(Extent::shared([rows, 2]), T::ZERO);
            with_gates(self.lstm().start(tape, rows), gates)
        };
        Params::join(tape, &theta.iter().map(start).collect::<Vec<_>>())
    }

    fn step<'t>(
        &self,
        phi: MetaVars<'t, T, Tensors<T>>,
        (theta, memory): Fast<'t, T>,
        slope: Slope<'t, T>,
        _: usize,
    ) -> Fast<'t, T> {
        let tape = theta.tape();
        let [of_h, of_theta, of_before, b] = phi.part(phi.len() - 4, 4).all();
        let loss = log_and_sign(column(slope.loss));
        let mut moved = Vec::with_capacity(theta.len());
        let mut remembered = Vec::with_capacity(theta.len());
        for i in 0..theta.len() {
            let (var, before) = (theta.get(i), memory.part(3 * i, 3));
            let (values, g) = (column(var), column(slope.gradient.get(i)));
            let x = concat(log_and_sign(g), loss.broadcast_to([values.shape().dim(0), 2]), 1);
            let state = self.lstm().step(phi, before.part(0, 2), x);
            let gates = self.lstm().output(state).matmul_add(of_h, b, false)
                + values * of_theta
                + before.get(2) * of_before;
            let open = gates.sigmoid();
            let next = open.slice(1, 0..1) * values - open.slice(1, 1..2) * g;
            moved.push(next.reshape(var.shape()));
            remembered.push(with_gates(state, gates));
        }
        (Params::from_fn(tape, moved.len(), |i| moved[i]), Params::join(tape, &remembered))
    }
}

/// The state of the LSTM and the gates as one list.
fn with_gates<'t, T: Float>(state: Params<'t, T>, gates: Var<'t, T>) -> Params<'t, T> {
    Params::from_fn(state.tape(), 3, |part| if part < 2 { state.get(part) } else { gates })
}
