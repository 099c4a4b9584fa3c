//! Pictures of a run: how accuracy and loss went, and a task with what the model says of it.

use metatape::prelude::*;
use metatape::tasks::{FewShotTasks, stream};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::common::draw::{self, Area, FINE, Outcome, text};
use crate::common::{Chart, Result, Session, streams};
use crate::layout::{HEAD, Layout, MARGIN, SIDE};
use crate::origin::Origin;
use crate::plan::Plan;
use crate::published;
use crate::run::{Run, views};

/// How many points a curve of losses has.
const POINTS: usize = 100;

/// The accuracy on classes that are not trained on and the query loss in training, over the iterations.
///
/// # Errors
/// A file cannot be written.
pub fn curves(plan: &Plan, runs: &[Run], session: &Session) -> Result {
    let (dataset, ways, shots) = (plan.dataset.name(), plan.ways, plan.shots);
    let title = format!("{dataset}, {ways}-way {shots}-shot: accuracy on classes that are not trained on");
    let mut chart = Chart::new(title, "meta-iteration", "accuracy (%)");
    for run in runs {
        let watches = run.watches.iter().map(|watch| [watch.iteration as f64, watch.accuracy, watch.ci95]);
        chart = chart.band(run.name(), watches);
        let learner = (run.learner, run.setting.order);
        if let Some(published) = published::of(plan.dataset, learner, (ways, shots)) {
            let ends = [0.0, plan.iterations as f64].map(|iteration| [iteration, published.accuracy]);
            chart = chart.dashes(format!("{}, published", run.name()), ends).paired();
        }
    }
    chart.save(session.file("accuracy.png"))?;

    let window = (plan.iterations / POINTS).max(1);
    let height = format!("cross-entropy (mean of {window} iterations)");
    let title = format!("{dataset}, {ways}-way {shots}-shot: query loss after adaptation, in training");
    let mut chart = Chart::new(title, "meta-iteration", height).logarithmic();
    for run in runs {
        let means = run.losses.chunks(window).enumerate().map(|(place, losses)| {
            let mean = losses.iter().sum::<f64>() / losses.len() as f64;
            [(place * window + losses.len()) as f64, mean]
        });
        chart = chart.line(run.name(), means);
    }
    chart.save(session.file("loss.png"))
}

const RIGHT: RGBColor = RGBColor(0, 140, 90);
const WRONG: RGBColor = RGBColor(205, 40, 30);
const EDGE: RGBColor = RGBColor(190, 190, 190);
/// In the picture's pixels.
const TITLE: usize = 26;
const TEXT: usize = 20;
const FRAME: usize = 5;

/// One unseen task: its support images, and its query images with the class that the adapted model says each is of.
///
/// # Errors
/// The file cannot be written.
pub fn episode(plan: &Plan, run: &Run, tasks: &FewShotTasks, origin: &Origin, session: &Session) -> Result {
    let episode: Episode = tasks.episode(&mut stream(run.seed, streams::PLOTS, 0));
    let protocol = tasks.protocol();
    let (ways, shots, query) = (protocol.ways, protocol.shots, protocol.query);
    let said = run.predictions(tasks, &episode);
    let right = said.iter().enumerate().filter(|(image, said)| **said == image / query).count();
    let (shown, views) = (protocol.shown(), views(tasks));
    let layout = Layout::new(ways, shown, query);
    let size = layout.size();
    let path = session.file(&format!("episode-{}-{ways}-way-{shots}-shot.png", run.name()));
    draw::save(&path, (size.0 as u32, size.1 as u32), |picture| {
        let (learner, dataset) = (run.name(), plan.dataset.name());
        let title = format!("{learner} on an unseen task of {dataset}: {right} of {} right", said.len());
        write(picture, (MARGIN, MARGIN + TITLE / 2), HPos::Left, TITLE, &BLACK, &title)?;
        let heads = MARGIN + HEAD - 2 * TEXT;
        write(picture, (layout.support(0, 0).0, heads), HPos::Left, TEXT, &BLACK, "shown")?;
        let judged = "judged: what it says; ✓ right, ✗ wrong";
        write(picture, (layout.query(0, 0).0, heads), HPos::Left, TEXT, &BLACK, judged)?;
        for row in 0..layout.rows {
            let (left, top) = layout.support(row, 0);
            let number = row.to_string();
            write(picture, (left - TEXT, top + SIDE / 2), HPos::Right, TITLE, &BLACK, &number)?;
            for image in 0..layout.support {
                let at = layout.support(row, image);
                frame(picture, at, 1, &EDGE)?;
                paint(picture, at, origin, image_of(&episode.support, row * shown + image, origin))?;
            }
            for image in 0..layout.query {
                let at = layout.query(row, image);
                let said = said[row * query + image];
                let (colour, mark) = if said == row { (RIGHT, '✓') } else { (WRONG, '✗') };
                frame(picture, at, FRAME, &colour)?;
                let first_view = (row * query + image) * views;
                paint(picture, at, origin, image_of(&episode.query, first_view, origin))?;
                let below = (at.0 + SIDE / 2, at.1 + SIDE + FRAME + TEXT / 2);
                write(picture, below, HPos::Center, TEXT, &colour, &format!("{mark} {said}"))?;
            }
        }
        Ok(())
    })
}

fn image_of<'a>(batch: &'a Batch, image: usize, origin: &Origin) -> &'a [f32] {
    let length: usize = origin.image.iter().product();
    &batch.x.values()[image * length..][..length]
}

/// Draws an image at the side that all have; characters as dark ink on white paper.
fn paint(picture: &Area, (left, top): (usize, usize), origin: &Origin, image: &[f32]) -> Outcome {
    let [height, width, channels] = origin.image;
    let fine = FINE as usize;
    for y in 0..fine * SIDE {
        for x in 0..fine * SIDE {
            let pixel = (y * height / (fine * SIDE) * width + x * width / (fine * SIDE)) * channels;
            let byte = |channel: usize| {
                let normal = &origin.normalization;
                let value =
                    f64::from(image[pixel + channel]) * normal.deviation[channel] + normal.mean[channel];
                let light = if channels == 1 { 1.0 - value } else { value };
                (255.0 * light).round() as u8
            };
            let colour = if channels == 1 {
                RGBColor(byte(0), byte(0), byte(0))
            } else {
                RGBColor(byte(0), byte(1), byte(2))
            };
            picture.draw_pixel(((fine * left + x) as i32, (fine * top + y) as i32), &colour)?;
        }
    }
    Ok(())
}

/// Draws the frame that an image will cover the inside of.
fn frame(picture: &Area, (left, top): (usize, usize), width: usize, colour: &RGBColor) -> Outcome {
    let fine = |place: usize| (FINE as usize * place) as i32;
    let corners = [(left - width, top - width), (left + SIDE + width, top + SIDE + width)];
    // A rectangle includes its last row and column.
    let [first, last] = corners.map(|(x, y)| (fine(x), fine(y)));
    picture.draw(&Rectangle::new([first, (last.0 - 1, last.1 - 1)], colour.filled()))?;
    Ok(())
}

fn write(
    picture: &Area,
    (x, y): (usize, usize),
    side: HPos,
    size: usize,
    colour: &RGBColor,
    line: &str,
) -> Outcome {
    let fine = |place: usize| (FINE as usize * place) as i32;
    let style = text(FINE * size as u32).color(colour).pos(Pos::new(side, VPos::Center));
    picture.draw(&Text::new(line, (fine(x), fine(y)), style))?;
    Ok(())
}
