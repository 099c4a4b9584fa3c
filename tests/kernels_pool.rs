//! Kernels on images against scalar loops, in whole vectors and parts of them, on many rows.

use metatape::kernels::moments::moments;
use metatape::kernels::pool::{self, Line, Scores, Windows};
use metatape::kernels::scale_shift::scale_shift;
use metatape::simd::Float;

const CHANNELS: [usize; 8] = [1, 3, 5, 16, 19, 33, 64, 130];

/// Whole numbers, of which many are equal.
fn integers<T: Float>(length: usize, step: usize) -> Vec<T> {
    (0..length).map(|i| T::from_f64(((i * step) % 23) as f64 - 11.0)).collect()
}

/// The place of each pixel of each window of a channel in the images, window by window.
fn places(windows: &Windows) -> Vec<Vec<usize>> {
    let Windows { images, height, width, channels, size, stride } = *windows;
    let mut all = Vec::new();
    for image in 0..images {
        for top in (0..=height - size[0]).step_by(stride[0]) {
            for left in (0..=width - size[1]).step_by(stride[1]) {
                for channel in 0..channels {
                    let rows = (top..top + size[0]).map(|row| (image * height + row) * width);
                    let pixels = rows.flat_map(|row| (left..left + size[1]).map(move |column| row + column));
                    all.push(pixels.map(|pixel| pixel * channels + channel).collect());
                }
            }
        }
    }
    all
}

fn windows_of<T: Float>(windows: Windows) {
    let Windows { images, height, width, channels, .. } = windows;
    let places = places(&windows);
    let length = images * height * width * channels;
    let [x, v] = [7, 5].map(|step| integers::<T>(length, step));
    let u = integers::<T>(places.len(), 3);
    let a = integers::<T>(channels, 9);
    for scores in [Scores::Plain(&x), Scores::Scaled { z: &x, a: &a }] {
        let score = |at: usize| match scores {
            Scores::Plain(x) => x[at],
            Scores::Scaled { z, a } => a[at % channels] * z[at],
        };
        let chosen: Vec<usize> = places
            .iter()
            .map(|places| {
                let first = |best: usize, at: usize| if score(at) > score(best) { at } else { best };
                places.iter().copied().reduce(first).expect("a pixel")
            })
            .collect();

        let mut out = vec![T::ONE; places.len()];
        pool::pick(windows, scores, &v, &mut out);
        let expected: Vec<T> = chosen.iter().map(|&at| v[at]).collect();
        assert_eq!(out, expected, "pick {windows:?}");

        let mut out = vec![T::ONE; length];
        pool::place(windows, scores, &u, &mut out);
        let mut expected = vec![T::ZERO; length];
        chosen.iter().zip(&u).for_each(|(&at, &u)| expected[at] += u);
        assert_eq!(out, expected, "place {windows:?}");

        if let Scores::Scaled { a: scale, .. } = scores {
            let line = Line { x: &x, a: &integers(channels, 4), b: &integers(channels, 6) };
            let mut out = vec![T::ONE; length];
            pool::place_onto(windows, scale, &u, line, &mut out);
            for (at, sum) in expected.iter_mut().enumerate() {
                *sum += line.a[at % channels] * x[at] + line.b[at % channels];
            }
            assert_eq!(out, expected, "place_onto {windows:?}");
        }
    }

    let mut out = vec![T::ONE; places.len()];
    pool::sum(windows, &x, &mut out);
    let expected: Vec<T> = places.iter().map(|places| places.iter().map(|&at| x[at]).sum()).collect();
    assert_eq!(out, expected, "sum {windows:?}");
    let mut out = vec![T::ONE; length];
    pool::spread(windows, &u, &mut out);
    let mut expected = vec![T::ZERO; length];
    places.iter().zip(&u).for_each(|(places, &u)| places.iter().for_each(|&at| expected[at] += u));
    assert_eq!(out, expected, "spread {windows:?}");
}

#[test]
fn windows_are_those_of_scalar_loops() {
    for channels in CHANNELS {
        for (size, stride) in
            [([2, 2], [2, 2]), ([1, 1], [1, 1]), ([3, 2], [1, 2]), ([2, 1], [3, 2]), ([3, 3], [2, 2])]
        {
            let windows = Windows { images: 2, height: 6, width: 5, channels, size, stride };
            windows_of::<f32>(windows);
            windows_of::<f64>(windows);
            windows_of::<f32>(Windows { width: 8, ..windows });
        }
    }
}

fn scaled<T: Float>(channels: usize) {
    let x = integers::<T>(7 * channels, 7);
    let (y, ab) = (integers::<T>(x.len(), 5), integers::<T>(2 * channels, 9));
    let sum = |i: usize| ab[i % channels] * x[i] + ab[channels + i % channels];
    let mut out = vec![T::ZERO; x.len()];
    for relu in [false, true] {
        let end = |sum: T| if relu && sum < T::ZERO { T::ZERO } else { sum };
        scale_shift(&x, &ab, None, relu, &mut out);
        assert_eq!(out, (0..x.len()).map(|i| end(sum(i))).collect::<Vec<T>>());
        scale_shift(&x, &ab, Some(&y), relu, &mut out);
        assert_eq!(out, (0..x.len()).map(|i| end(y[i] + sum(i))).collect::<Vec<T>>());
    }
}

#[test]
fn channels_are_scaled_and_shifted() {
    for channels in CHANNELS {
        scaled::<f32>(channels);
        scaled::<f64>(channels);
    }
}

/// The moments of rows with this mean and a deviation of about 1 in each channel, against those in double precision.
fn moments_around<T: Float>(mean: f64, rows: usize, channels: usize, tolerance: [f64; 2]) {
    let noise = |i: usize| ((i as f64 * 0.618_033_988_749_895).fract() - 0.5) * 12f64.sqrt();
    let x: Vec<T> = (0..rows * channels).map(|i| T::from_f64(mean + noise(i))).collect();
    let mut out = vec![T::ZERO; 2 * channels];
    moments(&x, &mut out);
    for channel in 0..channels {
        let column = || x.iter().skip(channel).step_by(channels).map(|x| x.to_f64());
        let mean = column().sum::<f64>() / rows as f64;
        let variance = column().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
        for (got, expected, tolerance) in
            [(out[channel], mean, tolerance[0]), (out[channels + channel], variance, tolerance[1])]
        {
            let apart = (got.to_f64() - expected).abs();
            let most = tolerance * expected.abs().max(1.0);
            assert!(apart <= most, "{rows} rows of {channels}: {got} for {expected}, apart {apart:e}");
        }
    }
}

#[test]
fn moments_are_good_even_where_the_mean_is_ten_thousand_deviations() {
    for channels in CHANNELS {
        for rows in [1, 2, 63, 300, 5000] {
            moments_around::<f64>(-3.0, rows, channels, [1e-14; 2]);
            moments_around::<f32>(0.5, rows, channels, [1e-6; 2]);
            // The textbook formula, mean of squares less square of mean, would be off by more than the variance.
            moments_around::<f32>(1e4, rows, channels, [1e-6, 1e-5]);
        }
    }
}

#[test]
fn a_nan_stays_in_its_channel() {
    let mut x = integers::<f32>(300 * 5, 7);
    x[203 * 5 + 2] = f32::NAN;
    let mut out = [0.0; 10];
    moments(&x, &mut out);
    assert_eq!(
        out.map(f32::is_nan),
        [2, 7].into_iter().fold([false; 10], |mut nan, at| {
            nan[at] = true;
            nan
        })
    );
}
