//! Characters that the program draws itself.

mod canvas;

use rand::{Rng, RngExt};

use super::images::Images;
use canvas::{Canvas, SIDE};

/// A distribution of made-up characters: a stand-in for handwritten ones that needs no file.
///
/// A character is a few strokes, each a cubic Bézier curve. Whoever writes it down slants, stretches and shifts the
/// whole, misses each control point by a little, and holds a pen of another width. Lengths are in sides of the image.
///
/// Only sums, products and square roots are taken, so that a seed gives the same bytes on every machine.
///
/// ```
/// use metatape::tasks::{Glyphs, stream};
///
/// let images = Glyphs::new().draw(100, 20, &mut stream(0, 0, 0));
/// assert_eq!((images.classes(), images.count(0)), (100, 20));
/// assert_eq!(images.shape(), [28, 28, 1]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyphs {
    /// The bounds of the number of strokes of a character.
    pub strokes: [usize; 2],
    /// The bounds of the width of a pen.
    pub pen: [f64; 2],
    /// How far a control point is missed at most, in x and in y.
    pub tremor: f64,
    /// How far a drawing is shifted at most, in x and in y.
    pub shift: f64,
    /// By how much an entry of the matrix that slants, turns and stretches a drawing differs at most from the identity's.
    pub warp: f64,
}

type Point = [f64; 2];
type Stroke = [Point; 4];

impl Glyphs {
    /// Two or three strokes, drawn by an unsteady hand: by pixels alone neighbours are easily mistaken.
    pub const fn new() -> Self {
        Glyphs { strokes: [2, 3], pen: [0.06, 0.1], tremor: 0.05, shift: 0.08, warp: 0.2 }
    }

    /// Invents `classes` characters and draws each `drawings` times: 28 x 28 bytes, ink is 255.
    ///
    /// # Panics
    /// If `drawings` is 0.
    #[track_caller]
    pub fn draw<R: Rng + ?Sized>(&self, classes: usize, drawings: usize, rng: &mut R) -> Images {
        let mut images = Images::new([SIDE, SIDE, 1]);
        for class in 0..classes {
            let strokes = self.invent(rng);
            let mut pixels = Vec::with_capacity(drawings * SIDE * SIDE);
            for _ in 0..drawings {
                pixels.extend_from_slice(self.write_down(&strokes, rng).pixels());
            }
            images.push_class(format!("glyph {class}"), pixels);
        }
        images
    }

    fn invent<R: Rng + ?Sized>(&self, rng: &mut R) -> Vec<Stroke> {
        let strokes = rng.random_range(self.strokes[0]..=self.strokes[1]);
        // Curves stay within the hull of their points and seldom come near its edge: the points may lie at the very margin.
        (0..strokes).map(|_| std::array::from_fn(|_| [0; 2].map(|_| rng.random_range(0.05..0.95)))).collect()
    }

    fn write_down<R: Rng + ?Sized>(&self, strokes: &[Stroke], rng: &mut R) -> Canvas {
        let mut within = |bound: f64| bound * (2.0 * rng.random::<f64>() - 1.0);
        let shift = [0; 2].map(|_| within(self.shift));
        let warp = [[1.0, 0.0], [0.0, 1.0]].map(|row| row.map(|entry| entry + within(self.warp)));
        let width = (self.pen[0] + self.pen[1] + within(self.pen[1] - self.pen[0])) / 2.0;
        let mut canvas = Canvas::new(width);
        for stroke in strokes {
            canvas.stroke(stroke.map(|point| {
                let [x, y] = point.map(|place| place - 0.5 + within(self.tremor));
                [0, 1].map(|axis| 0.5 + shift[axis] + warp[axis][0] * x + warp[axis][1] * y)
            }));
        }
        canvas
    }
}

impl Default for Glyphs {
    fn default() -> Self {
        Glyphs::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::stream;

    #[test]
    fn the_generator_decides() {
        let draw = |seed| Glyphs::new().draw(3, 2, &mut stream(seed, 0, 0));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn each_drawing_shows_ink_on_paper() {
        let images = Glyphs::new().draw(200, 3, &mut stream(2, 0, 0));
        for (class, image) in (0..200).flat_map(|class| (0..3).map(move |image| (class, image))) {
            let ink = images.image(class, image).iter().filter(|&&byte| byte > 127).count();
            assert!((20..400).contains(&ink), "{} has {ink} dark pixels", images.name(class));
        }
    }

    /// The nearest neighbour by pixels is right more often than chance, and wrong often enough to leave much to learn.
    #[test]
    fn drawings_of_a_class_are_alike_but_not_the_same() {
        let images = Glyphs::new().draw(200, 2, &mut stream(3, 0, 0));
        let distance = |a: &[u8], b: &[u8]| -> f64 {
            a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
        };
        let right = (0..200).filter(|&class| {
            let others = (1..5).map(|other| images.image((class + other) % 200, 1));
            let own = distance(images.image(class, 0), images.image(class, 1));
            own > 0.0 && others.into_iter().all(|other| own < distance(images.image(class, 0), other))
        });
        let share = right.count() as f64 / 200.0;
        assert!((0.4..0.8).contains(&share), "{share} of five-way one-shot tasks are solved by pixels");
    }

    #[test]
    fn drawn_bytes_never_change() {
        let images = Glyphs::new().draw(50, 2, &mut stream(0, 0, 0));
        let hash = (0..50)
            .flat_map(|class| images.image(class, 1))
            .fold(0_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        assert_eq!(hash, 1481677079540677088);
    }
}
