//! What the ops on images compute, as plain loops over pixels.

use metatape::ops::Window;
use metatape::tape::Extent;
use metatape::tensor::Shape;

use crate::case::Operand;
use crate::reference::{build, each_index, get, joined};

/// The number that is compared at an index of the images in an episode.
type Score<'a> = Box<dyn Fn(u32, &[usize]) -> f64 + 'a>;

pub fn plain(x: &[Operand]) -> Score<'_> {
    Box::new(|e, pixel| get(&x[0], e, pixel))
}

pub fn scaled(x: &[Operand]) -> Score<'_> {
    Box::new(|e, pixel| get(&x[1], e, &[pixel[3]]) * get(&x[0], e, pixel))
}

fn pooled(window: Window, images: Shape) -> Shape {
    let windows = |axis: usize| {
        let starts = (0..images.dim(1 + axis)).step_by(window.stride[axis].into());
        starts.filter(|start| start + usize::from(window.size[axis]) <= images.dim(1 + axis)).count()
    };
    Shape::from([images.dim(0), windows(0), windows(1), images.dim(3)])
}

/// The indices of the pixels of one window.
fn pixels(window: Window, at: &[usize]) -> Vec<[usize; 4]> {
    let [size, stride] = [window.size, window.stride].map(|pair| pair.map(usize::from));
    let pixel = |row, column| [at[0], at[1] * stride[0] + row, at[2] * stride[1] + column, at[3]];
    (0..size[0]).flat_map(|row| (0..size[1]).map(move |column| pixel(row, column))).collect()
}

fn best(window: Window, score: &Score<'_>, episode: u32, at: &[usize]) -> [usize; 4] {
    let first = |best: [usize; 4], pixel: [usize; 4]| {
        if score(episode, &pixel) > score(episode, &best) { pixel } else { best }
    };
    pixels(window, at).into_iter().reduce(first).expect("a pixel")
}

pub fn pick(window: Window, x: &[Operand], v: &Operand, score: Score<'_>) -> (Extent, Vec<f64>) {
    build(joined(x), pooled(window, x[0].extent.shape), |e, at| get(v, e, &best(window, &score, e, at)))
}

pub fn place(window: Window, x: &[Operand], u: &Operand, score: Score<'_>) -> (Extent, Vec<f64>) {
    let extent = Extent { episodes: joined(x), shape: x[0].extent.shape };
    let of_windows = Extent { shape: u.extent.shape, ..extent };
    added(extent, of_windows, |e, at| vec![(best(window, &score, e, at), get(u, e, at))])
}

/// Of images, numbers of windows, and three factors for each channel.
pub fn placed_shift(window: Window, x: &[Operand]) -> (Extent, Vec<f64>) {
    let factor = |e, row, pixel: &[usize]| get(&x[2], e, &[row, pixel[3]]);
    let score = Box::new(|e, pixel: &[usize]| factor(e, 0, pixel) * get(&x[0], e, pixel));
    let (images, mut sums) = place(window, x, &x[1], score);
    let mut sum = sums.iter_mut();
    each_index(images, |e, pixel| {
        *sum.next().expect("a pixel") += factor(e, 1, pixel) * get(&x[0], e, pixel) + factor(e, 2, pixel);
    });
    (images, sums)
}

pub fn sum(window: Window, x: &Operand) -> (Extent, Vec<f64>) {
    build(x.extent.episodes, pooled(window, x.extent.shape), |e, at| {
        pixels(window, at).iter().map(|pixel| get(x, e, pixel)).sum()
    })
}

pub fn spread(window: Window, image: [u32; 2], u: &Operand) -> (Extent, Vec<f64>) {
    let [height, width] = image.map(|length| length as usize);
    let shape = Shape::from([u.extent.shape.dim(0), height, width, u.extent.shape.dim(3)]);
    added(Extent { shape, ..u.extent }, u.extent, |e, at| {
        pixels(window, at).into_iter().map(|pixel| (pixel, get(u, e, at))).collect()
    })
}

/// What each window gives to pixels, added up.
fn added(
    images: Extent,
    windows: Extent,
    gives: impl Fn(u32, &[usize]) -> Vec<([usize; 4], f64)>,
) -> (Extent, Vec<f64>) {
    let mut sums = vec![0.0; images.len()];
    each_index(windows, |episode, at| {
        for (pixel, given) in gives(episode, at) {
            let place = pixel.iter().enumerate().fold(0, |at, (axis, i)| at * images.shape.dim(axis) + i);
            sums[episode as usize * images.shape.len() + place] += given;
        }
    });
    (images, sums)
}

pub fn moments(x: &Operand) -> (Extent, Vec<f64>) {
    let channels = x.extent.shape.dim(x.extent.shape.rank() - 1);
    let rows = x.extent.shape.len() / channels;
    build(x.extent.episodes, [2, channels].into(), |e, at| {
        let start = e as usize * rows * channels + at[1];
        let mean = |f: &dyn Fn(f64) -> f64| {
            (0..rows).map(|row| f(x.values[start + row * channels])).sum::<f64>() / rows as f64
        };
        let of_x = mean(&|x| x);
        if at[0] == 0 { of_x } else { mean(&|x| (x - of_x).powi(2)) }
    })
}
