//! Whether predictions are right as often as they say.

use super::axis::Axis;
use super::chart::{Area, Chart, Corner};
use super::{Color, Drawing, Picture};
use crate::eval::Calibration;

const BOTH: Color = Color::BLUE.faint(0.6);
const BOLD: Color = Color::ORANGE.faint(0.6);
const SHY: Color = Color::GREEN.faint(0.5);

/// Accuracy against confidence, above a chart of how many predictions have each confidence.
#[derive(Debug)]
pub struct ReliabilityPicture<'a>(pub &'a Calibration);

const WIDTH: f32 = 520.0;
const ABOVE: f32 = 410.0;
const BELOW: f32 = 200.0;

impl Picture for ReliabilityPicture<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, (ABOVE + BELOW) as u32)
    }

    fn draw(&self, drawing: &mut Drawing) {
        let area = |top: f32, height: f32| Area { left: 0.0, top, width: WIDTH, height };
        let confidence = || Axis::between("confidence", 0.0, 1.0);
        let title = format!("accuracy by confidence (calibration error {:.4})", self.0.error);
        let accuracy = Axis::between("accuracy", 0.0, 1.0);
        let mut upper = Chart::new(drawing, area(0.0, ABOVE), &title, confidence(), accuracy);
        let bins = || self.0.bins.iter().filter(|bin| bin.count > 0);
        for bin in bins() {
            let mut bar = |from: f64, to: f64, color: Color| {
                upper.bar((bin.range[0], from), (bin.range[1], to), color);
            };
            // The lower of accuracy and confidence, and above it the excess of the other.
            let both = bin.accuracy.min(bin.confidence);
            bar(0.0, both, BOTH);
            bar(both, bin.confidence, BOLD);
            bar(both, bin.accuracy, SHY);
        }
        upper.line([(0.0, 0.0), (1.0, 1.0)], 1.0, Color::INK.faint(0.5));
        let meanings = [("accuracy", BOTH), ("more sure than right", BOLD), ("more right than sure", SHY)];
        upper.legend(Corner::TopLeft, &meanings);

        let all: usize = self.0.bins.iter().map(|bin| bin.count).sum();
        let shares = Axis::between("share", 0.0, 1.0);
        let mut lower = Chart::new(drawing, area(ABOVE, BELOW), "share of predictions", confidence(), shares);
        for bin in bins() {
            let share = bin.count as f64 / all.max(1) as f64;
            lower.bar((bin.range[0], 0.0), (bin.range[1], share), Color::INK.faint(0.35));
        }
    }
}
