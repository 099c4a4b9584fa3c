//! The classifier without convolutions of MAML's Omniglot experiments.

use rand::Rng;

use super::batch_norm::{as_seen, normalizer};
use super::{Activation, Initializer, Params, dense};
use crate::ops::Var;
use crate::simd::Float;
use crate::tensor::{Tensor, Tensors};

/// Dense layers with batch norm on the statistics of the batch and relu, and a dense head (Finn et al. 2017).
///
/// A bias before batch norm would change nothing, so only the head has one.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseNet {
    /// The numbers in an image.
    pub inputs: usize,
    /// The widths of the layers.
    pub layers: Vec<usize>,
    /// How many classes.
    pub ways: usize,
    /// What is added to a variance before its root is taken.
    pub epsilon: f64,
}

impl DenseNet {
    /// 784-256-128-64-64, as published.
    pub fn omniglot(ways: usize) -> Self {
        DenseNet { inputs: 784, layers: vec![256, 128, 64, 64], ways, epsilon: 1e-5 }
    }

    /// First parameters: `dense0.w`, `dense0.beta`, ..., `head.w`, `head.b`; weights by `initializer`, the others 0.
    pub fn parameters<T: Float>(&self, initializer: Initializer, rng: &mut impl Rng) -> Tensors<T> {
        let mut theta = Tensors::new();
        let mut width = self.inputs;
        for (layer, &next) in self.layers.iter().enumerate() {
            theta.push(format!("dense{layer}.w"), initializer.matrix(width, next, rng));
            theta.push(format!("dense{layer}.beta"), Tensor::zeros([next]));
            width = next;
        }
        theta.push("head.w", initializer.matrix(width, self.ways, rng));
        theta.push("head.b", Tensor::zeros([self.ways]));
        theta
    }

    /// The logits `[n, ways]` of images of any shape `[n, ..]` with as many numbers as the net has inputs.
    ///
    /// # Panics
    /// The parameters or the images are not this net's.
    #[track_caller]
    pub fn logits<'t, T: Float>(&self, theta: Params<'t, T>, images: Var<'t, T>) -> Var<'t, T> {
        self.logits_by(theta, images, Var::moments)
    }

    /// The logits of images that are normalised by the statistics of other images, `seen`, as
    /// [`ConvNet::logits_as_seen`](super::ConvNet::logits_as_seen) does.
    ///
    /// # Panics
    /// The parameters or the images are not this net's.
    #[track_caller]
    pub fn logits_as_seen<'t, T: Float>(
        &self,
        theta: Params<'t, T>,
        seen: Var<'t, T>,
        images: Var<'t, T>,
    ) -> Var<'t, T> {
        as_seen(|images, statistics| self.logits_by(theta, images, statistics), seen, images)
    }

    #[track_caller]
    fn logits_by<'t, T: Float>(
        &self,
        theta: Params<'t, T>,
        images: Var<'t, T>,
        mut statistics: impl FnMut(Var<'t, T>) -> Var<'t, T>,
    ) -> Var<'t, T> {
        assert!(
            theta.len() == 2 * self.layers.len() + 2,
            "logits: {} parameters are not the net's",
            theta.len()
        );
        let mut h = images.reshape([images.shape().dim(0), self.inputs]);
        for layer in 0..self.layers.len() {
            let z = h.matmul(theta.get(2 * layer));
            let beta = theta.get(2 * layer + 1);
            h = z.scale_shift(normalizer(statistics(z), None, Some(beta), T::from_f64(self.epsilon))).relu();
        }
        let head = 2 * self.layers.len();
        dense(h, theta.get(head), theta.get(head + 1), Activation::Identity)
    }
}
