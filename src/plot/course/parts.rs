//! What most pictures of the course consist of: boxes with a text, cells in rows and columns, arrows.

use super::super::chart::Area;
use super::super::drawing::{Anchor, Drawing, Place};
use super::Color;

/// The size of letters: those of the text around a picture are hardly larger.
pub const LETTERS: f32 = 14.0;
/// For what is said aside.
pub const SMALL: f32 = 13.0;
/// The edges of cells and boxes.
pub const EDGE: Color = Color::INK.faint(0.55);

/// A colour under a text: ink can be read on it, on light paper and on dark.
pub const fn tint(color: Color) -> Color {
    color.faint(0.3)
}

impl Area {
    pub fn new([left, top]: Place, [width, height]: [f32; 2]) -> Self {
        Self { left, top, width, height }
    }

    pub fn middle(self) -> Place {
        [self.left + self.width / 2.0, self.top + self.height / 2.0]
    }

    /// The middle of the upper edge.
    pub fn above(self) -> Place {
        [self.middle()[0], self.top]
    }

    /// The middle of the lower edge.
    pub fn below(self) -> Place {
        [self.middle()[0], self.top + self.height]
    }

    /// The middle of the left edge.
    pub fn before(self) -> Place {
        [self.left, self.middle()[1]]
    }

    /// The middle of the right edge.
    pub fn after(self) -> Place {
        [self.left + self.width, self.middle()[1]]
    }

    /// The area with so much more on every side; less where that is negative.
    pub fn grown(self, by: f32) -> Self {
        Self::new([self.left - by, self.top - by], [self.width + 2.0 * by, self.height + 2.0 * by])
    }
}

/// Row and column of each cell of a grid.
pub fn places(rows: usize, columns: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..rows * columns).map(move |i| [i / columns, i % columns])
}

/// Whether a place is among `side` rows and `side` columns, the first of which are given.
pub fn is_within([row, column]: [usize; 2], first: [usize; 2], side: usize) -> bool {
    (first[0]..first[0] + side).contains(&row) && (first[1]..first[1] + side).contains(&column)
}

/// Cells of one size, in rows and columns.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    pub at: Place,
    pub cell: [f32; 2],
}

impl Grid {
    pub fn cell(self, row: usize, column: usize) -> Area {
        self.block([row, column], [1, 1])
    }

    /// The area of a number of rows and columns, from a row and a column on.
    pub fn block(self, [row, column]: [usize; 2], [rows, columns]: [usize; 2]) -> Area {
        let ([left, top], [width, height]) = (self.at, self.cell);
        let at = [left + width * column as f32, top + height * row as f32];
        Area::new(at, [width * columns as f32, height * rows as f32])
    }
}

impl Drawing {
    /// A box of a colour with a text in it.
    pub(super) fn cell(&mut self, area: Area, color: Color, text: &str) {
        self.rectangle([area.left, area.top], [area.width, area.height], color);
        self.outline(area, 1.0, EDGE);
        self.note(text, area.middle(), Anchor::Middle);
    }

    pub(super) fn outline(&mut self, area: Area, width: f32, color: Color) {
        let Area { left, top, .. } = area;
        let (right, bottom) = (left + area.width, top + area.height);
        // From the middle of an edge, so that all four corners are joined.
        let start = area.above();
        let corners = vec![start, [right, top], [right, bottom], [left, bottom], [left, top], start];
        self.line(corners, width, color);
    }

    /// An empty text adds nothing.
    pub(super) fn note(&mut self, text: &str, at: Place, anchor: Anchor) {
        if !text.is_empty() {
            self.text(text, at, LETTERS, anchor);
        }
    }

    /// Lines of text below each other, the first at a place.
    pub(super) fn notes(&mut self, lines: &[impl AsRef<str>], [x, y]: Place, anchor: Anchor) {
        for (line, text) in lines.iter().enumerate() {
            self.note(text.as_ref(), [x, y + 1.4 * LETTERS * line as f32], anchor);
        }
    }

    /// An arrow that ends a little before its end, where something else begins.
    pub(super) fn arrow(&mut self, from: Place, to: Place, color: Color) {
        const GAP: f32 = 3.0;
        const HEAD: f32 = 7.0;
        let length = (to[0] - from[0]).hypot(to[1] - from[1]).max(1.0);
        let [x, y] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
        let back = |along: f32, across: f32| [to[0] - along * x - across * y, to[1] - along * y + across * x];
        let tip = back(GAP, 0.0);
        self.line(vec![[from[0] + GAP * x, from[1] + GAP * y], tip], 1.8, color);
        self.line(vec![back(GAP + HEAD, HEAD / 2.0), tip, back(GAP + HEAD, -HEAD / 2.0)], 1.8, color);
    }

    /// Crosses out what does not exist, or does nothing.
    pub(super) fn cross(&mut self, area: Area) {
        let Area { left, top, width, height } = area.grown(-4.0);
        for [from, to] in [[[0.0, 0.0], [width, height]], [[width, 0.0], [0.0, height]]] {
            let places = [from, to].map(|[x, y]| [left + x, top + y]);
            self.line(places.to_vec(), 1.8, Color::ORANGE);
        }
    }
}
