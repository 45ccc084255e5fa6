//! Speeds of kernels side by side, below the adapter's ceiling.

use super::axis::Axis;
use super::chart::{Area, Chart, Corner};
use super::{Color, Drawing, Picture};

/// A bar for each kernel: its operations or bytes per second, whichever are nearer to what the adapter reaches at best.
#[derive(Debug)]
pub struct SpeedPicture<'a> {
    /// What was run, and where.
    pub title: &'a str,
    /// The name of each kernel, and the share of the adapter's ceiling that it reaches.
    pub shares: &'a [(String, f64)],
}

const HEIGHT: u32 = 460;
const LEAST_WIDTH: u32 = 640;
/// The width of a bar with its name.
const BAR: u32 = 220;
/// Above the ceiling there is room for the legend.
const MOST: f64 = 1.2;

impl Picture for SpeedPicture<'_> {
    fn size(&self) -> (u32, u32) {
        (LEAST_WIDTH.max(100 + BAR * self.shares.len() as u32), HEIGHT)
    }

    fn draw(&self, drawing: &mut Drawing) {
        let (width, height) = self.size();
        let names = self.shares.iter().map(|(name, share)| format!("{name}: {:.0} %", 100.0 * share));
        let names = Axis::named("", names);
        let ends = (-0.5, self.shares.len().max(1) as f64 - 0.5);
        let y = Axis::between("share of the adapter's ceiling", 0.0, MOST);
        let mut chart = Chart::new(drawing, Area::whole([width, height]), self.title, names, y);
        for ((_, share), x) in self.shares.iter().zip((0u32..).map(f64::from)) {
            chart.bar((x - 0.3, 0.0), (x + 0.3, share.clamp(0.0, MOST)), Color::BLUE);
        }
        chart.line([(ends.0, 1.0), (ends.1, 1.0)], 2.0, Color::ORANGE);
        chart.legend(Corner::TopRight, &[("what the adapter reaches at best", Color::ORANGE)]);
    }
}
