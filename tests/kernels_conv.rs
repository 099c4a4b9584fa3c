//! Convolutions and their transposes against plain loops, in lengths that need several groups of patches and partial vectors.

#[path = "support/conv.rs"]
mod reference;

use metatape::kernels::conv::{Geometry, add_conv_weight, conv, conv_input};
use metatape::simd::Float;
use reference::draw;

fn geometries() -> Vec<Geometry> {
    let wide = Geometry {
        images: 3,
        input: [9, 11],
        channels: 19,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        filters: 21,
    };
    vec![
        wide,
        Geometry { stride: [2, 3], padding: [0, 2], ..wide },
        Geometry { kernel: [1, 1], padding: [0, 0], ..wide },
        Geometry { kernel: [9, 11], padding: [0, 0], ..wide },
        Geometry { kernel: [2, 5], padding: [4, 6], stride: [3, 2], ..wide },
        // Several groups of patches, that begin within a row.
        Geometry { images: 5, input: [31, 29], channels: 1, filters: 4, ..wide },
        Geometry { images: 5, input: [31, 29], channels: 1, filters: 4, stride: [2, 2], ..wide },
        Geometry { images: 7, input: [13, 17], channels: 40, filters: 5, ..wide },
        Geometry { images: 2, input: [4, 1], channels: 1, kernel: [3, 4], padding: [2, 3], ..wide },
        // Many channels and filters: by Winograd's tiles, as the first is. In several groups, with tiles partly outside the result,
        // and with transposes in the images of other padding, or by patches.
        Geometry { images: 5, input: [13, 17], channels: 33, filters: 35, ..wide },
        Geometry { images: 3, input: [14, 13], channels: 64, filters: 48, padding: [0, 2], ..wide },
        Geometry { images: 32, input: [3, 4], channels: 31, filters: 32, padding: [1, 0], ..wide },
        Geometry { images: 1, input: [16, 33], channels: 20, filters: 17, padding: [2, 0], ..wide },
        Geometry { images: 2, input: [12, 11], channels: 18, filters: 70, padding: [5, 3], ..wide },
        Geometry { images: 0, ..wide },
        Geometry { filters: 0, ..wide },
        Geometry { channels: 0, ..wide },
    ]
}

fn compare<T: Float>(tolerance: f64) {
    for (case, geometry) in geometries().iter().enumerate() {
        reference::check::<T>(case as u64, geometry, tolerance);
    }
}

#[test]
fn single_precision_is_as_the_loops_say() {
    compare::<f32>(2e-6);
}

#[test]
fn double_precision_is_as_the_loops_say() {
    compare::<f64>(4e-15);
}

#[test]
#[should_panic(expected = "not ")]
fn less_than_rounding_is_not_allowed() {
    compare::<f64>(1e-18);
}

#[test]
fn all_three_are_each_others_transposes() {
    for (case, geometry) in geometries().iter().enumerate() {
        let [x, w, y] = draw::<f64>(case as u64, geometry);
        let (mut found_x, mut found_w, mut found_y) =
            (vec![0.0; x.len()], vec![0.0; w.len()], vec![0.0; y.len()]);
        conv(geometry, &x, &w, &mut found_y);
        conv_input(geometry, &y, &w, &mut found_x);
        add_conv_weight(geometry, &x, &y, &mut found_w);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let products = [dot(&found_y, &y), dot(&found_x, &x), dot(&found_w, &w)];
        let scale = (dot(&found_y, &found_y) * dot(&y, &y)).sqrt();
        for product in products {
            let error = (product - products[0]).abs();
            assert!(error <= 1e-13 * scale, "{geometry:?}: {products:?} of a scale of {scale}");
        }
    }
}

#[test]
fn a_window_that_does_not_fit_has_no_output() {
    let geometry = geometries()[0];
    assert_eq!(geometry.output(), Some([9, 11]));
    assert_eq!(Geometry { kernel: [12, 3], ..geometry }.output(), None);
    assert_eq!(Geometry { kernel: [0, 3], ..geometry }.output(), None);
    assert_eq!(Geometry { stride: [0, 1], ..geometry }.output(), None);
    // A last step that does not fit is left out.
    assert_eq!(Geometry { stride: [5, 4], padding: [0, 0], ..geometry }.output(), Some([2, 3]));
}

#[test]
#[should_panic(expected = "needs slices of")]
fn a_slice_of_another_length_is_refused() {
    conv(&geometries()[0], &[0.0f32; 3], &[0.0; 3], &mut [0.0; 3]);
}
