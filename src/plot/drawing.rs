//! What a picture consists of, before it becomes SVG or pixels.

use super::{Color, Raster};

/// A position in pixels of the picture: from the left and from the top.
pub(super) type Place = [f32; 2];

/// Shapes on a sheet of paper, the first at the bottom.
#[derive(Debug, Default)]
pub struct Drawing {
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) shapes: Vec<Shape>,
}

/// What can be drawn.
#[derive(Debug)]
pub(super) enum Shape {
    Rectangle {
        at: Place,
        size: [f32; 2],
        color: Color,
    },
    /// Straight lines from place to place.
    Line {
        places: Vec<Place>,
        width: f32,
        color: Color,
    },
    Disc {
        at: Place,
        radius: f32,
        color: Color,
    },
    Text(Text),
    /// An image, each pixel of which becomes a square with sides of `scale`.
    Image {
        at: [usize; 2],
        scale: usize,
        raster: Raster,
    },
}

/// A line of text, its capital letters centred on `at` across the reading direction.
#[derive(Debug)]
pub(super) struct Text {
    pub text: String,
    pub at: Place,
    pub size: f32,
    pub color: Color,
    /// Which part of it is at `at`.
    pub anchor: Anchor,
    /// Whether it is read from bottom to top.
    pub upwards: bool,
    /// Whether paper is drawn around the letters, so that they can be read on anything.
    pub outlined: bool,
}

/// Which part of a text is at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    pub(super) fn new((width, height): (u32, u32)) -> Self {
        Self { width: width as f32, height: height as f32, shapes: Vec::new() }
    }

    pub(super) fn rectangle(&mut self, at: Place, size: [f32; 2], color: Color) {
        self.shapes.push(Shape::Rectangle { at, size, color });
    }

    pub(super) fn line(&mut self, places: Vec<Place>, width: f32, color: Color) {
        self.shapes.push(Shape::Line { places, width, color });
    }

    pub(super) fn disc(&mut self, at: Place, radius: f32, color: Color) {
        self.shapes.push(Shape::Disc { at, radius, color });
    }

    pub(super) fn image(&mut self, at: [usize; 2], scale: usize, raster: Raster) {
        if raster.height() > 0 {
            self.shapes.push(Shape::Image { at, scale, raster });
        }
    }

    /// Adds a text in plain ink.
    pub(super) fn text(&mut self, text: impl Into<String>, at: Place, size: f32, anchor: Anchor) {
        self.shapes.push(Shape::Text(Text::new(text, at, size, anchor)));
    }

    /// Adds a text that is read from bottom to top.
    pub(super) fn text_upwards(&mut self, text: impl Into<String>, at: Place, size: f32, anchor: Anchor) {
        self.shapes.push(Shape::Text(Text { upwards: true, ..Text::new(text, at, size, anchor) }));
    }
}

impl Text {
    pub(super) fn new(text: impl Into<String>, at: Place, size: f32, anchor: Anchor) -> Self {
        Self { text: text.into(), at, size, color: Color::INK, anchor, upwards: false, outlined: false }
    }

    /// How far the baseline is below `at`: half the height of a capital letter.
    pub(super) fn baseline(&self) -> f32 {
        0.36 * self.size
    }

    /// The width of the paper around outlined letters, half of which is outside them.
    pub(super) fn outline(&self) -> f32 {
        0.2 * self.size
    }
}
