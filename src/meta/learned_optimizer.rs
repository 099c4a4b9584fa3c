//! Learning to learn by gradient descent by gradient descent: an LSTM in the place of Adam.

use rand::Rng;

use super::{Fast, Inner, MetaVars, Slope, log_and_sign};
use crate::nn::{Initializer, Lstm, Params};
use crate::ops::Var;
use crate::simd::Float;
use crate::tensor::{Tensor, Tensors};

/// A learned optimiser (Andrychowicz et al. 2016): `theta' = theta + scale m(gradient, state; phi)`.
///
/// `m` is an LSTM with a linear layer behind it that sees one coordinate of the gradient at a time. All coordinates share its
/// weights `phi`, each has a state of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearnedOptimizer {
    /// How many numbers each layer of the LSTM remembers for a coordinate.
    pub hidden: usize,
    /// How many layers.
    pub layers: usize,
    /// Whether it sees gradients by [`log_and_sign`] or as they are.
    pub preprocesses: bool,
    /// How far an output of 1 goes.
    pub scale: f64,
}

impl LearnedOptimizer {
    /// As published for quadratics: two layers of 20, gradients as they are.
    pub fn published() -> Self {
        LearnedOptimizer { hidden: 20, layers: 2, preprocesses: false, scale: 0.1 }
    }

    fn lstm(&self) -> Lstm {
        let inputs = if self.preprocesses { 2 } else { 1 };
        Lstm { inputs, hidden: self.hidden, layers: self.layers }
    }

    /// First meta-parameters: those of the LSTM, then `out.w` `[hidden, 1]` and `out.b` `[1]`; weights even between
    /// `-1 / sqrt(hidden)` and that, biases 0.
    pub fn parameters<T: Float>(&self, rng: &mut impl Rng) -> Tensors<T> {
        let even = Initializer::Uniform((self.hidden as f64).powf(-0.5));
        let mut phi = self.lstm().parameters(even, rng);
        phi.push("out.w", even.matrix(self.hidden, 1, rng));
        phi.push("out.b", Tensor::zeros([1]));
        phi
    }
}

impl<T: Float> Inner<T> for LearnedOptimizer {
    type Meta = Tensors<T>;

    fn memory<'t>(&self, theta: Params<'t, T>) -> Params<'t, T> {
        let start = |var: Var<'t, T>| self.lstm().start(theta.tape(), var.shape().len());
        Params::join(theta.tape(), &theta.iter().map(start).collect::<Vec<_>>())
    }

    fn step<'t>(
        &self,
        phi: MetaVars<'t, T, Tensors<T>>,
        (theta, memory): Fast<'t, T>,
        slope: Slope<'t, T>,
        _: usize,
    ) -> Fast<'t, T> {
        let parts = 2 * self.layers;
        let states: Vec<Params<'t, T>> = (0..theta.len())
            .map(|i| {
                let g = column(slope.gradient.get(i));
                let x = if self.preprocesses { log_and_sign(g) } else { g };
                self.lstm().step(phi, memory.part(parts * i, parts), x)
            })
            .collect();
        let (w, b) = (phi.get(phi.len() - 2), phi.get(phi.len() - 1));
        let moved = Params::from_fn(theta.tape(), theta.len(), |i| {
            let (var, out) = (theta.get(i), self.lstm().output(states[i]).matmul_add(w, b, false));
            var.add_scaled(T::from_f64(self.scale), out.reshape(var.shape()))
        });
        (moved, Params::join(theta.tape(), &states))
    }
}

/// All coordinates of a variable, one a row.
pub(super) fn column<T: Float>(x: Var<'_, T>) -> Var<'_, T> {
    x.reshape([x.shape().len(), 1])
}
