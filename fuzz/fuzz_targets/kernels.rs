//! Bytes become the lengths of a matrix product or a convolution, and what is transposed, shared or added; the result must
//! be that of plain loops.

#![no_main]

use libfuzzer_sys::fuzz_target;
use metatape::kernels::conv::Geometry;
use metatape::kernels::gemm::Dimensions;
use metatape::tasks::stream;

#[path = "../../tests/support/conv.rs"]
mod conv;
#[path = "../../tests/support/gemm.rs"]
mod gemm;

/// The most products that plain loops are asked for.
const MOST_TERMS: usize = 2_000_000;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.iter();
    let mut choose = |below: usize| usize::from(*bytes.next().unwrap_or(&0)) % below;
    if choose(2) == 0 { product(&mut choose) } else { convolution(&mut choose) }
});

fn product(choose: &mut impl FnMut(usize) -> usize) {
    let seed = choose(256) as u64;
    // Lengths of up to three are as often drawn as others: there kernels branch.
    let mut length = |most: usize| if choose(4) == 0 { choose(4) } else { choose(256) * most / 255 };
    let (rows, inner, columns) = (length(300), length(1200), length(300));
    let size = Dimensions { episodes: 1 + choose(8), rows, inner, columns };
    let case = choose(16) as u32;
    if size.episodes * size.rows * size.inner * size.columns > MOST_TERMS {
        return;
    }
    if choose(2) == 0 {
        gemm::check::<f32>(size, case, &mut stream(seed, 0, 0));
    } else {
        gemm::check::<f64>(size, case, &mut stream(seed, 0, 0));
    }
}

fn convolution(choose: &mut impl FnMut(usize) -> usize) {
    let seed = choose(256) as u64;
    let mut pair = |from: usize, to: usize| [from + choose(to + 1 - from), from + choose(to + 1 - from)];
    let [kernel, stride, padding, input] = [pair(1, 5), pair(1, 3), pair(0, 5), pair(1, 40)];
    // Windows of 3x3 with stride 1 have tiles of their own.
    let (kernel, stride) = if choose(2) == 0 { ([3, 3], [1, 1]) } else { (kernel, stride) };
    let geometry = Geometry {
        images: choose(8),
        input,
        channels: choose(80),
        kernel,
        stride,
        padding,
        filters: choose(80),
    };
    let Some([rows, columns]) = geometry.output() else { return };
    let patch = kernel[0] * kernel[1] * geometry.channels;
    let places = geometry.images * rows * columns;
    if places * patch * geometry.filters > MOST_TERMS {
        return;
    }
    // The longest sum: by the weights over all places, by the images over all filters.
    let terms = places.max(patch).max(kernel[0] * kernel[1] * geometry.filters) as f64;
    let roundings = 16.0 + terms.sqrt();
    if choose(2) == 0 {
        conv::check::<f32>(seed, &geometry, roundings * f64::from(f32::EPSILON));
    } else {
        conv::check::<f64>(seed, &geometry, roundings * f64::EPSILON);
    }
}
