//! Grey images in rows and columns.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend, Text};
use plotters::style::{BLACK, IntoFont};

use super::{Picture, Raster};

/// Images of one size in a grid, with a title over each column and a name before each row.
#[derive(Debug)]
pub struct ImageGrid<'a> {
    /// Rows and columns of an image.
    pub image_size: [usize; 2],
    /// Over the columns.
    pub titles: &'a [String],
    /// Name of each row, and its images as values in 0 to 1.
    pub rows: &'a [(String, Vec<Vec<f32>>)],
}

/// Pixels of the picture for one of an image.
const SCALE: usize = 3;
/// Between images.
const GAP: usize = 6;
/// Left of the first column, for the names.
const NAMES: usize = 110;
/// Above the first row, for the titles.
const TITLES: usize = 24;

impl Picture for ImageGrid<'_> {
    fn size(&self) -> (u32, u32) {
        let [height, width] = self.image_size;
        let (columns, rows) = (self.titles.len(), self.rows.len());
        let across = NAMES + columns * (width * SCALE + GAP) + GAP;
        let down = TITLES + rows * (height * SCALE + GAP) + GAP;
        (across as u32, down as u32)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let [height, width] = self.image_size;
        let font = ("sans-serif", 13).into_font();
        let text = |text: &str, x: usize, y: usize| {
            let text = Text::new(text.to_owned(), (x as i32, y as i32), font.color(&BLACK));
            area.draw(&text).map_err(|e| e.to_string())
        };
        let left = |column: usize| NAMES + column * (width * SCALE + GAP);
        let top = |row: usize| TITLES + row * (height * SCALE + GAP);
        for (column, title) in self.titles.iter().enumerate() {
            text(title, left(column), 6)?;
        }
        for (row, (name, images)) in self.rows.iter().enumerate() {
            text(name, GAP, top(row) + height * SCALE / 2 - 6)?;
            for (column, image) in images.iter().enumerate() {
                Raster::grey(width, image).draw(area, (left(column), top(row)), SCALE)?;
            }
        }
        Ok(())
    }
}
