//! Whether predictions are right as often as they say.

use plotters::chart::SeriesLabelPosition;
use plotters::coord::Shift;
use plotters::element::{PathElement, Rectangle};
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::style::{BLACK, Color, RGBAColor, ShapeStyle};

use super::{Picture, chart, legend};
use crate::eval::{Bin, Calibration};

/// Blue, orange and green.
const BOTH: RGBAColor = RGBAColor(0, 114, 178, 0.6);
const BOLD: RGBAColor = RGBAColor(213, 94, 0, 0.6);
const SHY: RGBAColor = RGBAColor(0, 158, 115, 0.5);

/// Accuracy against confidence, over how many predictions there are of each.
#[derive(Debug)]
pub struct ReliabilityPicture<'a>(pub &'a Calibration);

impl Picture for ReliabilityPicture<'_> {
    fn size(&self) -> (u32, u32) {
        (520, 600)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let (above, below) = area.split_vertically(410);
        let title = format!("accuracy by confidence (calibration error {:.4})", self.0.error);
        let mut upper = chart(&above, &title, 0.0..1.0, 0.0..1.0, "confidence")?;
        let bins = || self.0.bins.iter().filter(|bin| bin.count > 0);
        let bar = |bin: &Bin, from: f64, to: f64, style: ShapeStyle| {
            Rectangle::new([(bin.range[0], from), (bin.range[1], to)], style)
        };
        // The lower of accuracy and confidence, and above it what the other has more.
        let both = bins().map(|bin| bar(bin, 0.0, bin.accuracy.min(bin.confidence), BOTH.filled()));
        let bold = bins().map(|bin| bar(bin, bin.accuracy.min(bin.confidence), bin.confidence, BOLD.filled()));
        let shy = bins().map(|bin| bar(bin, bin.accuracy.min(bin.confidence), bin.accuracy, SHY.filled()));
        let series: [(Vec<_>, &str, RGBAColor); 3] = [
            (both.collect(), "accuracy", BOTH),
            (bold.collect(), "more sure than right", BOLD),
            (shy.collect(), "more right than sure", SHY),
        ];
        for (bars, name, color) in series {
            let drawn = upper.draw_series(bars).map_err(|e| e.to_string())?;
            drawn
                .label(name)
                .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 16, y + 5)], color.filled()));
        }
        let diagonal = PathElement::new(vec![(0.0, 0.0), (1.0, 1.0)], BLACK.mix(0.5).stroke_width(1));
        upper.draw_series([diagonal]).map_err(|e| e.to_string())?;
        legend(&mut upper, SeriesLabelPosition::UpperLeft)?;

        let all: usize = self.0.bins.iter().map(|bin| bin.count).sum();
        let share = |count: usize| count as f64 / all.max(1) as f64;
        let mut lower = chart(&below, "share of predictions", 0.0..1.0, 0.0..1.0, "confidence")?;
        let bars = bins().map(|bin| {
            let corners = [(bin.range[0], 0.0), (bin.range[1], share(bin.count))];
            Rectangle::new(corners, BLACK.mix(0.35).filled())
        });
        lower.draw_series(bars).map_err(|e| e.to_string())?;
        Ok(())
    }
}
