//! Precision against recall, one panel per class.

use super::axis::Axis;
use super::chart::{Area, Chart};
use super::{Color, Drawing, Picture};
use crate::eval::PrecisionRecall;

/// The curve of each class, in front of those of all others in grey.
#[derive(Debug)]
pub struct PrecisionRecallPicture<'a> {
    /// Names of the classes.
    pub names: &'a [String],
    /// One per class.
    pub curves: &'a [PrecisionRecall],
}

const COLUMNS: usize = 5;
const SIZE: [u32; 2] = [270, 260];

impl Picture for PrecisionRecallPicture<'_> {
    fn size(&self) -> (u32, u32) {
        let panels = self.names.len().max(1);
        let (columns, rows) = (panels.min(COLUMNS), panels.div_ceil(COLUMNS));
        (SIZE[0] * columns as u32, SIZE[1] * rows as u32)
    }

    fn draw(&self, drawing: &mut Drawing) {
        let curves: Vec<Vec<(f64, f64)>> = self.curves.iter().map(points).collect();
        let areas = Area::panels(SIZE, COLUMNS, self.names.len());
        for (class, ((name, curve), area)) in self.names.iter().zip(self.curves).zip(areas).enumerate() {
            let title = match curve.average_precision {
                Some(area) => format!("{name}, AP {area:.3}"),
                None => format!("{name} (no image)"),
            };
            let [x, y] = ["recall", "precision"].map(|name| Axis::between(name, 0.0, 1.0));
            let mut chart = Chart::new(drawing, area, &title, x, y);
            for (_, other) in curves.iter().enumerate().filter(|(i, _)| *i != class) {
                chart.line(other.iter().copied(), 1.0, Color::INK.faint(0.15));
            }
            chart.line(curves[class].iter().copied(), 2.0, Color::BLUE);
        }
    }
}

/// Recall and precision, thinned out to what a small panel can show. The first and last points are kept.
fn points(curve: &PrecisionRecall) -> Vec<(f64, f64)> {
    const STEP: f64 = 1.0 / 100.0;
    let all = || curve.points.iter().map(|point| (point.recall, point.precision));
    let mut thinned: Vec<(f64, f64)> = Vec::new();
    for at in all() {
        let far = |last: &(f64, f64)| (last.0 - at.0).abs() + (last.1 - at.1).abs() >= STEP;
        if thinned.last().is_none_or(far) {
            thinned.push(at);
        }
    }
    thinned.extend(all().next_back());
    thinned
}
