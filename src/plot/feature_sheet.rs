//! What layers compute from an image: their channels as small maps.

use super::drawing::{Anchor, Drawing};
use super::{Color, Picture, Raster, font};

/// Layers one below the other, with 16 maps per row.
#[derive(Debug)]
pub struct FeatureSheet {
    /// The layers.
    pub sections: Vec<Section>,
}

/// The maps of one layer, all of one size.
#[derive(Debug)]
pub struct Section {
    /// The title above them.
    pub title: String,
    /// Rows and columns of a map.
    pub size: [usize; 2],
    /// `None` is a dead channel: the same value everywhere.
    pub maps: Vec<Option<Raster>>,
}

const COLUMNS: usize = 16;
/// About how many pixels the side of a drawn map has.
const SIDE: usize = 56;
const GAP: usize = 4;
const TITLE: usize = 28;
const LETTERS: f32 = 13.0;

impl Section {
    /// Maps of a layer with these `channels` (each row by row), standardised one by one: the mean in the middle of the
    /// colours, two deviations to either end. Channels of a single pixel are standardised together.
    pub fn standardised(title: String, size: [usize; 2], channels: &[Vec<f32>]) -> Self {
        let together = (size == [1, 1]).then(|| Spread::of(&channels.concat()));
        let maps = channels.iter().map(|values| {
            let spread = together.unwrap_or_else(|| Spread::of(values));
            let scaled = |v: &f32| (0.5 + (f64::from(*v) - spread.mean) / (4.0 * spread.deviation)) as f32;
            let map = || Raster::viridis(size[1], &values.iter().map(scaled).collect::<Vec<_>>());
            (!spread.is_none()).then(map)
        });
        Self { title, size, maps: maps.collect() }
    }

    fn scale(&self) -> usize {
        let [height, width] = self.size;
        (SIDE / height.max(width).max(1)).max(1)
    }

    /// Pixels from one map to the next, down and across.
    fn pitch(&self) -> [usize; 2] {
        self.size.map(|side| side * self.scale() + GAP)
    }

    fn height(&self) -> usize {
        TITLE + self.maps.len().div_ceil(COLUMNS) * self.pitch()[0] + GAP
    }

    fn draw(&self, drawing: &mut Drawing, top: usize) {
        let middle = [GAP as f32, (top + TITLE / 2) as f32];
        drawing.text(&self.title, middle, LETTERS, Anchor::Start);
        let [down, across] = self.pitch();
        for (i, map) in self.maps.iter().enumerate() {
            let (left, top) = (GAP + i % COLUMNS * across, top + TITLE + i / COLUMNS * down);
            match map {
                Some(map) => drawing.image([left, top], self.scale(), map.clone()),
                None => {
                    let [height, width] = self.size.map(|side| (side * self.scale()) as f32);
                    let [left, top] = [left, top].map(|place| place as f32);
                    let (right, bottom) = (left + width, top + height);
                    drawing.rectangle([left, top], [width, height], Color::rgb(200, 200, 200));
                    for cross in [[[left, top], [right, bottom]], [[right, top], [left, bottom]]] {
                        drawing.line(cross.to_vec(), 1.0, Color::INK.faint(0.5));
                    }
                }
            }
        }
    }
}

/// Mean and standard deviation.
#[derive(Clone, Copy)]
struct Spread {
    mean: f64,
    deviation: f64,
}

impl Spread {
    fn of(values: &[f32]) -> Self {
        let n = values.len().max(1) as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let variance = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
        Self { mean, deviation: variance.sqrt() }
    }

    /// Whether all values are equal, up to rounding.
    fn is_none(&self) -> bool {
        self.deviation <= 1e-6 * self.mean.abs().max(1e-6)
    }
}

impl Picture for FeatureSheet {
    fn size(&self) -> (u32, u32) {
        let across = |section: &Section| {
            let maps = section.maps.len().min(COLUMNS) * section.pitch()[1] + GAP;
            // A title needs some room even over a single map.
            maps.max(font::width(&section.title, LETTERS) as usize + 2 * GAP)
        };
        let width = self.sections.iter().map(across).max().unwrap_or(0);
        let height: usize = self.sections.iter().map(Section::height).sum();
        (width.max(1) as u32, height.max(1) as u32)
    }

    fn draw(&self, drawing: &mut Drawing) {
        let mut top = 0;
        for section in &self.sections {
            section.draw(drawing, top);
            top += section.height();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_channel_is_dead_and_a_varying_one_is_not() {
        let channels = [vec![0.0; 4], vec![3.5; 4], vec![0.0, 0.0, 1e-3, 0.0], vec![-1.0, 1.0, 2.0, 5.0]];
        let section = Section::standardised("a".to_owned(), [2, 2], &channels);
        let dead: Vec<bool> = section.maps.iter().map(Option::is_none).collect();
        assert_eq!(dead, [true, true, false, false]);
        let pixels = Section::standardised("b".to_owned(), [1, 1], &[vec![0.0], vec![1.0]]);
        assert!(pixels.maps.iter().all(Option::is_some));
    }
}
