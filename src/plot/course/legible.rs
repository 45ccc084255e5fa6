//! Every text of every picture can be read: on light paper and on dark, inside the picture, and not over another one.

use super::super::chart::Area;
use super::super::drawing::{Anchor, Place, Shape, Text};
use super::super::font;
use super::*;

/// Where the letters of a text are.
fn area(text: &Text) -> Area {
    let [wide, high] = [font::width(&text.text, text.size), 0.8 * text.size];
    let before = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => 0.5 * wide,
        Anchor::End => wide,
    };
    let [x, y] = text.at;
    match text.upwards {
        true => Area::new([x - high / 2.0, y + before - wide], [high, wide]),
        false => Area::new([x - before, y - high / 2.0], [wide, high]),
    }
}

fn overlap(a: Area, b: Area) -> bool {
    a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height
}

/// Whether a straight line runs through an area: looked at place by place, a pixel apart.
fn crosses([from, to]: [Place; 2], area: Area) -> bool {
    let steps = (to[0] - from[0]).hypot(to[1] - from[1]).ceil().max(1.0);
    (0..=steps as u32).map(|step| step as f32 / steps).any(|share| {
        let [x, y] = [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]));
        overlap(Area::new([x, y], [0.0; 2]), area)
    })
}

/// The colour at a place after these shapes.
fn ground(shapes: &[Shape], [x, y]: Place, scheme: fn(Color) -> Color) -> Color {
    shapes.iter().fold(scheme(Color::PAPER), |below, shape| {
        let (covers, color) = match shape {
            Shape::Rectangle { at, size, color } => {
                ((0..2).all(|axis| (at[axis]..=at[axis] + size[axis]).contains(&[x, y][axis])), *color)
            }
            Shape::Disc { at, radius, color } => ((at[0] - x).hypot(at[1] - y) <= *radius, *color),
            _ => (false, Color::INK),
        };
        match covers {
            true => mixed(below, scheme(color)),
            false => below,
        }
    })
}

fn mixed(below: Color, above: Color) -> Color {
    let [red, green, blue] = [0, 1, 2].map(|channel| {
        let [below, over] = [below, above].map(|color| f32::from(color.rgb[channel]));
        (below + above.opacity * (over - below)).round() as u8
    });
    Color::rgb(red, green, blue)
}

fn check(sketch: &Sketch) {
    let mut drawing = Drawing::new(sketch.size());
    sketch.draw(&mut drawing);
    let whole = Area::new([0.0; 2], [drawing.width, drawing.height]);
    let mut others: Vec<(&str, Area)> = Vec::new();
    for (i, shape) in drawing.shapes.iter().enumerate() {
        let Shape::Text(text) = shape else { continue };
        let (name, here) = (format!("{}: \"{}\"", sketch.name, text.text), area(text));
        assert!(text.size >= 13.0, "{name} is small: {}", text.size);
        let inside = whole.grown(-3.0);
        let ends = [here.left + here.width, here.top + here.height];
        assert!(
            here.left >= inside.left
                && here.top >= inside.top
                && ends[0] <= inside.after()[0]
                && ends[1] <= inside.below()[1],
            "{name} is cut off: {here:?}"
        );
        for (other, area) in &others {
            assert!(!overlap(here, *area), "{name} overlaps \"{other}\"");
        }
        others.push((&text.text, here));
        for shape in &drawing.shapes[i..] {
            if let Shape::Rectangle { at, size, .. } = shape {
                assert!(!overlap(here, Area::new(*at, *size)), "{name} is covered");
            }
        }
        for scheme in [|color| color, Color::on_dark_paper] as [fn(Color) -> Color; 2] {
            for place in [here.middle(), here.before(), here.after(), here.above(), here.below()] {
                let contrast = scheme(text.color).contrast(ground(&drawing.shapes[..i], place, scheme));
                assert!(contrast >= 4.5, "{name} has a contrast of {contrast} at {place:?}");
            }
        }
    }
    let lines = drawing.shapes.iter().filter_map(|shape| match shape {
        Shape::Line { places, color, .. } if color.opacity > 0.2 => Some(places),
        _ => None,
    });
    for line in lines.flat_map(|places| places.array_windows()) {
        for (text, area) in &others {
            assert!(!crosses(*line, *area), "{}: a line runs through \"{text}\": {line:?}", sketch.name);
        }
    }
}

#[test]
fn every_text_can_be_read() {
    for sketch in &ALL {
        assert!(sketch.size.0 <= 760, "{} is wider than a page", sketch.name);
        check(sketch);
    }
}

#[test]
fn measured_kernels_can_be_drawn() {
    assert!(roofline::measured().is_ok_and(|measured| measured.kernels.len() > 3));
}
