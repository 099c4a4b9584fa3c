//! Strokes of a pen, in shades of grey.

use super::Stroke;

/// Rows and columns of a drawing.
pub(super) const SIDE: usize = 28;

/// Straight pieces of a curve: short enough that none shows at this size.
const PIECES: usize = 16;

/// Paper (0) and ink (255), with the shades between where a pixel is partly covered.
pub(super) struct Canvas {
    pixels: [u8; SIDE * SIDE],
    /// Half the width of the pen, in pixels.
    radius: f64,
}

impl Canvas {
    /// Empty paper and a round pen of this width, in sides of the image.
    pub(super) fn new(pen: f64) -> Self {
        Canvas { pixels: [0; SIDE * SIDE], radius: pen * SIDE as f64 / 2.0 }
    }

    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Draws the cubic Bézier curve of these four points; what lies outside the paper is lost.
    pub(super) fn stroke(&mut self, stroke: Stroke) {
        let mut from = bezier(&stroke, 0.0);
        for piece in 1..=PIECES {
            let to = bezier(&stroke, piece as f64 / PIECES as f64);
            self.line(from, to);
            from = to;
        }
    }

    /// A pixel is as dark as the pen covers it, taken from the distance of its centre to the line. Where lines meet,
    /// ink does not add up.
    fn line(&mut self, from: [f64; 2], to: [f64; 2]) {
        let reach = self.radius + 0.5;
        let [columns, rows] = [0, 1].map(|axis| {
            let low = from[axis].min(to[axis]) - reach;
            let high = from[axis].max(to[axis]) + reach;
            // Negative places become 0.
            (low as usize).min(SIDE)..(high as usize + 1).min(SIDE)
        });
        for row in rows {
            for column in columns.clone() {
                let distance = distance_to_line([column as f64 + 0.5, row as f64 + 0.5], from, to);
                let covered = (reach - distance).clamp(0.0, 1.0);
                let pixel = &mut self.pixels[row * SIDE + column];
                *pixel = (*pixel).max((covered * 255.0 + 0.5) as u8);
            }
        }
    }
}

/// The place on the curve at `t` in [0, 1], in pixels.
fn bezier(stroke: &Stroke, t: f64) -> [f64; 2] {
    let u = 1.0 - t;
    let weights = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
    [0, 1].map(|axis| SIDE as f64 * weights.iter().zip(stroke).map(|(w, point)| w * point[axis]).sum::<f64>())
}

fn distance_to_line(point: [f64; 2], from: [f64; 2], to: [f64; 2]) -> f64 {
    let [along, off] = [[to, from], [point, from]].map(|[a, b]| [a[0] - b[0], a[1] - b[1]]);
    let square = along[0] * along[0] + along[1] * along[1];
    let t =
        if square > 0.0 { ((off[0] * along[0] + off[1] * along[1]) / square).clamp(0.0, 1.0) } else { 0.0 };
    let [x, y] = [off[0] - t * along[0], off[1] - t * along[1]];
    (x * x + y * y).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_stroke_covers_its_pixels_by_shades() {
        let mut canvas = Canvas::new(2.0 / SIDE as f64);
        let row = 10.25 / SIDE as f64;
        canvas.stroke([[0.25, row], [0.4, row], [0.6, row], [0.75, row]]);
        let shades: Vec<u8> = (8..13).map(|row| canvas.pixels()[row * SIDE + 14]).collect();
        assert_eq!(shades, [0, 191, 255, 64, 0]);
    }

    #[test]
    fn what_leaves_the_paper_is_lost() {
        let mut canvas = Canvas::new(0.1);
        canvas.stroke([[-3.0, -3.0], [-2.0, -3.0], [5.0, 9.0], [5.0, 5.0]]);
        canvas.stroke([[-1.0, 0.5], [-1.0, 0.5], [-1.0, 0.5], [-1.0, 0.5]]);
        assert!(canvas.pixels().contains(&255));
        assert_eq!(canvas.pixels()[14 * SIDE], 0);
    }
}
