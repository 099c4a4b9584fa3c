//! How charts and pictures are drawn: twice as large as they will be, then averaged, which smooths every edge.

use std::error::Error;
use std::path::Path;
use std::sync::Once;

use metatape::tensor::write_atomically;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use super::axis::Axis;
use super::plot::{Chart, Mark, Series};
use super::{Failure, Result};

/// The size of the picture in pixels.
pub const SIZE: (u32, u32) = (1600, 960);
/// How many pixels are drawn for each of the picture's, in each direction.
pub const FINE: u32 = 2;
const FONT: &str = "DejaVu Sans";
const INK: RGBColor = RGBColor(45, 45, 45);
const GRID: RGBColor = RGBColor(228, 228, 228);
const TITLE: u32 = FINE * 34;
const TEXT: u32 = FINE * 26;
/// plotters centres a line of text that it believes to be lower than it is; this puts its middle in place.
const LOWER: i32 = TEXT as i32 / 5;
const STROKE: u32 = FINE * 4;
/// Room for the numbers and the name of the vertical axis.
const LEFT: u32 = 11 * TEXT / 2;
/// Of the short line or point before a name in the legend.
const SAMPLE: i32 = (FINE * 50) as i32;

pub type Outcome<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;
pub type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// The chart as the bytes of a PNG file.
pub fn png(chart: &Chart) -> Outcome<Vec<u8>> {
    painted(SIZE, |picture| draw(chart, picture))
}

/// Saves what `paint` puts on a white area of `FINE` times `size` pixels, averaged to that size, as a PNG file, which is
/// there completely or not at all.
pub fn save(path: &Path, size: (u32, u32), paint: impl FnOnce(&Area) -> Outcome) -> Result {
    let png = painted(size, |picture| {
        picture.fill(&WHITE)?;
        paint(picture)?;
        Ok(picture.present()?)
    });
    let png = png.map_err(|error| Failure::Plot { path: path.to_owned(), reason: error.to_string() })?;
    write_atomically(path, &png).map_err(Failure::io(path, "write"))?;
    Ok(())
}

fn painted(size: (u32, u32), paint: impl FnOnce(&Area) -> Outcome) -> Outcome<Vec<u8>> {
    static FONT_KNOWN: Once = Once::new();
    FONT_KNOWN.call_once(|| {
        let known = register_font(FONT, FontStyle::Normal, dejavu::sans::regular());
        assert!(known.is_ok(), "the embedded font is a font");
    });
    let (width, height) = (FINE * size.0, FINE * size.1);
    let mut pixels = vec![0; (3 * width * height) as usize];
    paint(&BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area())?;
    encode(&averaged(&pixels, size), size)
}

fn draw(chart: &Chart, picture: &Area) -> Outcome {
    picture.fill(&WHITE)?;
    let legend = legend_width(chart)?;
    let (picture_width, _) = picture.dim_in_pixel();
    let (left, right) = picture.split_horizontally(picture_width as i32 - legend);
    let (top, middle) = left.split_vertically(3 * TITLE as i32);
    let title = text(TITLE).pos(Pos::new(HPos::Left, VPos::Center));
    top.draw(&Text::new(chart.title.as_str(), (LEFT as i32, 3 * TITLE as i32 / 2), title))?;
    draw_legend(chart, &right)?;

    let height = |y: f64| if chart.logarithmic { y.log10() } else { y };
    let points = || chart.series.iter().flat_map(|series| &series.points);
    let x = Axis::around(points().map(|point| point[0]), false, 0.02);
    let ends = points().flat_map(|[_, y, half]| [*y, y - half, y + half]).map(height);
    let y = Axis::around(ends, chart.logarithmic, 0.06);
    let bottom = y.low;
    let mut plane = ChartBuilder::on(&middle)
        .set_label_area_size(LabelAreaPosition::Left, LEFT - TEXT / 2)
        .set_label_area_size(LabelAreaPosition::Bottom, 3 * TEXT)
        .margin_left(TEXT / 2)
        .margin_right(TEXT)
        .margin_bottom(TEXT / 2)
        .build_cartesian_2d(x, y)?;
    plane
        .configure_mesh()
        .set_all_tick_mark_size(FINE * 8)
        .y_label_offset(LOWER)
        .axis_style(INK.stroke_width(FINE * 2))
        .bold_line_style(GRID.stroke_width(FINE))
        .light_line_style(TRANSPARENT)
        .label_style(text(TEXT))
        .axis_desc_style(text(TEXT))
        .x_desc(chart.x.as_str())
        .y_desc(chart.y.as_str())
        .draw()?;

    for series in &chart.series {
        let colour = series.colour;
        let shown = series.points.iter().map(|&[x, value, half]| {
            // Below zero a logarithmic axis has no place: what reaches there ends at the edge of the chart.
            let low = height(value - half);
            (x, height(value), if low.is_finite() { low } else { bottom }, height(value + half))
        });
        let shown: Vec<_> = shown
            .filter(|(x, mean, _, high)| x.is_finite() && mean.is_finite() && high.is_finite())
            .collect();
        let means = || shown.iter().map(|&(x, mean, ..)| (x, mean));
        let stroke = colour.stroke_width(STROKE);
        if series.mark == Mark::Points {
            let bars = shown.iter().map(|&(x, _, low, high)| PathElement::new([(x, low), (x, high)], stroke));
            plane.draw_series(bars)?;
            plane.draw_series(means().map(|at| Circle::new(at, 2 * STROKE, colour.filled())))?;
            continue;
        }
        if series.points.iter().any(|point| point[2] > 0.0) {
            let upper = shown.iter().map(|&(x, _, _, high)| (x, high));
            let lower = shown.iter().rev().map(|&(x, _, low, _)| (x, low));
            let outline: Vec<_> = upper.chain(lower).collect();
            plane.draw_series([Polygon::new(outline, colour.mix(0.18).filled())])?;
        }
        let is_gap = |point: &[f64; 3]| !(point[0].is_finite() && height(point[1]).is_finite());
        for unbroken in series.points.split(is_gap) {
            let line = unbroken.iter().map(|&[x, value, _]| (x, height(value)));
            match series.mark {
                Mark::Dashes => {
                    plane.draw_series(DashedLineSeries::new(line, 3 * STROKE, 2 * STROKE, stroke))?;
                }
                Mark::Path => {
                    // Piece by piece: where one thick line turns back, it would end in a long spike.
                    let places: Vec<_> = line.collect();
                    let thin = colour.mix(0.6).stroke_width(STROKE / 2);
                    plane.draw_series(places.windows(2).map(|ends| PathElement::new(ends.to_vec(), thin)))?;
                }
                _ => {
                    plane.draw_series(LineSeries::new(line, stroke))?;
                }
            }
        }
    }
    picture.present()?;
    Ok(())
}

fn draw_legend(chart: &Chart, area: &Area) -> Outcome {
    for (place, Series { name, mark, colour, .. }) in chart.series.iter().enumerate() {
        let y = 3 * TITLE as i32 + (2 * place as i32 + 1) * TEXT as i32;
        let stroke = colour.stroke_width(STROKE);
        match mark {
            Mark::Line | Mark::Path => area.draw(&PathElement::new([(0, y), (SAMPLE, y)], stroke))?,
            Mark::Dashes => {
                for start in [0, SAMPLE * 2 / 5, SAMPLE * 4 / 5] {
                    area.draw(&PathElement::new([(start, y), (start + SAMPLE / 5, y)], stroke))?;
                }
            }
            Mark::Points => area.draw(&Circle::new((SAMPLE / 2, y), 2 * STROKE, colour.filled()))?,
        }
        let style = text(TEXT).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(name.as_str(), (SAMPLE + TEXT as i32 / 2, y + LOWER), style))?;
    }
    Ok(())
}

/// How many pixels of the width the legend needs.
fn legend_width(chart: &Chart) -> Outcome<i32> {
    let mut widest = 0;
    for series in &chart.series {
        let ((left, _), (right, _)) = (FONT, TEXT).into_font().layout_box(&series.name)?;
        widest = widest.max(right - left);
    }
    Ok(if chart.series.is_empty() { 0 } else { SAMPLE + widest + TEXT as i32 * 3 / 2 })
}

/// The embedded font at a size in fine pixels.
pub fn text(size: u32) -> TextStyle<'static> {
    (FONT, size).into_font().color(&INK)
}

/// The picture at its own size: each pixel the mean of a square of fine ones.
fn averaged(fine: &[u8], size: (u32, u32)) -> Vec<u8> {
    let (width, height, side) = (size.0 as usize, size.1 as usize, FINE as usize);
    let mut coarse = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let square = (0..side * side).map(|place| (side * x + place % side, side * y + place / side));
                let sum: usize =
                    square.map(|(x, y)| fine[3 * (y * side * width + x) + channel] as usize).sum();
                coarse.push((sum / (side * side)) as u8);
            }
        }
    }
    coarse
}

fn encode(pixels: &[u8], size: (u32, u32)) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
