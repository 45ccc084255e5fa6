//! Axes: where a value is between two ends, and which numbers are written beside it.

use crate::numbers::thousands;

/// One axis of a chart.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    /// Positions with their labels.
    pub ticks: Vec<(f64, String)>,
    /// The quantity on the axis.
    pub name: &'static str,
}

/// The most numbers beside an axis.
const MOST_TICKS: f64 = 8.0;
/// The least room around values that are all equal: anything smaller has no digits to spare.
const LEAST_ROOM: f64 = 1e-290;

impl Axis {
    /// An axis between two ends, with round numbers beside it.
    pub fn between(name: &'static str, low: f64, high: f64) -> Self {
        Self { low, high, ticks: ticks(low, high), name }
    }

    /// An axis that holds all values with a little room around them, whatever finite numbers they are, even when all are
    /// equal. Values that are not finite are ignored; they are gaps in what is drawn.
    pub fn around(name: &'static str, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return Self::between(name, 0.0, 1.0);
        }
        // Half the range: the whole may exceed the largest number.
        let (half, largest) = (0.5 * high - 0.5 * low, low.abs().max(high.abs()));
        // Nearly equal values get room around them, so that the numbers on the axis differ in the digits that are shown.
        let room = match half < 0.05 * largest {
            true => 0.1 * largest,
            false => 0.1 * half,
        };
        let room = if largest == 0.0 { 1.0 } else { room.max(LEAST_ROOM) };
        Self::between(name, (low - room).max(f64::MIN), (high + room).min(f64::MAX))
    }

    /// An axis of logarithms to base 10, with the numbers themselves beside it.
    pub fn logarithmic(name: &'static str, logarithms: impl Iterator<Item = f64>) -> Self {
        let mut axis = Self::around(name, logarithms);
        // No numbers exist beyond these.
        (axis.low, axis.high) = (axis.low.max(-307.0), axis.high.min(308.0));
        let decades = (axis.low.ceil() as i32..=axis.high.floor() as i32).collect::<Vec<_>>();
        let step = decades.len().div_ceil(MOST_TICKS as usize + 4).max(1);
        axis.ticks = match decades.len() {
            // Fewer than two powers of ten: use the numbers between them.
            0 | 1 => ticks(10f64.powf(axis.low), 10f64.powf(axis.high))
                .into_iter()
                .filter(|(value, _)| *value > 0.0)
                .map(|(value, text)| (value.log10(), text))
                .collect(),
            _ => decades.into_iter().step_by(step).map(|power| (f64::from(power), format!("1e{power}"))).collect(),
        };
        axis
    }

    /// An axis of whole numbers from 1, with half a step of room.
    pub fn counting(name: &'static str, count: usize) -> Self {
        let mut axis = Self::between(name, 0.5, count as f64 + 0.5);
        let is_whole = |value: f64| (value - value.round()).abs() < 1e-6;
        axis.ticks.retain(|(value, _)| is_whole(*value));
        axis
    }

    /// An axis with names at 0, 1, 2 and so on.
    pub fn named(name: &'static str, names: impl Iterator<Item = String>) -> Self {
        let ticks: Vec<(f64, String)> = (0u32..).map(f64::from).zip(names).collect();
        Self { low: -0.5, high: ticks.len().max(1) as f64 - 0.5, ticks, name }
    }

    /// The position of a value: 0 at the low end, 1 at the high one.
    pub fn share(&self, value: f64) -> f64 {
        (0.5 * value - 0.5 * self.low) / (0.5 * self.high - 0.5 * self.low)
    }

    /// Its ends.
    pub fn ends(&self) -> [f64; 2] {
        [self.low, self.high]
    }
}

/// Multiples of 1, 2 or 5 times a power of ten within a range.
fn ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let widest = high / MOST_TICKS - low / MOST_TICKS;
    if !(widest.is_finite() && widest > 0.0) {
        return Vec::new();
    }
    let power = 10f64.powf(widest.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|step| *step >= 0.999 * widest);
    let step = step.unwrap_or(widest);
    // A range is never narrower than a tenth of its ends, so these are small numbers.
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|multiple| multiple as f64 * step).map(|value| (value, short(value))).collect()
}

/// A number with three significant digits.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e6).contains(&value.abs()) {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    if value.abs() >= 1000.0 {
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", thousands(value.abs().round() as usize));
    }
    let decimals = (2.0 - value.abs().log10().floor()).max(0.0) as usize;
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn numbers_have_three_digits_that_count() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.001_06, "0.00106"),
            (0.5, "0.5"),
            (-0.25, "-0.25"),
            (12.345, "12.3"),
            (1500.0, "1,500"),
            (-25_000.0, "-25,000"),
            (0.000_01, "1e-5"),
            (2.5e6, "2.5e6"),
            (f64::MAX, "1.8e308"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn axes_take_any_finite_values() {
        for values in [
            vec![2.0, 2.0],
            vec![0.0],
            vec![-0.0, 0.0],
            vec![1e308, -1e308],
            vec![f64::MAX, f64::MIN],
            vec![f64::MAX],
            vec![f64::MIN, 0.0],
            vec![5e-324],
            vec![5e-324, -1e-310],
            vec![1e-300, 1e300],
            vec![1e15, 1e15 + 1.0],
            vec![1e-9, 1.1e-9],
            vec![f64::MIN_POSITIVE, 2.0 * f64::MIN_POSITIVE],
            vec![0.9371, 0.9372, f64::NAN],
            vec![1.0, f64::INFINITY, 3.0, f64::NEG_INFINITY],
        ] {
            let axis = Axis::around("", values.iter().copied());
            assert!((1..=11).contains(&axis.ticks.len()), "{values:?}: {:?}", axis.ticks);
            let places: Vec<f64> = axis.ticks.iter().map(|(value, _)| axis.share(*value)).collect();
            assert!(places.is_sorted_by(|a, b| a < b), "{values:?}: {places:?}");
            assert!(places.iter().all(|place| (-1e-6..=1.0 + 1e-6).contains(place)), "{values:?}: {places:?}");
            for value in values.iter().filter(|value| value.is_finite()) {
                assert!((0.0..=1.0).contains(&axis.share(*value)), "{values:?}: {value}");
            }
        }
        for nothing in [vec![], vec![f64::NAN], vec![f64::INFINITY, f64::NEG_INFINITY]] {
            assert_eq!(Axis::around("", nothing.into_iter()).ends(), [0.0, 1.0]);
        }
    }

    #[test]
    fn round_numbers_stand_beside_an_axis() {
        assert_eq!(texts(&Axis::between("", 0.0, 1.0)), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(texts(&Axis::between("", -30.0, 12.0)), ["-30", "-20", "-10", "0", "10"]);
        assert_eq!(texts(&Axis::counting("epoch", 1)), ["1"]);
        assert_eq!(texts(&Axis::counting("epoch", 5)), ["1", "2", "3", "4", "5"]);
        assert_eq!(texts(&Axis::counting("epoch", 40)), ["5", "10", "15", "20", "25", "30", "35", "40"]);
    }

    #[test]
    fn rates_are_written_as_numbers_not_as_logarithms() {
        let of = |rates: &[f64]| Axis::logarithmic("", rates.iter().map(|rate| rate.log10()));
        assert_eq!(texts(&of(&[1e-5, 0.1])), ["1e-5", "1e-4", "1e-3", "1e-2", "1e-1"]);
        assert_eq!(texts(&of(&[0.02, 0.06])), ["0.02", "0.03", "0.04", "0.05", "0.06"]);
        for rates in [[0.0, 1.0], [1e-300, 1e300], [1.0, 1.0], [f64::NAN, -1.0]] {
            let axis = of(&rates);
            assert!((1..=14).contains(&axis.ticks.len()), "{rates:?}: {:?}", axis.ticks);
        }
    }
}
