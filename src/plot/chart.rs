//! Charts: a frame with axes, and what is drawn inside it.

use super::axis::Axis;
use super::drawing::{Anchor, Drawing, Place};
use super::{Color, font};

/// A part of a drawing, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Area {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl Area {
    /// The whole picture.
    pub fn whole([width, height]: [u32; 2]) -> Self {
        Self { left: 0.0, top: 0.0, width: width as f32, height: height as f32 }
    }

    /// The parts of a picture for `count` panels of one size, in rows of `columns`.
    pub fn panels([width, height]: [u32; 2], columns: usize, count: usize) -> impl Iterator<Item = Self> {
        (0..count).map(move |i| Self {
            left: (i % columns * width as usize) as f32,
            top: (i / columns * height as usize) as f32,
            ..Self::whole([width, height])
        })
    }
}

/// A corner of a chart that its data leaves free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Corner {
    TopLeft,
    TopRight,
    BottomRight,
}

/// Axes with a title, to draw data in.
pub(super) struct Chart<'a> {
    drawing: &'a mut Drawing,
    /// The area inside the axes.
    inside: Area,
    x: Axis,
    y: Axis,
    /// The size of the letters.
    letters: f32,
}

const TITLE: f32 = 15.0;
const LETTERS: f32 = 11.0;
/// For a picture that stands in a text.
const LARGE_LETTERS: f32 = 13.0;
/// Margins around the axes: for the title, and for numbers and a name to the left and below.
const ABOVE: f32 = 34.0;
const LEFT: f32 = 58.0;
const BELOW: f32 = 46.0;
const RIGHT: f32 = 14.0;
const TICK: f32 = 4.0;
const FRAME: Color = Color::INK.faint(0.6);
const GRID: Color = Color::INK.faint(0.1);

impl<'a> Chart<'a> {
    pub fn new(drawing: &'a mut Drawing, area: Area, title: &str, x: Axis, y: Axis) -> Self {
        // Below 1, the title must shrink to stay in its panel.
        let room = (area.width - 8.0) / font::width(title, TITLE).max(1.0);
        let middle = area.left + area.width / 2.0;
        drawing.text(title, [middle, area.top + 18.0], TITLE * room.min(1.0), Anchor::Middle);
        Self::untitled(LETTERS, drawing, area, [x, y])
    }

    /// A chart with letters as large as those of a text, in a picture that has its title already.
    pub fn large(drawing: &'a mut Drawing, area: Area, x: Axis, y: Axis) -> Self {
        Self::untitled(LARGE_LETTERS, drawing, area, [x, y])
    }

    fn untitled(letters: f32, drawing: &'a mut Drawing, area: Area, [x, y]: [Axis; 2]) -> Self {
        let inside = Area {
            left: area.left + LEFT,
            top: area.top + ABOVE,
            width: area.width - LEFT - RIGHT,
            height: area.height - ABOVE - BELOW,
        };
        let mut chart = Self { drawing, inside, x, y, letters };
        chart.draw_axes();
        chart
    }

    /// The pixel of a data point, clamped to the inside of the axes; `None` where it is not finite.
    fn at(&self, (x, y): (f64, f64)) -> Option<Place> {
        let Area { left, top, width, height } = self.inside;
        let [x, y] = [self.x.share(x), self.y.share(y)].map(|share| share.clamp(0.0, 1.0) as f32);
        (x.is_finite() && y.is_finite()).then_some([left + x * width, top + (1.0 - y) * height])
    }

    fn draw_axes(&mut self) {
        let Area { left, top, width, height } = self.inside;
        let (right, bottom) = (left + width, top + height);
        for (value, text) in self.x.ticks.clone() {
            let x = left + self.x.share(value) as f32 * width;
            self.drawing.line(vec![[x, top], [x, bottom]], 1.0, GRID);
            self.drawing.line(vec![[x, bottom], [x, bottom + TICK]], 1.0, FRAME);
            self.drawing.text(text, [x, bottom + 14.0], self.letters, Anchor::Middle);
        }
        for (value, text) in self.y.ticks.clone() {
            let y = bottom - self.y.share(value) as f32 * height;
            self.drawing.line(vec![[left, y], [right, y]], 1.0, GRID);
            self.drawing.line(vec![[left - TICK, y], [left, y]], 1.0, FRAME);
            self.drawing.text(text, [left - TICK - 4.0, y], self.letters, Anchor::End);
        }
        self.drawing.line(vec![[left, top], [left, bottom], [right, bottom]], 1.0, FRAME);
        let middle = [left + width / 2.0, bottom + 32.0];
        self.drawing.text(self.x.name, middle, self.letters + 1.0, Anchor::Middle);
        let middle = [left - LEFT + 12.0, top + height / 2.0];
        self.drawing.text_upwards(self.y.name, middle, self.letters + 1.0, Anchor::Middle);
    }

    /// Text beside a place, moved by a number of pixels to the right and down.
    pub fn note(&mut self, text: &str, place: (f64, f64), [right, below]: [f32; 2], anchor: Anchor) {
        if let Some([x, y]) = self.at(place) {
            self.drawing.text(text, [x + right, y + below], self.letters, anchor);
        }
    }

    /// A line through places; a place that is not finite is a gap.
    pub fn line(&mut self, places: impl IntoIterator<Item = (f64, f64)>, width: f32, color: Color) {
        let places: Vec<Option<Place>> = places.into_iter().map(|place| self.at(place)).collect();
        for run in places.split(Option::is_none).filter(|run| !run.is_empty()) {
            self.drawing.line(run.iter().flatten().copied().collect(), width, color);
        }
    }

    /// Discs at places, with their radius in pixels.
    pub fn discs(&mut self, places: impl IntoIterator<Item = (f64, f64)>, radius: f32, color: Color) {
        for place in places {
            if let Some(at) = self.at(place) {
                self.drawing.disc(at, radius, color);
            }
        }
    }

    /// A rectangle between two places.
    pub fn bar(&mut self, from: (f64, f64), to: (f64, f64), color: Color) {
        if let (Some([left, bottom]), Some([right, top])) = (self.at(from), self.at(to)) {
            self.drawing.rectangle([left, top], [right - left, bottom - top], color);
        }
    }

    /// What the colours mean.
    pub fn legend(&mut self, corner: Corner, entries: &[(&str, Color)]) {
        const LINE: f32 = 17.0;
        const SWATCH: f32 = 16.0;
        const MARGIN: f32 = 7.0;
        let widest = entries.iter().map(|(name, _)| font::width(name, self.letters)).fold(0.0, f32::max);
        let (width, height) = (widest + SWATCH + 3.0 * MARGIN, LINE * entries.len() as f32 + MARGIN);
        let Area { left, top, .. } = self.inside;
        let (right, bottom) = (left + self.inside.width, top + self.inside.height);
        let [left, top] = match corner {
            Corner::TopLeft => [left + MARGIN, top + MARGIN],
            Corner::TopRight => [right - width - MARGIN, top + MARGIN],
            Corner::BottomRight => [right - width - MARGIN, bottom - height - MARGIN],
        };
        self.drawing.rectangle([left, top], [width, height], Color::PAPER.faint(0.8));
        for ((name, color), row) in entries.iter().zip(0u8..) {
            let y = top + (f32::from(row) + 0.5) * LINE + MARGIN / 2.0;
            let swatch = [left + MARGIN, y - 2.0];
            self.drawing.rectangle(swatch, [SWATCH, 4.0], *color);
            self.drawing.text(*name, [left + 2.0 * MARGIN + SWATCH, y], self.letters, Anchor::Start);
        }
    }
}
