//! The letters of DejaVu Sans, which is embedded in the program: a machine without a desktop has no font.

use std::sync::OnceLock;

use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// The font; `None` if its file does not parse.
fn face() -> Option<&'static Face<'static>> {
    static FACE: OnceLock<Option<Face<'static>>> = OnceLock::new();
    FACE.get_or_init(|| Face::parse(dejavu::sans::regular(), 0).ok()).as_ref()
}

/// The glyphs of a text and where each begins, in units of the font, and where the text ends.
fn set(face: &Face, text: &str) -> (Vec<(GlyphId, i32)>, i32) {
    let (mut letters, mut x): (Vec<(GlyphId, i32)>, i32) = (Vec::new(), 0);
    for letter in text.chars() {
        // Glyph 0 stands for everything that the font lacks.
        let glyph = face.glyph_index(letter).unwrap_or_default();
        if let Some((before, _)) = letters.last() {
            x += i32::from(kerning(face, *before, glyph));
        }
        letters.push((glyph, x));
        x += i32::from(face.glyph_hor_advance(glyph).unwrap_or_default());
    }
    (letters, x)
}

/// By how much the second of two letters is moved.
fn kerning(face: &Face, first: GlyphId, second: GlyphId) -> i16 {
    let tables = face.tables().kern.into_iter().flat_map(|kern| kern.subtables);
    let mut horizontal = tables.filter(|table| table.horizontal && !table.variable);
    horizontal.find_map(|table| table.glyphs_kerning(first, second)).unwrap_or_default()
}

/// The width of a text with letters of this size.
pub(super) fn width(text: &str, size: f32) -> f32 {
    face().map_or(0.0, |face| set(face, text).1 as f32 * size / f32::from(face.units_per_em()))
}

/// The outlines of a text that begins at the origin, with its baseline on the x axis. Letters are where the font puts them,
/// at fractions of a pixel. `None` where there is nothing to see.
pub(super) fn path(text: &str, size: f32) -> Option<Path> {
    let face = face()?;
    let mut pen = Pen { path: PathBuilder::new(), scale: size / f32::from(face.units_per_em()), left: 0.0 };
    for (glyph, x) in set(face, text).0 {
        pen.left = x as f32;
        face.outline_glyph(glyph, &mut pen);
    }
    pen.path.finish()
}

/// Draws a glyph that begins at `left`. In fonts, y points upwards.
struct Pen {
    path: PathBuilder,
    scale: f32,
    left: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.scale * (self.left + x), -self.scale * y)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_where_the_font_says() {
        // The advances of DejaVu Sans in its units of 1/2048: n 1298, i 569; A and V are 131 closer.
        for (text, wide) in [("nni", 1298 + 1298 + 569), ("AV", 1401 + 1401 - 131), ("", 0)] {
            assert!((width(text, 204.8) - wide as f32 / 10.0).abs() < 1e-2, "{text}: {}", width(text, 2048.0));
        }
        let capital = path("H", 2048.0).unwrap().bounds();
        assert_eq!((capital.top(), capital.bottom()), (-1493.0, 0.0), "a capital stands on the line");
        assert!(capital.left() > 0.0 && capital.right() < width("H", 2048.0));
        assert!(path("  ", 10.0).is_none());
    }
}
