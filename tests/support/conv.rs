//! Convolutions and their transposes against plain loops.

use metatape::kernels::conv::{Geometry, add_conv_weight, conv, conv_input};
use metatape::simd::Float;
use metatape::tasks::stream;
use rand::RngExt;

/// Calls `body` with the places in images, weights and results of all that meet.
fn each_term(geometry: &Geometry, mut body: impl FnMut(usize, usize, usize)) {
    let Geometry { images, input: [height, width], channels, kernel, stride, padding, filters } = *geometry;
    let [rows, columns] = geometry.output().expect("a window that fits");
    for n in 0..images {
        for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
            for (a, b) in (0..kernel[0]).flat_map(|a| (0..kernel[1]).map(move |b| (a, b))) {
                let place = |at: usize, within: usize, axis: usize, end: usize| {
                    (at * stride[axis] + within).checked_sub(padding[axis]).filter(|&at| at < end)
                };
                let (Some(row), Some(column)) = (place(i, a, 0, height), place(j, b, 1, width)) else {
                    continue;
                };
                for (c, f) in (0..channels).flat_map(|c| (0..filters).map(move |f| (c, f))) {
                    body(
                        ((n * height + row) * width + column) * channels + c,
                        ((a * kernel[1] + b) * channels + c) * filters + f,
                        ((n * rows + i) * columns + j) * filters + f,
                    );
                }
            }
        }
    }
}

/// Images, weights and cotangents.
pub fn draw<T: Float>(seed: u64, geometry: &Geometry) -> [Vec<T>; 3] {
    let Geometry { images, input: [height, width], channels, kernel, filters, .. } = *geometry;
    let [rows, columns] = geometry.output().expect("a window that fits");
    let mut rng = stream(seed, 0, 0);
    [
        images * height * width * channels,
        kernel[0] * kernel[1] * channels * filters,
        images * rows * columns * filters,
    ]
    .map(|count| (0..count).map(|_| T::from_f64(rng.random_range(-1.0..1.0))).collect())
}

/// All three; numbers may be apart by `tolerance`, relative to the largest of 1, of them, and of the roots of the sums of their terms'
/// squares: what a sum comes to on its way, and rounds at, even where it ends small.
pub fn check<T: Float>(seed: u64, geometry: &Geometry, tolerance: f64) {
    let [x, w, y] = draw::<T>(seed, geometry);
    // Each sum, and beside it the sum of its terms' squares.
    let nothing = (0.0, 0.0);
    let mut expected =
        [vec![nothing; x.len()], w.iter().map(|w| (w.to_f64(), 0.0)).collect(), vec![nothing; y.len()]];
    each_term(geometry, |at_x, at_w, at_y| {
        let [x, w, y] = [x[at_x], w[at_w], y[at_y]].map(|value| value.to_f64());
        for (which, at, term) in [(0, at_x, w * y), (1, at_w, x * y), (2, at_y, x * w)] {
            let (sum, squares) = &mut expected[which][at];
            *sum += term;
            *squares += term * term;
        }
    });
    // What is not written shows as NaN.
    let nan = T::from_f64(f64::NAN);
    let (mut found_x, mut found_w, mut found_y) = (vec![nan; x.len()], w.clone(), vec![nan; y.len()]);
    conv(geometry, &x, &w, &mut found_y);
    conv_input(geometry, &y, &w, &mut found_x);
    add_conv_weight(geometry, &x, &y, &mut found_w);
    for (name, found, expected) in [
        ("input", &found_x, &expected[0]),
        ("weight", &found_w, &expected[1]),
        ("conv", &found_y, &expected[2]),
    ] {
        let larger = |most: f64, (sum, squares): &(f64, f64)| most.max(sum.abs()).max(squares.sqrt());
        let largest = expected.iter().fold(1.0, larger);
        for (at, (found, (expected, _))) in found.iter().zip(expected).enumerate() {
            let error = (found.to_f64() - expected).abs();
            assert!(error <= tolerance * largest, "{geometry:?}: {name} {at}: {found}, not {expected}");
        }
    }
}
