//! How each parameter of a search affects the score.

use super::axis::Axis;
use super::chart::{Area, Chart};
use super::{Color, Drawing, Picture};

/// One parameter: its values in order, each with the scores of all settings that have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Its name.
    pub parameter: String,
    /// Each value, and the scores with it.
    pub values: Vec<(String, Vec<f64>)>,
}

/// One panel per parameter: every setting as a dot, the mean of each value as a bar.
#[derive(Debug)]
pub struct Effects<'a> {
    /// The name of the score.
    pub score: &'a str,
    /// The parameters.
    pub effects: &'a [Effect],
}

/// Panels per row.
const COLUMNS: usize = 4;
const SIZE: [u32; 2] = [360, 320];

impl Picture for Effects<'_> {
    fn size(&self) -> (u32, u32) {
        let panels = self.effects.len().max(1);
        let (columns, rows) = (panels.min(COLUMNS), panels.div_ceil(COLUMNS));
        (SIZE[0] * columns as u32, SIZE[1] * rows as u32)
    }

    fn draw(&self, drawing: &mut Drawing) {
        let values = self.effects.iter().flat_map(|effect| &effect.values);
        // One range for all, so that the panels can be compared.
        let y = Axis::around("", values.flat_map(|(_, scores)| scores.iter().copied()));
        let areas = Area::panels(SIZE, COLUMNS, self.effects.len());
        for (effect, area) in self.effects.iter().zip(areas) {
            let title = format!("{} by {}", self.score, effect.parameter);
            let x = Axis::named("", effect.values.iter().map(|(name, _)| name.clone()));
            let mut chart = Chart::new(drawing, area, &title, x, y.clone());
            for ((_, scores), x) in effect.values.iter().zip((0u32..).map(f64::from)) {
                chart.discs(scores.iter().map(|score| (x, *score)), 3.5, Color::BLUE.faint(0.5));
                // Where every setting with this value failed there is no mean: NaN, which is a gap.
                let mean = scores.iter().map(|score| score / scores.len() as f64).sum::<f64>();
                let mean = if scores.is_empty() { f64::NAN } else { mean };
                chart.line([(x - 0.2, mean), (x + 0.2, mean)], 3.0, Color::ORANGE);
            }
        }
    }
}
