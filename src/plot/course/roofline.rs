//! Measured kernels below the roof of their adapter.

use serde::Deserialize;

use super::super::axis::Axis;
use super::super::chart::{Area, Chart};
use super::*;

pub const SKETCH: Sketch =
    Sketch { name: "roofline", title: "Kernels below the roof of their adapter", size: (740, 460), draw };

/// What `selvedge kernel run` measured.
const MEASURED: &str = include_str!("../../../docs/course/pictures/roofline.json");

#[derive(Deserialize)]
pub struct Measured {
    adapter: String,
    /// Operations and bytes a second that the adapter reaches at best.
    flops: f64,
    bytes: f64,
    pub kernels: Vec<Kernel>,
}

#[derive(Deserialize)]
pub struct Kernel {
    name: String,
    /// Operations, bytes and time of one run.
    flops: f64,
    bytes: f64,
    seconds: f64,
}

impl Kernel {
    /// Operations for each byte, and how many billions a second, as logarithms to base 10.
    fn place(&self) -> (f64, f64) {
        ((self.flops / self.bytes).log10(), (self.flops / self.seconds / 1e9).log10())
    }
}

/// The figures of the file.
pub fn measured() -> serde_json::Result<Measured> {
    serde_json::from_str(MEASURED)
}

fn draw(drawing: &mut Drawing) {
    match measured() {
        Ok(measured) => draw_measured(drawing, &measured),
        Err(problem) => drawing.text(problem.to_string(), [370.0, 230.0], 14.0, Anchor::Middle),
    }
}

fn draw_measured(drawing: &mut Drawing, measured: &Measured) {
    let places: Vec<_> = measured.kernels.iter().map(Kernel::place).collect();
    let (most, ridge) = ((measured.flops / 1e9).log10(), (measured.flops / measured.bytes).log10());
    // The slope: as many operations as the bytes that arrive allow.
    let slope = |x: f64| x + (measured.bytes / 1e9).log10();
    let x = Axis::logarithmic("operations for each byte", places.iter().map(|place| place.0));
    let [low, high] = x.ends();
    let y = Axis::logarithmic("GFLOP/s", places.iter().map(|place| place.1).chain([most, slope(low)]));
    // Lines of text are a twentieth of the chart apart.
    let line = (y.ends()[1] - y.ends()[0]) / 20.0;
    let area = Area { top: 14.0, height: 446.0, ..Area::whole([SKETCH.size.0, SKETCH.size.1]) };
    let mut chart = Chart::large(drawing, area, x, y);
    chart.line([(low, slope(low)), (ridge, most), (high, most)], 2.5, Color::ORANGE);
    write_names(&mut chart, &measured.kernels, ridge, line);
    chart.discs(places, 4.5, Color::BLUE);
    chart.line([(ridge, f64::MIN), (ridge, most)], 1.5, Color::INK.faint(0.4));
    let floor = (ridge, f64::MIN);
    chart.note("bytes are the limit", floor, [-10.0, -60.0], Anchor::End);
    chart.note("operations are the limit", floor, [10.0, -60.0], Anchor::Start);
    let [flops, bytes] = [measured.flops, measured.bytes].map(|most| most / 1e9);
    chart.note(&format!("{flops:.0} GFLOP/s: {}", measured.adapter), (high, most), [-6.0, -14.0], Anchor::End);
    let middle = (low + ridge) / 2.0;
    chart.note(&format!("{bytes:.1} GB/s"), (middle, slope(middle)), [-12.0, -10.0], Anchor::End);
}

/// Kernels that wait for bytes are close together: their names stand in a column, in the order of their speeds, at lines that
/// lead to them. Those of others stand below their places.
fn write_names(chart: &mut Chart, kernels: &[Kernel], ridge: f64, line: f64) {
    let mut named: Vec<_> = kernels.iter().map(|kernel| (kernel.place(), &kernel.name)).collect();
    named.sort_by(|(a, _), (b, _)| a.1.total_cmp(&b.1));
    let (waiting, others): (Vec<_>, Vec<_>) = named.into_iter().partition(|(place, _)| place.0 < ridge);
    let column = waiting.iter().map(|(place, _)| place.0).fold(f64::MIN, f64::max) + 0.3;
    let mut free = f64::MIN;
    for (place, name) in waiting {
        let at = (column, place.1.max(free));
        free = at.1 + line;
        chart.line([place, at], 1.0, Color::INK.faint(0.5));
        chart.note(name, at, [6.0, 0.0], Anchor::Start);
    }
    for (place, name) in others {
        chart.note(name, place, [0.0, 16.0], Anchor::Middle);
    }
}
