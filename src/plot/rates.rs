//! The loss as the learning rate rises, for finding a good one.

use super::axis::Axis;
use super::chart::{Area, Chart, Corner};
use super::{Color, Drawing, Picture};

/// What `selvedge lr-find` draws.
#[derive(Debug)]
pub struct RateCurve<'a> {
    /// Learning rate and smoothed loss of each step.
    pub points: &'a [(f64, f64)],
    /// The suggested rate.
    pub suggestion: f64,
}

const SIZE: [u32; 2] = [800, 500];

impl Picture for RateCurve<'_> {
    fn size(&self) -> (u32, u32) {
        SIZE.into()
    }

    fn draw(&self, drawing: &mut Drawing) {
        let logarithms = || self.points.iter().map(|(rate, loss)| (rate.log10(), *loss));
        // The last points shoot up; the picture is about those before.
        let most = 1.5 * self.points.first().map_or(1.0, |(_, loss)| *loss);
        let x = Axis::logarithmic("learning rate", logarithms().map(|(rate, _)| rate));
        let y = Axis::around("loss", logarithms().map(|(_, loss)| loss.min(most)));
        let [low, high] = y.ends();
        let title = "loss while the learning rate rises";
        let mut chart = Chart::new(drawing, Area::whole(SIZE), title, x, y);
        chart.line(logarithms().filter(|(_, loss)| *loss <= most), 2.0, Color::BLUE);
        let at = self.suggestion.log10();
        chart.line([(at, low), (at, high)], 2.0, Color::ORANGE);
        let suggestion = format!("suggestion: {:.2e}", self.suggestion);
        chart.legend(Corner::TopLeft, &[("smoothed loss", Color::BLUE), (&suggestion, Color::ORANGE)]);
    }
}
