//! The numbers along an axis of a plot.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// The part of an axis that is shown, and where it carries numbers; on a logarithmic axis all are exponents of ten.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<f64>,
    logarithmic: bool,
    /// Digits behind the point.
    decimals: usize,
}

impl Axis {
    /// An axis that shows all finite numbers among `values`, which on a logarithmic axis are exponents already.
    pub fn around(values: impl IntoIterator<Item = f64>, logarithmic: bool, margin: f64) -> Axis {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low <= 1e-9 * high.abs().max(1e-9) {
            let widening = if logarithmic { 0.5 } else { 0.5 * high.abs().max(1e-6) };
            (low, high) = (low - widening, high + widening);
        }
        let room = margin * (high - low);
        let (low, high) = (low - room, high + room);
        if logarithmic { Axis::logarithmic(low, high) } else { Axis::linear(low, high) }
    }

    fn linear(low: f64, high: f64) -> Axis {
        const WANTED: f64 = 6.0;
        let rough = (high - low) / WANTED;
        let unit = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * unit)
            .find(|step| *step >= rough)
            .unwrap_or(10.0 * unit);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        // A tick on the very end of the axis belongs to it, whatever the division's rounding says.
        let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        let ticks = (first..=last).map(|place| place as f64 * step).collect();
        Axis { low, high, ticks, logarithmic: false, decimals }
    }

    fn logarithmic(low: f64, high: f64) -> Axis {
        let factors: &[f64] = match high - low {
            narrow if narrow < 1.0 => &[1.0, 2.0, 3.0, 4.0, 5.0, 7.0],
            medium if medium < 3.0 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let every = ((high - low) / 8.0).ceil().max(1.0) as i64;
        let decades = low.floor() as i64..=high.ceil() as i64;
        let ticks = decades
            .filter(|decade| decade.rem_euclid(every) == 0)
            .flat_map(|decade| factors.iter().map(move |factor| decade as f64 + factor.log10()))
            .filter(|tick| (low..=high).contains(tick))
            .collect();
        Axis { low, high, ticks, logarithmic: true, decimals: 0 }
    }

    /// The number at a tick.
    pub fn label(&self, tick: f64) -> String {
        if !self.logarithmic {
            return if tick.abs() >= 1e7 {
                format!("{tick:e}")
            } else {
                with_commas(&format!("{:.*}", self.decimals, tick + 0.0))
            };
        }
        let decade = (tick + 1e-9).floor();
        if (-4.0..5.0).contains(&decade) {
            let decimals = (-decade).max(0.0) as usize;
            return with_commas(&format!("{:.decimals$}", 10_f64.powf(tick)));
        }
        let factor = 10_f64.powf(tick - decade).round();
        let power = format!("10{}", superscript(decade as i64));
        if factor == 1.0 { power } else { format!("{factor}·{power}") }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        first + (share * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, tick: &f64) -> String {
        self.label(*tick)
    }
}

/// Groups the digits before the point in threes.
fn with_commas(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("−", digits));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) && whole.len() > 4 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{rest}")
}

fn superscript(exponent: i64) -> String {
    exponent
        .to_string()
        .chars()
        .map(|digit| match digit.to_digit(10) {
            Some(digit) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
            None => '⁻',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks.iter().map(|&tick| axis.label(tick)).collect()
    }

    #[test]
    fn linear_axes_count_in_round_steps() {
        let axis = Axis::around([0.0, 60_000.0, f64::NAN], false, 0.0);
        assert_eq!(labels(&axis), ["0", "10,000", "20,000", "30,000", "40,000", "50,000", "60,000"]);
        let axis = Axis::around([-0.2, 0.3], false, 0.0);
        assert_eq!(labels(&axis), ["−0.2", "−0.1", "0.0", "0.1", "0.2", "0.3"]);
        assert!(labels(&Axis::around([1e9, 3e9], false, 0.0)).contains(&"2e9".to_owned()));
    }

    #[test]
    fn logarithmic_axes_count_in_decades() {
        let exponents = |values: [f64; 2]| values.map(f64::log10);
        let axis = Axis::around(exponents([0.2, 5.0]), true, 0.01);
        assert_eq!(labels(&axis), ["0.2", "0.5", "1", "2", "5"]);
        let axis = Axis::around(exponents([1e-8, 100.0]), true, 0.01);
        assert_eq!(labels(&axis), ["10⁻⁸", "10⁻⁶", "0.0001", "0.01", "1", "100"]);
    }

    #[test]
    fn no_values_and_equal_values_still_make_an_axis() {
        assert!(!Axis::around([], false, 0.05).ticks.is_empty());
        for logarithmic in [false, true] {
            let axis = Axis::around([2.0, 2.0], logarithmic, 0.05);
            assert!(axis.low < 2.0 && 2.0 < axis.high && !axis.ticks.is_empty(), "{axis:?}");
        }
    }
}
