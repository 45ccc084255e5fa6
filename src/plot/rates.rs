//! The loss as the learning rate rises, for finding a good one.

use plotters::chart::SeriesLabelPosition;
use plotters::coord::Shift;
use plotters::element::PathElement;
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::series::LineSeries;
use plotters::style::{Color, RGBColor};

use super::{BLUE, ORANGE, Picture, chart, legend, range_of};

/// What `selvedge lr-find` draws.
#[derive(Debug)]
pub struct RateCurve<'a> {
    /// Learning rate and smoothed loss of each step.
    pub points: &'a [(f64, f64)],
    /// The suggested rate.
    pub suggestion: f64,
}

impl Picture for RateCurve<'_> {
    fn size(&self) -> (u32, u32) {
        (800, 500)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let logs = || self.points.iter().map(|(rate, loss)| (rate.log10(), *loss));
        // The last points shoot off; the picture is about those before.
        let most = 1.5 * self.points.first().map_or(1.0, |(_, loss)| *loss);
        let (x, y) = (range_of(logs().map(|p| p.0)), range_of(logs().map(|p| p.1.min(most))));
        let mut chart = chart(
            area,
            "loss while the learning rate rises",
            x,
            y.clone(),
            "learning rate, as a power of ten",
        )?;
        let mut line = |points: Vec<(f64, f64)>, color: RGBColor, name: &str| {
            let style = color.stroke_width(2);
            let drawn = chart
                .draw_series(LineSeries::new(points, style))
                .map_err(|e| e.to_string())?;
            drawn
                .label(name)
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], style));
            Ok::<(), String>(())
        };
        line(logs().filter(|p| p.1 <= most).collect(), BLUE, "smoothed loss")?;
        let at = self.suggestion.log10();
        let name = format!("suggestion: {:.2e}", self.suggestion);
        line(vec![(at, y.start), (at, y.end)], ORANGE, &name)?;
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    }
}
