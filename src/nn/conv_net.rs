//! Convolutional classifiers for few-shot learning: Conv-4 in its published forms.

use rand::Rng;

use super::batch_norm::{as_seen, normalizer};
use super::{Activation, Initializer, Params, dense};
use crate::ops::Var;
use crate::simd::Float;
use crate::tensor::{Tensor, Tensors};

/// Blocks of 3x3 convolution, batch norm on the statistics of the batch, activation and halving, and a dense head.
///
/// A bias before batch norm would change nothing, so convolutions have none. Statistics are those of the batch at hand, at
/// test as well (transductive), as MAML has it.
///
/// ```
/// use metatape::nn::{ConvNet, Initializer};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let net = ConvNet::meta_sgd_omniglot(5);
/// let theta = net.parameters::<f32>(Initializer::Xavier, &mut Xoshiro256PlusPlus::seed_from_u64(0));
/// assert_eq!(theta.get("conv1.w").unwrap().shape().dims(), [3, 3, 64, 64]);
/// assert_eq!(theta.count(), 111_680 + 64 * 32 + 32 + 32 * 5 + 5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvNet {
    /// Height, width and channels of an image.
    pub image: [usize; 3],
    /// How many blocks.
    pub blocks: usize,
    /// The channels that each block makes.
    pub filters: usize,
    /// How a block halves the image.
    pub halving: Halving,
    /// What stands behind batch norm.
    pub activation: Activation,
    /// What of batch norm is learned.
    pub scales: Scales,
    /// What the head sees of the last block.
    pub features: Features,
    /// The width of a dense layer with relu before the head, if there is one.
    pub hidden: Option<usize>,
    /// How many classes.
    pub ways: usize,
    /// What is added to a variance before its root is taken.
    pub epsilon: f64,
}

/// How a block halves the height and the width of its image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halving {
    /// By the largest of each 2x2 window behind the activation; a last odd row or column is dropped.
    MaxPool,
    /// By the mean of each 2x2 window: smooth, for checks of derivatives.
    MeanPool,
    /// By a convolution of stride 2.
    Stride,
}

/// What of batch norm, `gamma (x - mean) / sqrt(variance + epsilon) + beta`, is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scales {
    /// gamma and beta.
    Both,
    /// beta; gamma is 1.
    Shift,
}

/// What the head sees of the last block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Features {
    /// Every place of every channel.
    All,
    /// The mean of each channel.
    Mean,
}

impl ConvNet {
    /// Meta-SGD's net for Omniglot (Li et al. 2017): 64 filters, max-pooling, a dense layer of 32 before the head.
    pub const fn meta_sgd_omniglot(ways: usize) -> Self {
        ConvNet {
            image: [28, 28, 1],
            blocks: 4,
            filters: 64,
            halving: Halving::MaxPool,
            activation: Activation::Relu,
            scales: Scales::Both,
            features: Features::All,
            hidden: Some(32),
            ways,
            epsilon: 1e-5,
        }
    }

    /// MAML's net for Omniglot (Finn et al. 2017): 64 filters, convolutions of stride 2, the mean over the last map, beta
    /// without gamma.
    pub const fn maml_omniglot(ways: usize) -> Self {
        ConvNet {
            halving: Halving::Stride,
            scales: Scales::Shift,
            features: Features::Mean,
            hidden: None,
            ..ConvNet::meta_sgd_omniglot(ways)
        }
    }

    /// The net for coloured images (84x84 in miniImagenet, 32x32 in CIFAR-FS): 32 filters and max-pooling in both papers.
    pub const fn coloured(length: usize, ways: usize) -> Self {
        ConvNet { image: [length, length, 3], filters: 32, hidden: None, ..ConvNet::meta_sgd_omniglot(ways) }
    }

    /// First parameters: for each block `conv0.w`, `conv0.gamma`, `conv0.beta`, ..., then `hidden.w`, `hidden.b` and
    /// `head.w`, `head.b`, of which each net has those that it uses. Weights by `initializer`, gamma 1, the others 0.
    ///
    /// # Panics
    /// The image is too small for so many blocks.
    #[track_caller]
    pub fn parameters<T: Float>(&self, initializer: Initializer, rng: &mut impl Rng) -> Tensors<T> {
        let ConvNet { filters, .. } = *self;
        let mut theta = Tensors::new();
        let mut channels = self.image[2];
        for block in 0..self.blocks {
            let shape = [3, 3, channels, filters];
            theta.push(format!("conv{block}.w"), initializer.tensor(shape, 9 * channels, 9 * filters, rng));
            if self.scales == Scales::Both {
                theta.push(format!("conv{block}.gamma"), Tensor::full([filters], T::ONE));
            }
            theta.push(format!("conv{block}.beta"), Tensor::zeros([filters]));
            channels = filters;
        }
        let mut width = self.width();
        if let Some(hidden) = self.hidden {
            theta.push("hidden.w", initializer.matrix(width, hidden, rng));
            theta.push("hidden.b", Tensor::zeros([hidden]));
            width = hidden;
        }
        theta.push("head.w", initializer.matrix(width, self.ways, rng));
        theta.push("head.b", Tensor::zeros([self.ways]));
        theta
    }

    /// How many of the tensors of [`ConvNet::parameters`] are the head's, the last ones: what ANIL adapts.
    pub const HEAD: usize = 2;

    /// The numbers that the head, or the hidden layer, sees of an image.
    #[track_caller]
    fn width(&self) -> usize {
        let mut size = [self.image[0], self.image[1]];
        for _ in 0..self.blocks {
            size = match self.halving {
                Halving::MaxPool | Halving::MeanPool => size.map(|length| length / 2),
                Halving::Stride => size.map(|length| length.div_ceil(2)),
            };
        }
        let [height, width] = size;
        assert!(
            height * width > 0,
            "an image of {:?} has no place left after {} blocks",
            self.image,
            self.blocks
        );
        match self.features {
            Features::All => height * width * self.filters,
            Features::Mean => self.filters,
        }
    }

    /// The logits `[n, ways]` of images `[n, height, width, channels]`.
    ///
    /// # Panics
    /// The parameters or the images are not this net's.
    #[track_caller]
    pub fn logits<'t, T: Float>(&self, theta: Params<'t, T>, images: Var<'t, T>) -> Var<'t, T> {
        self.logits_by(theta, images, Var::moments)
    }

    /// The logits of images that are normalised by the statistics of other images, `seen`, at each block: those of a support
    /// set, so that what is said of an image does not hang on the images it is asked about with.
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

    /// The logits by such statistics as are made of the maps of each block.
    #[track_caller]
    fn logits_by<'t, T: Float>(
        &self,
        theta: Params<'t, T>,
        images: Var<'t, T>,
        mut statistics: impl FnMut(Var<'t, T>) -> Var<'t, T>,
    ) -> Var<'t, T> {
        let mut parameters = theta.iter();
        let mut next = || parameters.next().expect("as many parameters as the net has");
        let mut h = images;
        for _ in 0..self.blocks {
            let w = next();
            let gamma = (self.scales == Scales::Both).then(&mut next);
            h = self.block(h, w, [gamma, Some(next())], &mut statistics);
        }
        let images = h.shape().dim(0);
        h = match self.features {
            Features::All => h.reshape([images, h.shape().len() / images.max(1)]),
            Features::Mean => h.mean_image(),
        };
        if self.hidden.is_some() {
            h = dense(h, next(), next(), Activation::Relu);
        }
        let logits = dense(h, next(), next(), Activation::Identity);
        assert!(parameters.next().is_none(), "logits: {} parameters are more than the net has", theta.len());
        logits
    }

    #[track_caller]
    fn block<'t, T: Float>(
        &self,
        x: Var<'t, T>,
        w: Var<'t, T>,
        [gamma, beta]: [Option<Var<'t, T>>; 2],
        statistics: &mut impl FnMut(Var<'t, T>) -> Var<'t, T>,
    ) -> Var<'t, T> {
        let stride = if self.halving == Halving::Stride { 2 } else { 1 };
        let z = x.conv(w, [stride; 2], [1, 1]);
        let scale_shift = normalizer(statistics(z), gamma, beta, T::from_f64(self.epsilon));
        match (self.activation, self.halving) {
            (Activation::Relu, Halving::MaxPool) => z.relu_pool(scale_shift, [2, 2], [2, 2]),
            (Activation::Relu, Halving::Stride) => z.relu_pool(scale_shift, [1, 1], [1, 1]),
            (activation, halving) => {
                let y = activation.of(z.scale_shift(scale_shift));
                match halving {
                    Halving::MaxPool => y.max_pool([2, 2], [2, 2]),
                    Halving::MeanPool => y.mean_pool([2, 2], [2, 2]),
                    Halving::Stride => y,
                }
            }
        }
    }
}
