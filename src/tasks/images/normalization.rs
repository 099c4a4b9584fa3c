//! Pixels brought to mean 0 and deviation 1.

use super::{DatasetError, Images};

/// How bytes become numbers: with `v = byte / 255` in [0, 1], channel `c` gives `(v - mean[c]) / deviation[c]`.
///
/// It is computed from the training classes and applied to all others: plain numbers, to be saved with the model.
///
/// ```
/// use metatape::tasks::{Images, Normalization};
///
/// let mut train = Images::new([1, 2, 1]);
/// train.push_class("a", vec![0, 255]);
/// assert_eq!(Normalization::of(&train), Normalization { mean: vec![0.5], deviation: vec![0.5] });
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    /// The mean of each channel, in [0, 1].
    pub mean: Vec<f64>,
    /// The standard deviation of each channel, above 0.
    pub deviation: Vec<f64>,
}

impl Normalization {
    /// Mean 0 and deviation 1 for each channel: pixels stay in [0, 1].
    pub fn unit(channels: usize) -> Self {
        Normalization { mean: vec![0.0; channels], deviation: vec![1.0; channels] }
    }

    /// The mean and the standard deviation of each channel over all pixels of all images.
    ///
    /// A channel that is the same everywhere, or has no pixel, gets the deviation 1. Sums are taken in whole numbers, so
    /// nothing is rounded before the end.
    pub fn of(images: &Images) -> Self {
        let [_, _, channels] = images.shape();
        let mut counts = vec![[0_u64; 256]; channels];
        for class in &images.classes {
            for pixel in class.pixels.chunks_exact(channels) {
                for (counts, &byte) in counts.iter_mut().zip(pixel) {
                    counts[usize::from(byte)] += 1;
                }
            }
        }
        let (mean, deviation) = counts.iter().map(moments).unzip();
        Normalization { mean, deviation }
    }

    /// The number for each byte, channel by channel.
    pub(in crate::tasks) fn table(&self, channels: usize) -> Result<Vec<[f64; 256]>, DatasetError> {
        let finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        let fits = self.mean.len() == channels && self.deviation.len() == channels;
        if !fits
            || !finite(&self.mean)
            || !finite(&self.deviation)
            || self.deviation.iter().any(|&d| d <= 0.0)
        {
            return Err(DatasetError::Normalization { normalization: self.clone(), channels });
        }
        let numbers = self.mean.iter().zip(&self.deviation);
        Ok(numbers
            .map(|(mean, deviation)| std::array::from_fn(|byte| (byte as f64 / 255.0 - mean) / deviation))
            .collect())
    }
}

/// Mean and standard deviation of bytes that occur so often, divided by 255.
fn moments(counts: &[u64; 256]) -> (f64, f64) {
    let sum = |power| -> u128 {
        (0..).zip(counts).map(|(byte, &count): (u128, _)| byte.pow(power) * u128::from(count)).sum()
    };
    let (n, sum, squares) = (sum(0), sum(1), sum(2));
    let spread = n * squares - sum * sum;
    if spread == 0 {
        return (if n == 0 { 0.0 } else { sum as f64 / (255 * n) as f64 }, 1.0);
    }
    (sum as f64 / (255 * n) as f64, (spread as f64).sqrt() / (255 * n) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(pixels: &[u8]) -> Images {
        let mut images = Images::new([1, 1, 2]);
        images.push_class("a", pixels.to_vec());
        images
    }

    #[test]
    fn channels_are_apart() {
        let found = Normalization::of(&images(&[0, 10, 51, 10, 102, 40, 255, 40]));
        let mean = [0.4, 25.0 / 255.0];
        let deviation = [(0.16 + 0.04 + 0.0 + 0.36_f64).sqrt() / 2.0, 15.0 / 255.0];
        for channel in 0..2 {
            assert!((found.mean[channel] - mean[channel]).abs() < 1e-15, "{found:?}");
            assert!((found.deviation[channel] - deviation[channel]).abs() < 1e-15, "{found:?}");
        }
    }

    #[test]
    fn normalized_bytes_have_mean_zero_and_deviation_one() {
        let pixels = [3, 250, 77, 13, 129, 86, 4, 94];
        let table = Normalization::of(&images(&pixels)).table(2).unwrap();
        for (channel, table) in table.iter().enumerate() {
            let values: Vec<f64> =
                pixels.iter().skip(channel).step_by(2).map(|&byte| table[usize::from(byte)]).collect();
            let mean = values.iter().sum::<f64>() / 4.0;
            let square = values.iter().map(|value| value * value).sum::<f64>() / 4.0;
            assert!(mean.abs() < 1e-12 && (square - 1.0).abs() < 1e-12, "{mean} {square}");
        }
    }

    #[test]
    fn a_constant_channel_is_only_shifted() {
        let found = Normalization::of(&images(&[51, 0, 51, 255]));
        assert_eq!((found.mean[0], found.deviation[0]), (0.2, 1.0));
        assert_eq!(Normalization::of(&Images::new([1, 1, 2])), Normalization::unit(2));
    }

    #[test]
    fn unit_divides_by_255_exactly() {
        let table = Normalization::unit(1).table(1).unwrap();
        assert_eq!((table[0][0], table[0][51], table[0][255]), (0.0, 0.2, 1.0));
    }

    #[test]
    fn numbers_that_cannot_be_applied_are_refused() {
        let broken = |mean, deviation| Normalization { mean, deviation }.table(1).unwrap_err().to_string();
        let expected = "mean [0.5] and deviation [0.0] cannot normalize 1 channel(s)";
        assert_eq!(broken(vec![0.5], vec![0.0]), expected);
        broken(vec![f64::NAN], vec![1.0]);
        broken(vec![0.0, 0.0], vec![1.0]);
        broken(vec![0.0], vec![]);
    }
}
