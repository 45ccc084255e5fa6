//! Images in rows and columns.

use super::drawing::{Anchor, Drawing};
use super::{Picture, Raster};
use crate::data::ImageShape;

/// Images of one size in a grid, with a title over each column and a name before each row.
#[derive(Debug)]
pub struct ImageGrid<'a> {
    /// The shape of each image.
    pub shape: ImageShape,
    /// Over the columns.
    pub titles: &'a [String],
    /// Name of each row, and its images as values in 0 to 1.
    pub rows: &'a [(String, Vec<Vec<f32>>)],
}

/// Pixels of the picture per pixel of an image.
const SCALE: usize = 3;
/// Between images.
const GAP: usize = 6;
/// Left of the first column, for the names.
const NAMES: usize = 110;
/// Above the first row, for the titles.
const TITLES: usize = 24;
const LETTERS: f32 = 12.0;

impl Picture for ImageGrid<'_> {
    fn size(&self) -> (u32, u32) {
        let ImageShape { height, width, .. } = self.shape;
        let (columns, rows) = (self.titles.len(), self.rows.len());
        let across = NAMES + columns * (width * SCALE + GAP) + GAP;
        let down = TITLES + rows * (height * SCALE + GAP) + GAP;
        (across as u32, down as u32)
    }

    fn draw(&self, drawing: &mut Drawing) {
        let [height, width] = [self.shape.height, self.shape.width].map(|side| side * SCALE);
        let left = |column: usize| NAMES + column * (width + GAP);
        let top = |row: usize| TITLES + row * (height + GAP);
        for (column, title) in self.titles.iter().enumerate() {
            let middle = [(left(column) + width / 2) as f32, TITLES as f32 / 2.0];
            drawing.text(title, middle, LETTERS, Anchor::Middle);
        }
        for (row, (name, images)) in self.rows.iter().enumerate() {
            let middle = [GAP as f32, (top(row) + height / 2) as f32];
            drawing.text(name, middle, LETTERS, Anchor::Start);
            for (column, image) in images.iter().enumerate() {
                let raster = Raster::image(self.shape, image);
                drawing.image([left(column), top(row)], SCALE, raster);
            }
        }
    }
}
