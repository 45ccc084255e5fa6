//! Precision against recall, one panel a class.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::series::LineSeries;
use plotters::style::{BLACK, Color, RGBColor};

use super::{BLUE, Picture, chart};
use crate::eval::PrecisionRecall;

/// The curve of each class, before those of all others in grey.
#[derive(Debug)]
pub struct PrecisionRecallPicture<'a> {
    /// Names of the classes.
    pub names: &'a [String],
    /// One a class.
    pub curves: &'a [PrecisionRecall],
}

const COLUMNS: usize = 5;

impl Picture for PrecisionRecallPicture<'_> {
    fn size(&self) -> (u32, u32) {
        let panels = self.names.len().max(1);
        let (columns, rows) = (panels.min(COLUMNS), panels.div_ceil(COLUMNS));
        (260 * columns as u32, 250 * rows as u32)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let panels = self.names.len().max(1);
        let areas = area.split_evenly((panels.div_ceil(COLUMNS), panels.min(COLUMNS)));
        let curves: Vec<Vec<(f64, f64)>> = self.curves.iter().map(points).collect();
        for (class, (name, area)) in self.names.iter().zip(&areas).enumerate() {
            let title = match self.curves[class].average_precision {
                Some(area) => format!("{name}, AP {area:.3}"),
                None => format!("{name} (no image)"),
            };
            let mut chart = chart(area, &title, 0.0..1.02, 0.0..1.02, "recall")?;
            let mut line = |points: &[(f64, f64)], color: RGBColor, opacity: f64, width: u32| {
                let style = color.mix(opacity).stroke_width(width);
                let series = LineSeries::new(points.iter().copied(), style);
                chart.draw_series(series).map(|_| ()).map_err(|e| e.to_string())
            };
            for (_, other) in curves.iter().enumerate().filter(|(i, _)| *i != class) {
                line(other, BLACK, 0.12, 1)?;
            }
            line(&curves[class], BLUE, 1.0, 2)?;
        }
        Ok(())
    }
}

/// Recall and precision, thinned out to what a small panel can show.
fn points(curve: &PrecisionRecall) -> Vec<(f64, f64)> {
    const STEP: f64 = 1.0 / 100.0;
    let mut thinned: Vec<(f64, f64)> = Vec::new();
    for point in &curve.points {
        let at = (point.recall, point.precision);
        let far = |last: &(f64, f64)| (last.0 - at.0).abs() + (last.1 - at.1).abs() >= STEP;
        if thinned.last().is_none_or(far) {
            thinned.push(at);
        }
    }
    thinned
}
