//! Images with text about them.

use super::drawing::{Anchor, Drawing};
use super::{Picture, Raster, font};

/// Images in rows, each with lines of text under it.
#[derive(Debug)]
pub struct Gallery {
    /// The title above it.
    pub title: String,
    /// The images.
    pub tiles: Vec<Tile>,
    /// Images per row.
    pub columns: usize,
}

/// An image of a [`Gallery`].
#[derive(Debug, Clone)]
pub struct Tile {
    /// The image.
    pub image: Raster,
    /// The text below it.
    pub lines: Vec<String>,
}

/// About how many pixels the side of a drawn image has.
const SIDE: usize = 140;
const GAP: usize = 30;
const LINE: usize = 17;
const TOP: usize = 40;
const TITLE: f32 = 15.0;

impl Gallery {
    fn scale(&self) -> usize {
        let widest = self.tiles.iter().map(|tile| tile.image.width().max(tile.image.height()));
        (SIDE / widest.max().unwrap_or(1).max(1)).max(1)
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
        let across = (columns * width).max(font::width(&self.title, TITLE) as usize + GAP);
        (across as u32, (TOP + rows * height) as u32)
    }

    fn draw(&self, drawing: &mut Drawing) {
        let ((width, height), scale) = (self.tile(), self.scale());
        let middle = [self.size().0 as f32 / 2.0, 18.0];
        drawing.text(&self.title, middle, TITLE, Anchor::Middle);
        for (i, tile) in self.tiles.iter().enumerate() {
            let (column, row) = (i % self.columns.max(1), i / self.columns.max(1));
            let (left, top) = (column * width + GAP / 2, TOP + row * height);
            drawing.image([left, top], scale, tile.image.clone());
            let below = top + tile.image.height() * scale + 10;
            for (line, text) in tile.lines.iter().enumerate() {
                let at = [(column * width + width / 2) as f32, (below + line * LINE) as f32];
                drawing.text(text, at, 12.0, Anchor::Middle);
            }
        }
    }
}
