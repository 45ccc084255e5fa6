//! Small images, drawn large.

use plotters::coord::Shift;
use plotters::prelude::ColorMap;
use plotters::prelude::{DerivedColorMap, DrawingArea, DrawingBackend, Rectangle, ViridisRGB};
use plotters::style::{Color, RGBColor};

/// An image of coloured pixels, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    width: usize,
    colors: Vec<RGBColor>,
}

impl Raster {
    /// Rows of `width` grey pixels from 0 (black) to 1 (white).
    pub fn grey(width: usize, values: &[f32]) -> Self {
        let colors = values.iter().map(|value| {
            let grey = (255.0 * value.clamp(0.0, 1.0)).round() as u8;
            RGBColor(grey, grey, grey)
        });
        Self::new(width, colors.collect())
    }

    /// Rows of `width` pixels in the colours of viridis, from 0 (dark violet) to 1 (yellow): even steps look even, with any
    /// colour vision and in grey.
    pub fn viridis(width: usize, values: &[f32]) -> Self {
        let colors = values.iter().map(|value| ViridisRGB.get_color(value.clamp(0.0, 1.0)));
        Self::new(width, colors.collect())
    }

    /// A grey image seen through a heat map of the same size, both from 0 to 1: the hotter, the more of `inferno` colours.
    pub fn heat(width: usize, grey: &[f32], heat: &[f32]) -> Self {
        // matplotlib's inferno at six even steps.
        let inferno = DerivedColorMap::new(&[
            RGBColor(0, 0, 4),
            RGBColor(66, 10, 104),
            RGBColor(147, 38, 103),
            RGBColor(221, 81, 58),
            RGBColor(252, 165, 10),
            RGBColor(252, 255, 164),
        ]);
        let colors = grey.iter().zip(heat).map(|(grey, heat)| {
            let RGBColor(r, g, b) = inferno.get_color(heat.clamp(0.0, 1.0));
            let mix = |color: u8| (0.4 * 255.0 * grey.clamp(0.0, 1.0) + 0.6 * f32::from(color)).round() as u8;
            RGBColor(mix(r), mix(g), mix(b))
        });
        Self::new(width, colors.collect())
    }

    fn new(width: usize, colors: Vec<RGBColor>) -> Self {
        Self {
            width: width.max(1),
            colors,
        }
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.colors.len() / self.width
    }

    /// Draws it at a place of the area with squares of `scale` pixels.
    pub(super) fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        (left, top): (usize, usize),
        scale: usize,
    ) -> Result<(), String> {
        for (i, color) in self.colors.iter().enumerate() {
            let (x, y) = (left + i % self.width * scale, top + i / self.width * scale);
            let corners = [(x as i32, y as i32), ((x + scale) as i32, (y + scale) as i32)];
            let pixel = Rectangle::new(corners, color.filled());
            area.draw(&pixel).map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}
