//! Line charts as PNG, with a font of their own, so that they look the same on every machine.

use std::path::Path;

use metatape::tensor::write_atomically;
use plotters::style::RGBColor;

use super::{Failure, Result, draw};

/// Okabe and Ito's colours, which people with any kind of colour blindness can tell apart, darkest contrasts first.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(60, 60, 60),
];

/// A chart of lines and points over one horizontal axis.
///
/// What is not finite, or not positive on a logarithmic axis, is left out; a line has a gap there.
pub struct Chart {
    pub(super) title: String,
    pub(super) x: String,
    pub(super) y: String,
    pub(super) logarithmic: bool,
    pub(super) series: Vec<Series>,
}

pub(super) struct Series {
    pub name: String,
    /// x, y, and half the width of the confidence interval of y.
    pub points: Vec<[f64; 3]>,
    pub mark: Mark,
    pub colour: RGBColor,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Line,
    Dashes,
    Path,
    Points,
}

impl Chart {
    /// An empty chart; the names of the axes tell the units, as in `"time (ms)"`.
    pub fn new(title: impl Into<String>, x: impl Into<String>, y: impl Into<String>) -> Self {
        Chart { title: title.into(), x: x.into(), y: y.into(), logarithmic: false, series: Vec::new() }
    }

    /// Makes the vertical axis logarithmic.
    pub fn logarithmic(mut self) -> Self {
        self.logarithmic = true;
        self
    }

    /// Adds a line through `[x, y]`.
    pub fn line(self, name: impl Into<String>, points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        self.add(name, points.into_iter().map(|[x, y]| [x, y, 0.0]), Mark::Line)
    }

    /// Adds a dashed line through `[x, y]`: published numbers, bounds, whatever was not measured here.
    pub fn dashes(self, name: impl Into<String>, points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        self.add(name, points.into_iter().map(|[x, y]| [x, y, 0.0]), Mark::Dashes)
    }

    /// Adds a line through `[x, y, half]` with a band from y - half to y + half.
    pub fn band(self, name: impl Into<String>, points: impl IntoIterator<Item = [f64; 3]>) -> Self {
        self.add(name, points, Mark::Line)
    }

    /// Adds a thin line through `[x, y]` that may turn back on itself.
    pub fn path(self, name: impl Into<String>, points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        self.add(name, points.into_iter().map(|[x, y]| [x, y, 0.0]), Mark::Path)
    }

    /// Adds points at `[x, y, half]` with bars from y - half to y + half.
    pub fn points(self, name: impl Into<String>, points: impl IntoIterator<Item = [f64; 3]>) -> Self {
        self.add(name, points, Mark::Points)
    }

    /// Gives the series added last the colour of the one before it, to which it belongs.
    pub fn paired(mut self) -> Self {
        if let [.., before, last] = self.series.as_mut_slice() {
            last.colour = before.colour;
        }
        self
    }

    fn add(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = [f64; 3]>,
        mark: Mark,
    ) -> Self {
        let mut used: Vec<_> = self.series.iter().map(|series| series.colour).collect();
        used.dedup();
        let colour = COLOURS[used.len() % COLOURS.len()];
        let points = points.into_iter().collect();
        self.series.push(Series { name: name.into(), points, mark, colour });
        self
    }

    /// Draws the chart into a PNG file, which is there completely or not at all.
    pub fn save(&self, path: impl AsRef<Path>) -> Result {
        let path = path.as_ref();
        let png = draw::png(self)
            .map_err(|error| Failure::Plot { path: path.to_owned(), reason: error.to_string() })?;
        write_atomically(path, &png).map_err(Failure::io(path, "write"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_of_anything_is_a_picture() {
        let folder = tempfile::tempdir().unwrap();
        let empty = Chart::new("Nothing", "x", "y");
        let odd = Chart::new("Odd values", "x", "y")
            .logarithmic()
            .band(
                "some of it",
                [[0.0, 1.0, 2.0], [1.0, f64::NAN, 1.0], [2.0, -1.0, 0.1], [3.0, 5.0, f64::INFINITY]],
            )
            .points("a point", [[1.0, 2.0, 0.5]])
            .dashes("one end", [[1.0, 2.0]]);
        for chart in [empty, odd] {
            let path = folder.path().join("chart.png");
            chart.save(&path).unwrap();
            let file = std::fs::File::open(&path).unwrap();
            let reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
            assert_eq!((reader.info().width, reader.info().height), draw::SIZE);
        }
    }

    #[test]
    fn series_have_their_own_colours_unless_paired() {
        let line = [[0.0, 1.0]];
        let chart =
            Chart::new("", "", "").line("a", line).dashes("a, published", line).paired().line("b", line);
        let colours: Vec<_> = chart.series.iter().map(|series| series.colour).collect();
        assert_eq!(colours, [COLOURS[0], COLOURS[0], COLOURS[1]]);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let error = Chart::new("", "", "").save("/dev/null/chart.png").unwrap_err().to_string();
        assert!(error.starts_with("/dev/null/chart.png: cannot write: "), "{error}");
    }
}
