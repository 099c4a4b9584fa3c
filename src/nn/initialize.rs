//! First values for weights.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use crate::simd::Float;
use crate::tensor::{Shape, Tensor};

/// How weights are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initializer {
    /// Evenly from `-a` to `a` with `a = sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio 2010).
    Xavier,
    /// Normal with standard deviation `sqrt(2 / fan_in)` (He et al. 2015).
    He,
    /// Evenly from minus this to this.
    Uniform(f64),
    /// Normal with this standard deviation, redrawn beyond two of them.
    TruncatedNormal(f64),
}

impl Initializer {
    /// A weight matrix `[fan_in, fan_out]`.
    pub fn matrix<T: Float>(self, fan_in: usize, fan_out: usize, rng: &mut impl Rng) -> Tensor<T> {
        self.tensor([fan_in, fan_out], fan_in, fan_out, rng)
    }

    /// Weights of any shape, of which `fan_in` feed one output and one input feeds `fan_out`.
    pub fn tensor<T: Float>(
        self,
        shape: impl Into<Shape>,
        fan_in: usize,
        fan_out: usize,
        rng: &mut impl Rng,
    ) -> Tensor<T> {
        let mut draw = || match self {
            Initializer::Xavier => {
                let bound = (6.0 / (fan_in + fan_out) as f64).sqrt();
                rng.random_range(-bound..bound)
            }
            Initializer::Uniform(bound) => rng.random_range(-bound..bound),
            Initializer::He => (2.0 / fan_in as f64).sqrt() * normal(rng),
            Initializer::TruncatedNormal(deviation) => {
                deviation * std::iter::repeat_with(|| normal(rng)).find(|z| z.abs() <= 2.0).expect("endless")
            }
        };
        Tensor::from_fn(shape, |_| T::from_f64(draw()))
    }
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    /// Mean, standard deviation and largest magnitude of 40,000 weights with 300 inputs and 100 outputs.
    fn moments(initializer: Initializer) -> [f64; 3] {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        let weights = initializer.tensor::<f64>([200, 200], 300, 100, &mut rng);
        let n = weights.values().len() as f64;
        let mean = weights.values().iter().sum::<f64>() / n;
        let variance = weights.values().iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        [mean, variance.sqrt(), weights.values().iter().fold(0.0, |most: f64, x| most.max(x.abs()))]
    }

    #[test]
    fn weights_have_the_published_spread() {
        let bound = (6.0f64 / 400.0).sqrt();
        let cases = [
            (Initializer::Xavier, bound / 3f64.sqrt(), bound),
            (Initializer::Uniform(0.3), 0.3 / 3f64.sqrt(), 0.3),
            (Initializer::He, (2.0f64 / 300.0).sqrt(), f64::INFINITY),
            // The normal distribution cut at two deviations has 0.8796 of its deviation.
            (Initializer::TruncatedNormal(0.01), 0.008796, 0.02),
        ];
        for (initializer, deviation, most) in cases {
            let [mean, spread, largest] = moments(initializer);
            assert!(mean.abs() < 4.0 * deviation / 200.0, "{initializer:?}: mean {mean}");
            assert!((spread / deviation - 1.0).abs() < 0.02, "{initializer:?}: deviation {spread}");
            assert!(largest <= most, "{initializer:?}: {largest}");
        }
    }
}
