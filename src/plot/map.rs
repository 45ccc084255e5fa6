//! Points of a few classes in the plane.

use super::drawing::{Anchor, Drawing, Place, Shape, Text};
use super::{Color, Picture};
use crate::numbers::thousands;

/// The colours of classes, for white paper; [`Color::on_dark`] is the one for a dark page. Found by a search for ten that are
/// far apart for people with any colour vision and stand out from both. The first few are the
/// farthest apart, for data of few classes, and those of Fashion-MNIST's classes that are side by side in maps are too. Data with
/// more classes uses them again.
pub const CLASS_COLORS: [Color; 10] = [
    Color::rgb(0x1a, 0x5f, 0x06),
    Color::rgb(0x2e, 0xc4, 0xff),
    Color::rgb(0x7a, 0x2a, 0x99),
    Color::rgb(0xff, 0x2f, 0x9a),
    Color::rgb(0xa3, 0x7c, 0x19),
    Color::rgb(0xff, 0x97, 0xb4),
    Color::rgb(0x8d, 0x86, 0xf5),
    Color::rgb(0x3a, 0x48, 0xe3),
    Color::rgb(0x9c, 0xc4, 0x1b),
    Color::rgb(0xbd, 0x10, 0x4d),
];

/// Every point in the colour of its class, and the class's name at its median. There are no axes: neither directions nor
/// distances in such a map have a unit.
#[derive(Debug)]
pub struct MapPicture<'a> {
    /// The title above it.
    pub title: &'a str,
    /// The positions of the points, to the right and up.
    pub places: &'a [[f32; 2]],
    /// The class of each point.
    pub labels: &'a [u16],
    /// Names of the classes.
    pub names: &'a [String],
}

const WIDTH: f32 = 1400.0;
const HEIGHT: f32 = 1140.0;
/// Above the points, for the title.
const TOP: f32 = 64.0;
/// Right of them, for the legend.
const LEGEND: f32 = 200.0;
/// Around them.
const MARGIN: f32 = 36.0;
/// The size of the letters of a few names, and of many.
const NAME: f32 = 22.0;
const SMALLEST_NAME: f32 = 8.0;

impl Picture for MapPicture<'_> {
    fn size(&self) -> (u32, u32) {
        (WIDTH as u32, HEIGHT as u32)
    }

    fn draw(&self, drawing: &mut Drawing) {
        drawing.text(self.title, [(WIDTH - LEGEND) / 2.0, TOP / 2.0], 23.0, Anchor::Middle);
        let frame = Frame::around(self.places);
        // Few points are drawn large and many small, so that they cover a similar share of the picture.
        let radius = 12.0 / (self.places.len().max(1) as f32).powf(0.21);
        for (place, label) in self.places.iter().zip(self.labels) {
            drawing.disc(frame.at(*place), radius, color_of(*label).faint(0.7));
        }
        let medians = self.medians(&frame);
        let size = name_size(medians.len());
        for (class, at) in apart(medians, size) {
            let name = self.names.get(class).map(String::as_str).unwrap_or_default();
            drawing.shapes.push(Shape::Text(Text { outlined: true, ..Text::new(name, at, size, Anchor::Middle) }));
        }
        self.draw_legend(drawing);
    }
}

impl MapPicture<'_> {
    /// The classes that occur, each with the pixel of its median: half of its points are left of it, half below.
    fn medians(&self, frame: &Frame) -> Vec<(usize, Place)> {
        let median = |class: usize| {
            let pairs = self.places.iter().zip(self.labels);
            let own: Vec<[f32; 2]> =
                pairs.filter(|(_, label)| usize::from(**label) == class).map(|(place, _)| *place).collect();
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
        let present = self.names.iter().zip(counts).zip(0_u16..).filter(|((_, count), _)| *count > 0);
        let present: Vec<_> = present.collect();
        // As many as there is room for, the more of them the closer.
        let apart = ((HEIGHT - TOP - MARGIN) / present.len() as f32).clamp(12.0, 34.0);
        let rows = ((HEIGHT - TOP - MARGIN) / apart) as usize;
        let scale = (apart / 22.0).min(1.0);
        for (row, ((name, count), class)) in present.into_iter().take(rows).enumerate() {
            let (x, y) = (WIDTH - LEGEND, TOP + MARGIN + apart * row as f32);
            drawing.disc([x, y], 8.0 * scale, color_of(class));
            drawing.text(name.as_str(), [x + 18.0, y], 15.0 * scale, Anchor::Start);
            drawing.shapes.push(Shape::Text(Text {
                color: Color::rgb(110, 113, 120),
                ..Text::new(thousands(count), [WIDTH - 20.0, y], 12.0 * scale, Anchor::End)
            }));
        }
    }
}

fn color_of(label: u16) -> Color {
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
            if low <= high { (0.5 * (low + high), high - low) } else { (0.0, 0.0) }
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

/// The size of the letters of names: smaller where there are many.
fn name_size(names: usize) -> f32 {
    (NAME * (12.0 / names.max(1) as f32).sqrt()).clamp(SMALLEST_NAME, NAME)
}

/// Moves names with letters of this size that would overlap up or down, as little as needed.
fn apart(mut names: Vec<(usize, Place)>, size: f32) -> Vec<(usize, Place)> {
    const ROUNDS: usize = 100;
    let (wide, high) = (6.0 * size, 1.25 * size);
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
        let names = (0..10).map(|class| (class, [300.0 + 3.0 * class as f32, 500.0])).collect();
        let mut heights: Vec<f32> = apart(names, NAME).iter().map(|(_, [_, y])| *y).collect();
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
        assert!((right - left - 30.0 * (bottom - top)).abs() <= 0.1, "{left} {right} {bottom} {top}");
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

    /// How people without one of the three kinds of cones (red, green or blue) see colours (Machado, Oliveira and Fernandes
    /// 2009, severity 1), from linear light to linear light.
    const VISIONS: [(&str, [[f64; 3]; 3]); 4] = [
        ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "no red cones",
            [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        ),
        (
            "no green cones",
            [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        ),
        (
            "no blue cones",
            [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
        ),
    ];

    fn product(matrix: [[f64; 3]; 3], x: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(x).map(|(a, x)| a * x).sum())
    }

    /// Oklab of linear light: even distances look even (Ottosson 2020).
    fn oklab(light: [f64; 3]) -> [f64; 3] {
        let cones = [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ];
        let axes = [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ];
        product(axes, product(cones, light).map(f64::cbrt))
    }

    fn apart_by(matrix: [[f64; 3]; 3], colors: [Color; 2]) -> f64 {
        let [a, b] = colors.map(|color| {
            let seen = product(matrix, color.linear());
            oklab(seen.map(|light| light.clamp(0.0, 1.0)))
        });
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn classes_are_told_apart_with_any_colour_vision_on_light_and_dark() {
        let on_dark = CLASS_COLORS.map(Color::on_dark);
        for (vision, matrix) in VISIONS {
            for (colors, least) in [(CLASS_COLORS, 0.1), (on_dark, 0.06)] {
                for (a, b) in (0..10).flat_map(|a| (0..a).map(move |b| (a, b))) {
                    let apart = apart_by(matrix, [colors[a], colors[b]]);
                    assert!(apart > least, "{vision}: classes {a} and {b} are {apart} apart");
                }
                // Pullovers and shirts, dresses and bags: side by side in maps, and once mistaken for each other.
                for [a, b] in [[2, 6], [3, 8]] {
                    let apart = apart_by(matrix, [colors[a], colors[b]]);
                    assert!(apart > 1.5 * least, "{vision}: classes {a} and {b} are {apart} apart");
                }
            }
        }
        let dark_page = Color::rgb(0x16, 0x17, 0x1a);
        for (light, dark) in CLASS_COLORS.into_iter().zip(on_dark) {
            assert!(light.contrast(Color::PAPER) > 2.0, "{light:?}: {}", light.contrast(Color::PAPER));
            assert!(dark.contrast(dark_page) > 3.0, "{dark:?}: {}", dark.contrast(dark_page));
        }
    }
}
