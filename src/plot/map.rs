//! Points of a few classes in the plane.

use super::drawing::{Anchor, Drawing, Place, Shape, Text};
use super::{Color, Picture};
use crate::numbers::thousands;

/// A colour a class.
pub const CLASS_COLORS: [Color; 10] = [
    Color::rgb(0x3f, 0x90, 0xda),
    Color::rgb(0xff, 0xa9, 0x0e),
    Color::rgb(0xbd, 0x1f, 0x01),
    Color::rgb(0x94, 0xa4, 0xa2),
    Color::rgb(0x83, 0x2d, 0xb6),
    Color::rgb(0xa9, 0x6b, 0x59),
    Color::rgb(0xe7, 0x63, 0x00),
    Color::rgb(0xb9, 0xac, 0x70),
    Color::rgb(0x71, 0x75, 0x81),
    Color::rgb(0x92, 0xda, 0xdd),
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

const WIDTH: f32 = 1400.0;
const HEIGHT: f32 = 1140.0;
/// Above the points, for the title.
const TOP: f32 = 64.0;
/// Right of them, for the legend.
const LEGEND: f32 = 200.0;
/// Around them.
const MARGIN: f32 = 36.0;
const NAME: f32 = 22.0;

impl Picture for MapPicture<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn draw(&self, drawing: &mut Drawing) {
        drawing.text(self.title, [(WIDTH - LEGEND) / 2.0, TOP / 2.0], 23.0, Anchor::Middle);
        let frame = Frame::around(self.places);
        // Few points are drawn large, many small: they cover a like share of the picture.
        let radius = 12.0 / (self.places.len().max(1) as f32).powf(0.21);
        for (place, label) in self.places.iter().zip(self.labels) {
            drawing.disc(frame.at(*place), radius, color_of(*label).faint(0.7));
        }
        for (class, at) in apart(self.medians(&frame)) {
            let name = self.names.get(class).copied().unwrap_or_default();
            drawing.shapes.push(Shape::Text(Text {
                outlined: true,
                ..Text::new(name, at, NAME, Anchor::Middle)
            }));
        }
        self.draw_legend(drawing);
    }
}

impl MapPicture<'_> {
    /// The classes that there are, each with the pixel of its median: half of its points are left of it, half below.
    fn medians(&self, frame: &Frame) -> Vec<(usize, Place)> {
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

    fn draw_legend(&self, drawing: &mut Drawing) {
        let mut counts = vec![0; self.names.len()];
        for label in self.labels {
            if let Some(count) = counts.get_mut(usize::from(*label)) {
                *count += 1;
            }
        }
        let present = self
            .names
            .iter()
            .zip(counts)
            .zip(0u8..)
            .filter(|((_, count), _)| *count > 0);
        for (row, ((name, count), class)) in present.enumerate() {
            let (x, y) = (WIDTH - LEGEND, TOP + MARGIN + 34.0 * row as f32);
            drawing.disc([x, y], 8.0, color_of(class));
            drawing.text(*name, [x + 18.0, y], 15.0, Anchor::Start);
            drawing.shapes.push(Shape::Text(Text {
                color: Color::rgb(110, 113, 120),
                ..Text::new(thousands(count), [WIDTH - 20.0, y], 12.0, Anchor::End)
            }));
        }
    }
}

fn color_of(label: u8) -> Color {
    CLASS_COLORS[usize::from(label) % CLASS_COLORS.len()]
}

/// From places to pixels, the same scale along both axes.
struct Frame {
    middle: [f64; 2],
    scale: f64,
}

impl Frame {
    fn around(places: &[[f32; 2]]) -> Self {
        let along = |axis: usize| {
            let values = || places.iter().map(|place| f64::from(place[axis]));
            let low = values().fold(f64::INFINITY, f64::min);
            let high = values().fold(f64::NEG_INFINITY, f64::max);
            if low <= high {
                (0.5 * (low + high), high - low)
            } else {
                (0.0, 0.0)
            }
        };
        let ((x, across), (y, up)) = (along(0), along(1));
        let room = |pixels: f32, extent: f64| f64::from(pixels - 2.0 * MARGIN) / extent;
        let scale = room(WIDTH - LEGEND, across).min(room(HEIGHT - TOP, up));
        Self {
            middle: [x, y],
            // A single place is drawn in the middle at any scale.
            scale: if scale.is_finite() { scale } else { 1.0 },
        }
    }

    fn at(&self, place: [f32; 2]) -> Place {
        let [x, y] = [0, 1].map(|axis| (self.scale * (f64::from(place[axis]) - self.middle[axis])) as f32);
        [(WIDTH - LEGEND) / 2.0 + x, (TOP + HEIGHT) / 2.0 - y]
    }
}

/// Moves names that would cover each other up and down, as little as is needed.
fn apart(mut names: Vec<(usize, Place)>) -> Vec<(usize, Place)> {
    const ROUNDS: usize = 100;
    let (wide, high) = (6.0 * NAME, 1.25 * NAME);
    names.sort_by(|(_, [_, a]), (_, [_, b])| a.total_cmp(b));
    for _ in 0..ROUNDS {
        for i in 0..names.len() {
            for j in 0..i {
                let ([upper_x, upper_y], [lower_x, lower_y]) = (names[j].1, names[i].1);
                let lacking = high - (lower_y - upper_y);
                if (upper_x - lower_x).abs() < wide && lacking > 0.0 {
                    names[j].1[1] -= lacking / 2.0;
                    names[i].1[1] += lacking / 2.0;
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
        let names = (0..10)
            .map(|class| (class, [300.0 + 3.0 * class as f32, 500.0]))
            .collect();
        let mut heights: Vec<f32> = apart(names).iter().map(|(_, [_, y])| *y).collect();
        heights.sort_by(f32::total_cmp);
        for pair in heights.windows(2) {
            assert!(pair[1] - pair[0] >= NAME, "{heights:?}");
        }
    }

    #[test]
    fn both_axes_have_one_scale_and_all_places_are_inside() {
        let frame = Frame::around(&[[-50.0, 3.0], [10.0, 5.0], [0.0, 4.0]]);
        let [[left, bottom], [right, top]] = [[-50.0, 3.0], [10.0, 5.0]].map(|place| frame.at(place));
        assert_eq!((left, right), (MARGIN, WIDTH - LEGEND - MARGIN));
        assert!(
            (right - left - 30.0 * (bottom - top)).abs() <= 0.1,
            "{left} {right} {bottom} {top}"
        );
    }

    #[test]
    fn any_places_have_a_frame() {
        let middle = [(WIDTH - LEGEND) / 2.0, (TOP + HEIGHT) / 2.0];
        assert_eq!(Frame::around(&[[7.0, 7.0]]).at([7.0, 7.0]), middle);
        for extent in [f32::MAX, 1e-45, 1e-30] {
            let frame = Frame::around(&[[-extent, 0.0], [extent, extent]]);
            let [x, y] = frame.at([extent, extent]);
            assert!(
                (x - (WIDTH - LEGEND - MARGIN)).abs() < 1e-2 && (y - middle[1]).abs() < HEIGHT,
                "{extent}: {x} {y}"
            );
        }
    }
}
