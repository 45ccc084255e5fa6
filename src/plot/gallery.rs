//! Images with what was said of them.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::style::BLACK;
use plotters::style::text_anchor::{HPos, VPos};

use super::{Picture, Raster, write_text};

/// Images in rows, each with lines of text under it.
#[derive(Debug)]
pub struct Gallery {
    /// What stands over it.
    pub title: String,
    /// The images.
    pub tiles: Vec<Tile>,
    /// Images a row.
    pub columns: usize,
}

/// An image of a [`Gallery`].
#[derive(Debug, Clone)]
pub struct Tile {
    /// The image.
    pub image: Raster,
    /// Under it.
    pub lines: Vec<String>,
}

/// Pixels that an image is drawn with, about.
const SIDE: usize = 140;
const GAP: usize = 30;
const LINE: usize = 17;
const TOP: usize = 40;

impl Gallery {
    fn scale(&self) -> usize {
        let widest = self
            .tiles
            .iter()
            .map(|tile| tile.image.width().max(tile.image.height()));
        (SIDE / widest.max().unwrap_or(1)).max(1)
    }

    /// Width and height of an image with its text.
    fn tile(&self) -> (usize, usize) {
        let scale = self.scale();
        let most = |size: fn(&Tile) -> usize| self.tiles.iter().map(size).max().unwrap_or(0);
        let lines = most(|tile| tile.lines.len());
        (
            most(|tile| tile.image.width()) * scale + GAP,
            most(|tile| tile.image.height()) * scale + LINE * lines + GAP / 2,
        )
    }
}

impl Picture for Gallery {
    fn size(&self) -> (u32, u32) {
        let (width, height) = self.tile();
        let columns = self.columns.clamp(1, self.tiles.len().max(1));
        let rows = self.tiles.len().div_ceil(columns);
        // A title needs some room even over a single column.
        let across = (columns * width).max(8 * self.title.chars().count());
        (across as u32, (TOP + rows * height) as u32)
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let ((width, height), scale) = (self.tile(), self.scale());
        let middle = self.size().0 as i32 / 2;
        write_text(area, &self.title, (middle, 18), 16, BLACK, (HPos::Center, VPos::Center))?;
        for (i, tile) in self.tiles.iter().enumerate() {
            let (column, row) = (i % self.columns.max(1), i / self.columns.max(1));
            let (left, top) = (column * width + GAP / 2, TOP + row * height);
            tile.image.draw(area, (left, top), scale)?;
            let below = top + tile.image.height() * scale + 3;
            for (line, text) in tile.lines.iter().enumerate() {
                let at = ((column * width + width / 2) as i32, (below + line * LINE) as i32);
                write_text(area, text, at, 13, BLACK, (HPos::Center, VPos::Top))?;
            }
        }
        Ok(())
    }
}
