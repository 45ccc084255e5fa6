//! Small images, drawn large.

use super::color::Ramp;
use crate::data::{ImageShape, thumbnail};

/// The most pixels along a side of an image among many.
const LONGEST_SIDE: usize = 128;

/// An image of coloured pixels, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    width: usize,
    colors: Vec<[u8; 3]>,
}

/// Every value has a colour: one outside 0 to 1 has that of the nearer end, and NaN has that of 0.
impl Raster {
    /// An image of a data set, with numbers from 0 (black) to 1 (white, or all of a colour).
    pub fn image(shape: ImageShape, values: &[f32]) -> Self {
        let byte = |value: f32| (255.0 * value.clamp(0.0, 1.0)).round() as u8;
        let colors = values.chunks_exact(shape.channels.max(1)).map(|pixel| match pixel {
            [red, green, blue] => [*red, *green, *blue].map(byte),
            pixel => [byte(pixel[0]); 3],
        });
        Self::new(shape.width, colors.collect())
    }

    /// An image of a data set as it is stored, in bytes.
    pub fn photo(shape: ImageShape, bytes: &[u8]) -> Self {
        Self::image(shape, &bytes.iter().map(|byte| f32::from(*byte) / 255.0).collect::<Vec<_>>())
    }

    /// Rows of `width` pixels in the colours of viridis, from 0 (dark violet) to 1 (yellow): even steps look even, with any
    /// colour vision and in grey.
    pub fn viridis(width: usize, values: &[f32]) -> Self {
        let colors = values.iter().map(|value| Ramp::VIRIDIS.at(f64::from(*value)).rgb);
        Self::new(width, colors.collect())
    }

    /// As [`Raster::photo`], made smaller if it would be large among many others.
    pub fn thumbnail(shape: ImageShape, bytes: &[u8]) -> Self {
        let (shape, bytes) = thumbnail(shape, bytes, LONGEST_SIDE);
        Self::photo(shape, &bytes)
    }

    /// This image, in grey, seen through a heat map of the same size, from 0 to 1: the hotter, the more of `inferno` colours.
    pub fn heated(&self, heat: &[f32]) -> Self {
        let colors = self.colors.iter().zip(heat).map(|([red, green, blue], heat)| {
            let grey = (f32::from(*red) + f32::from(*green) + f32::from(*blue)) / 3.0;
            let hot = Ramp::INFERNO.at(f64::from(*heat)).rgb;
            hot.map(|color| (0.4 * grey + 0.6 * f32::from(color)).round() as u8)
        });
        Self::new(self.width, colors.collect())
    }

    fn new(width: usize, mut colors: Vec<[u8; 3]>) -> Self {
        let width = width.max(1);
        colors.truncate(colors.len() / width * width);
        Self { width, colors }
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.colors.len() / self.width
    }

    /// Red, green and blue of each pixel.
    pub(super) fn colors(&self) -> &[[u8; 3]] {
        &self.colors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_colour() {
        let values = [0.0, 1.0, -3.0, f32::MAX, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
        let ends = |low: [u8; 3], high: [u8; 3]| vec![low, high, low, high, high, low, low];
        assert_eq!(Raster::image(ImageShape::grey(1, 7), &values).colors(), ends([0; 3], [255; 3]));
        assert_eq!(Raster::viridis(7, &values).colors(), ends([68, 1, 84], [253, 231, 37]));
        let heat = Raster::image(ImageShape::grey(1, 7), &[0.0; 7]).heated(&values);
        assert_eq!(heat.colors(), ends([0, 0, 2], [151, 153, 98]));
        let colour = Raster::photo(ImageShape::colour(1, 2), &[1, 2, 3, 250, 128, 0]);
        assert_eq!(colour.colors(), [[1, 2, 3], [250, 128, 0]]);
    }
}
