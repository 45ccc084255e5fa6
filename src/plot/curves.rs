//! Figures that change from epoch to epoch.

use plotters::chart::SeriesLabelPosition::{LowerRight, UpperRight};
use plotters::coord::Shift;
use plotters::element::PathElement;
use plotters::prelude::{Circle, DrawingArea, DrawingBackend};
use plotters::series::LineSeries;
use plotters::style::{Color, RGBColor};

use super::{BLUE, GREEN, ORANGE, Picture, chart_of_epochs, legend, range_of};

/// Panels side by side, each with lines over the epochs.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// The panels.
    pub panels: Vec<Panel>,
}

/// One panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What stands over it.
    pub title: &'static str,
    /// Whether the lines rise, so that their names are better put below.
    pub rises: bool,
    /// Up to three lines; each has its name and its value in each epoch, where there is one.
    pub lines: Vec<(&'static str, Vec<Option<f64>>)>,
}

const COLORS: [RGBColor; 3] = [BLUE, ORANGE, GREEN];

impl Picture for Curves {
    fn size(&self) -> (u32, u32) {
        (400 * self.panels.len().max(1) as u32, 400)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let areas = area.split_evenly((1, self.panels.len().max(1)));
        self.panels
            .iter()
            .zip(&areas)
            .try_for_each(|(panel, area)| panel.draw(area))
    }
}

impl Panel {
    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let epochs = self.lines.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
        let values = self
            .lines
            .iter()
            .flat_map(|(_, values)| values.iter().flatten().copied());
        let mut chart = chart_of_epochs(area, self.title, epochs, range_of(values))?;
        for ((name, values), color) in self.lines.iter().zip(COLORS) {
            let points: Vec<(f64, f64)> = (1..)
                .zip(values)
                .filter_map(|(epoch, value)| value.map(|value| (f64::from(epoch), value)))
                .collect();
            if points.is_empty() {
                continue;
            }
            let style = color.stroke_width(2);
            let line = LineSeries::new(points.clone(), style);
            let drawn = chart.draw_series(line).map_err(|e| e.to_string())?;
            drawn
                .label(*name)
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], style));
            // A single epoch makes no line.
            let dots = points.into_iter().map(|at| Circle::new(at, 2, color.filled()));
            chart.draw_series(dots).map_err(|e| e.to_string())?;
        }
        if self.lines.len() > 1 {
            legend(&mut chart, if self.rises { LowerRight } else { UpperRight })?;
        }
        Ok(())
    }
}
