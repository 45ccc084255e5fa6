//! What each parameter of a search does to the score.

use plotters::coord::Shift;
use plotters::prelude::{Circle, DrawingArea, DrawingBackend, PathElement};
use plotters::style::Color;

use super::{BLUE, ORANGE, Picture, chart_with_names, range_of};

/// One parameter: its values in order, each with the scores of all settings that have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Its name.
    pub parameter: String,
    /// Value, and the scores with it.
    pub values: Vec<(String, Vec<f64>)>,
}

/// A panel a parameter: every setting as a dot, the mean of each value as a bar.
#[derive(Debug)]
pub struct Effects<'a> {
    /// What the score is.
    pub score: &'a str,
    /// The parameters.
    pub effects: &'a [Effect],
}

/// Panels side by side.
const COLUMNS: usize = 4;

impl Picture for Effects<'_> {
    fn size(&self) -> (u32, u32) {
        let panels = self.effects.len().max(1);
        let (columns, rows) = (panels.min(COLUMNS), panels.div_ceil(COLUMNS));
        (360 * columns as u32, 320 * rows as u32)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let panels = self.effects.len().max(1);
        let areas = area.split_evenly((panels.div_ceil(COLUMNS), panels.min(COLUMNS)));
        // One range for all, so that the panels can be compared.
        let all = self
            .effects
            .iter()
            .flat_map(|e| e.values.iter().flat_map(|v| v.1.iter().copied()));
        let range = range_of(all);
        for (effect, area) in self.effects.iter().zip(&areas) {
            let names: Vec<&str> = effect.values.iter().map(|(name, _)| name.as_str()).collect();
            let title = format!("{} by {}", self.score, effect.parameter);
            let mut chart = chart_with_names(area, &title, &names, range.clone(), &effect.parameter)?;
            for (i, (_, scores)) in effect.values.iter().enumerate() {
                let x = i as f64;
                let dots = scores
                    .iter()
                    .map(|score| Circle::new((x, *score), 3, BLUE.mix(0.5).filled()));
                chart.draw_series(dots).map_err(|e| e.to_string())?;
                if scores.is_empty() {
                    continue; // every setting with this value failed
                }
                let mean = scores.iter().sum::<f64>() / scores.len() as f64;
                let bar = PathElement::new(vec![(x - 0.2, mean), (x + 0.2, mean)], ORANGE.stroke_width(3));
                chart.draw_series([bar]).map_err(|e| e.to_string())?;
            }
        }
        Ok(())
    }
}
