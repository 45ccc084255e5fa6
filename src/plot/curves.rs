//! Metrics over the epochs.

use super::axis::Axis;
use super::chart::{Area, Chart, Corner};
use super::{Color, Drawing, Picture};

/// Panels side by side, each with lines over the epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// The panels.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// The title above it.
    pub title: &'static str,
    /// Whether the lines rise, so that their names are better put at the bottom.
    pub rises: bool,
    /// Up to three lines, each with its name and its value in each epoch. A value that is missing or not finite makes a gap.
    pub lines: Vec<(&'static str, Vec<Option<f64>>)>,
}

const COLORS: [Color; 3] = [Color::BLUE, Color::ORANGE, Color::GREEN];
const SIZE: [u32; 2] = [400, 400];

impl Picture for Curves {
    fn size(&self) -> (u32, u32) {
        (SIZE[0] * self.panels.len().max(1) as u32, SIZE[1])
    }

    fn draw(&self, drawing: &mut Drawing) {
        let count = self.panels.len();
        for (panel, area) in self.panels.iter().zip(Area::panels(SIZE, count, count)) {
            panel.draw(drawing, area);
        }
    }
}

impl Panel {
    fn draw(&self, drawing: &mut Drawing, area: Area) {
        let epochs = self.lines.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
        let values = self.lines.iter().flat_map(|(_, values)| values.iter().flatten().copied());
        let (x, y) = (Axis::counting("epoch", epochs), Axis::around("", values));
        let mut chart = Chart::new(drawing, area, self.title, x, y);
        let mut names = Vec::new();
        for ((name, values), color) in self.lines.iter().zip(COLORS) {
            let places = || (1u32..).map(f64::from).zip(values.iter().map(|value| value.unwrap_or(f64::NAN)));
            chart.line(places(), 2.0, color);
            // A single epoch makes no line.
            chart.discs(places(), 2.5, color);
            if values.iter().any(Option::is_some) {
                names.push((*name, color));
            }
        }
        if names.len() > 1 {
            chart.legend(if self.rises { Corner::BottomRight } else { Corner::TopRight }, &names);
        }
    }
}
