//! Points of a few classes in the plane.

use plotters::coord::Shift;
use plotters::element::Circle;
use plotters::prelude::{DrawingArea, DrawingBackend};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{BLACK, Color, RGBColor, WHITE};

use super::{Picture, write_text};

/// A colour a class, which people with any colour vision tell apart (Petroff 2021, arXiv:2107.02270, ten colours).
pub const CLASS_COLORS: [RGBColor; 10] = [
    RGBColor(0x3f, 0x90, 0xda),
    RGBColor(0xff, 0xa9, 0x0e),
    RGBColor(0xbd, 0x1f, 0x01),
    RGBColor(0x94, 0xa4, 0xa2),
    RGBColor(0x83, 0x2d, 0xb6),
    RGBColor(0xa9, 0x6b, 0x59),
    RGBColor(0xe7, 0x63, 0x00),
    RGBColor(0xb9, 0xac, 0x70),
    RGBColor(0x71, 0x75, 0x81),
    RGBColor(0x92, 0xda, 0xdd),
];

/// Every point in the colour of its class, and the class's name at its median. There are no axes: neither directions nor
/// distances of such a map have a unit.
#[derive(Debug)]
pub struct MapPicture<'a> {
    /// What stands over it.
    pub title: &'a str,
    /// Where the points are, right and up.
    pub places: &'a [[f32; 2]],
    /// The class of each.
    pub labels: &'a [u8],
    /// Names of the classes.
    pub names: &'a [&'a str],
}

/// Pixels of the canvas for one of the picture, along each axis: discs of a pixel or two need them.
const FINE: i32 = 3;
const WIDTH: i32 = 1400 * FINE;
const HEIGHT: i32 = 1140 * FINE;
/// Above the points, for the title.
const TOP: i32 = 64 * FINE;
/// Right of them, for the legend.
const LEGEND: i32 = 200 * FINE;
/// Around them.
const MARGIN: i32 = 36 * FINE;
const NAME: i32 = 24 * FINE;

impl Picture for MapPicture<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn fineness(&self) -> u32 {
        FINE as u32
    }

    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let middle = (HPos::Center, VPos::Center);
        let center = (WIDTH - LEGEND) / 2;
        write_text(area, self.title, (center, TOP / 2), (26 * FINE) as u32, BLACK, middle)?;
        let frame = Frame::around(self.places);
        // Few points are drawn large, many small: they cover a like share of the picture.
        let radius = (FINE as f32 * 12.0 / (self.places.len().max(1) as f32).powf(0.21)).round() as i32;
        for (place, label) in self.places.iter().zip(self.labels) {
            let style = color_of(*label).mix(0.7).filled();
            area.draw(&Circle::new(frame.at(*place), radius, style))
                .map_err(|e| e.to_string())?;
        }
        for (class, at) in apart(self.medians(&frame)) {
            let name = self.names.get(class).copied().unwrap_or_default();
            // Readable on whatever lies below: white around the letters.
            let step = 2 * FINE;
            for (x, y) in [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)] {
                let around = (at.0 + x * step, at.1 + y * step);
                write_text(area, name, around, NAME as u32, WHITE, middle)?;
            }
            write_text(area, name, at, NAME as u32, RGBColor(25, 25, 30), middle)?;
        }
        self.draw_legend(area)
    }
}

impl MapPicture<'_> {
    /// The classes that there are, each with the pixel of its median: half of its points are left of it, half below.
    fn medians(&self, frame: &Frame) -> Vec<(usize, (i32, i32))> {
        let median = |class: usize| {
            let pairs = self.places.iter().zip(self.labels);
            let own: Vec<[f32; 2]> = pairs
                .filter(|(_, label)| usize::from(**label) == class)
                .map(|(place, _)| *place)
                .collect();
            let along = |axis: usize| {
                let mut values: Vec<f32> = own.iter().map(|place| place[axis]).collect();
                let half = values.len() / 2;
                *values.select_nth_unstable_by(half, f32::total_cmp).1
            };
            (!own.is_empty()).then(|| (class, frame.at([along(0), along(1)])))
        };
        (0..self.names.len()).filter_map(median).collect()
    }

    fn draw_legend<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String> {
        let mut counts = vec![0; self.names.len()];
        for label in self.labels {
            if let Some(count) = counts.get_mut(usize::from(*label)) {
                *count += 1;
            }
        }
        let shown = self
            .names
            .iter()
            .zip(counts)
            .enumerate()
            .filter(|(_, (_, count))| *count > 0);
        for (row, (class, (name, count))) in shown.enumerate() {
            let (x, y) = (WIDTH - LEGEND, TOP + MARGIN + 34 * FINE * row as i32);
            let disc = Circle::new((x, y), 8 * FINE, color_of(class as u8).filled());
            area.draw(&disc).map_err(|e| e.to_string())?;
            let left = (HPos::Left, VPos::Center);
            write_text(area, name, (x + 18 * FINE, y), (17 * FINE) as u32, BLACK, left)?;
            let right = (HPos::Right, VPos::Center);
            let grey = RGBColor(110, 113, 120);
            write_text(
                area,
                &count.to_string(),
                (WIDTH - 20 * FINE, y),
                (13 * FINE) as u32,
                grey,
                right,
            )?;
        }
        Ok(())
    }
}

fn color_of(label: u8) -> RGBColor {
    CLASS_COLORS[usize::from(label) % CLASS_COLORS.len()]
}

/// From places to pixels, the same scale along both axes.
struct Frame {
    middle: [f32; 2],
    scale: f32,
}

impl Frame {
    fn around(places: &[[f32; 2]]) -> Self {
        let along = |axis: usize| {
            let values = || places.iter().map(|place| place[axis]);
            let low = values().fold(f32::INFINITY, f32::min);
            let high = values().fold(f32::NEG_INFINITY, f32::max);
            if low <= high {
                (0.5 * (low + high), high - low)
            } else {
                (0.0, 0.0)
            }
        };
        let ((x, across), (y, up)) = (along(0), along(1));
        let room = |pixels: i32, extent: f32| (pixels - 2 * MARGIN) as f32 / extent.max(f32::MIN_POSITIVE);
        let scale = room(WIDTH - LEGEND, across).min(room(HEIGHT - TOP, up));
        Self {
            middle: [x, y],
            // A single place is drawn in the middle at any scale.
            scale: if across.max(up) > 0.0 { scale } else { 1.0 },
        }
    }

    fn at(&self, place: [f32; 2]) -> (i32, i32) {
        let [x, y] = [0, 1].map(|axis| (self.scale * (place[axis] - self.middle[axis])).round() as i32);
        ((WIDTH - LEGEND) / 2 + x, (TOP + HEIGHT) / 2 - y)
    }
}

/// Moves names that would cover each other up and down, as little as is needed.
fn apart(mut names: Vec<(usize, (i32, i32))>) -> Vec<(usize, (i32, i32))> {
    const ROUNDS: usize = 100;
    let (wide, high) = (6 * NAME, 5 * NAME / 4);
    names.sort_by_key(|(_, (_, y))| *y);
    for _ in 0..ROUNDS {
        for i in 0..names.len() {
            for j in 0..i {
                let ((upper_x, upper_y), (lower_x, lower_y)) = (names[j].1, names[i].1);
                let lacking = high - (lower_y - upper_y);
                if (upper_x - lower_x).abs() < wide && lacking > 0 {
                    names[j].1.1 -= lacking / 2;
                    names[i].1.1 += lacking - lacking / 2;
                }
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_apart() {
        let names = (0..10).map(|class| (class, (1000 + 10 * class as i32, 1500))).collect();
        let mut heights: Vec<i32> = apart(names).iter().map(|(_, (_, y))| *y).collect();
        heights.sort_unstable();
        for pair in heights.windows(2) {
            assert!(pair[1] - pair[0] >= NAME, "{heights:?}");
        }
    }

    #[test]
    fn both_axes_have_one_scale_and_all_places_are_inside() {
        let frame = Frame::around(&[[-50.0, 3.0], [10.0, 5.0], [0.0, 4.0]]);
        let [(left, bottom), (right, top)] = [[-50.0, 3.0], [10.0, 5.0]].map(|place| frame.at(place));
        assert_eq!((left, right), (MARGIN, WIDTH - LEGEND - MARGIN));
        assert!(
            (right - left - 30 * (bottom - top)).abs() <= 30,
            "{left} {right} {bottom} {top}"
        );
        assert_eq!(
            Frame::around(&[[7.0, 7.0]]).at([7.0, 7.0]),
            ((WIDTH - LEGEND) / 2, (TOP + HEIGHT) / 2)
        );
    }
}
