//! What was measured: as rows, for people, and as the table of the documentation.

use std::fmt::Write;

use metatape::simd::Level;
use serde::{Deserialize, Serialize};

use super::functions::{NAMES, Of};
use super::points::BEYOND;

/// The largest error of one function in one type at one level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub function: String,
    pub of: Of,
    pub float: String,
    pub level: String,
    /// In units in the last place.
    pub ulp: f64,
    /// Where.
    pub x: f64,
    /// Among how many points.
    pub points: u64,
}

/// The columns of the documentation's table, behind the function's name.
pub fn columns() -> impl Iterator<Item = (&'static str, Level)> {
    ["f32", "f64"].into_iter().flat_map(|float| Level::ALL.map(|level| (float, level)))
}

/// An error in the table: to two digits, rounded up.
pub fn rounded_up(ulp: f64) -> f64 {
    (ulp * 100.0).ceil() / 100.0
}

/// The documentation's table; what was not measured has a dash.
pub fn markdown(rows: &[Row], stride: u64, points: u64) -> String {
    let patterns = match stride {
        1 => "every bit pattern".to_owned(),
        _ => format!("every {stride}th bit pattern"),
    };
    let mut text = format!(
        "`f32` on {patterns} (beyond 100 000 sine and cosine on one in {BEYOND}), `f64` on {} seeded points a cell and on the \
         neighbourhoods of edges, turns and arguments that are hard to round.\n",
        grouped(points)
    );
    for (of, title) in [(Of::Value, "function"), (Of::Derivative, "derivative of")] {
        write!(text, "\n| {title} |").expect("writing to a string");
        for (float, level) in columns() {
            write!(text, " `{float}` {level} |").expect("writing to a string");
        }
        text.push_str("\n|---|---:|---:|---:|---:|---:|---:|\n");
        for name in NAMES {
            write!(text, "| `{name}` |").expect("writing to a string");
            for (float, level) in columns() {
                let cell = rows.iter().find(|row| {
                    row.function == name && row.of == of && row.float == float && row.level == level.name()
                });
                match cell {
                    Some(row) => write!(text, " {:.2} |", rounded_up(row.ulp)),
                    None => write!(text, " – |"),
                }
                .expect("writing to a string");
            }
            text.push('\n');
        }
    }
    text
}

/// `1234567` as `1 234 567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
