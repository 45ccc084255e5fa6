//! Drawings as SVG.

use std::collections::BTreeSet;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::drawing::{Anchor, Drawing, Shape, Text};
use super::{Channels, Color, DrawingError, png};

/// What a drawing is put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// White paper.
    Paper,
    /// A page with colours of its own: ink takes the colour of its text, and paper is not drawn.
    Page,
    /// White paper, or dark paper where the viewer prefers that: for a file that any page may show.
    Either,
}

impl Ground {
    fn paint(self, color: Color) -> String {
        match self {
            Self::Page if color.rgb == Color::INK.rgb => "currentColor".to_owned(),
            Self::Page if color.rgb == Color::PAPER.rgb => "none".to_owned(),
            _ => color.hex(),
        }
    }
}

/// The text of a drawing.
pub(super) fn text(drawing: &Drawing, ground: Ground) -> Result<String, DrawingError> {
    let (width, height) = (drawing.width, drawing.height);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="DejaVu Sans, Verdana, sans-serif">"#
    );
    svg.push('\n');
    if ground == Ground::Either {
        svg.push_str(&dark_style(drawing));
    }
    if ground != Ground::Page {
        let paper = Color::PAPER.hex();
        let _ = writeln!(svg, r#"<rect width="100%" height="100%" fill="{paper}"/>"#); // a String takes any text
    }
    for shape in &drawing.shapes {
        svg.push_str(&element(shape, ground)?);
        svg.push('\n');
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// The colours of a drawing on dark paper. A style is stronger than the attributes that it selects by.
fn dark_style(drawing: &Drawing) -> String {
    let colors = drawing.shapes.iter().filter_map(|shape| match shape {
        Shape::Rectangle { color, .. } | Shape::Line { color, .. } | Shape::Disc { color, .. } => Some(color.rgb),
        Shape::Text(text) => Some(text.color.rgb),
        Shape::Image { .. } => None,
    });
    let colors: BTreeSet<[u8; 3]> = colors.chain([Color::PAPER.rgb]).collect();
    let mut style = "<style>@media (prefers-color-scheme: dark) {\n".to_owned();
    for [red, green, blue] in colors {
        let color = Color::rgb(red, green, blue);
        let (light, dark) = (color.hex(), color.on_dark_paper().hex());
        let _ = writeln!(style, r#"[fill="{light}"] {{ fill: {dark} }} [stroke="{light}"] {{ stroke: {dark} }}"#);
    }
    style.push_str("}</style>\n");
    style
}

fn element(shape: &Shape, ground: Ground) -> Result<String, DrawingError> {
    let fill = |color: &Color| format!(r#"fill="{}"{}"#, ground.paint(*color), opacity("fill", *color));
    Ok(match shape {
        Shape::Rectangle { at: [x, y], size: [width, height], color } => format!(
            r#"<rect x="{}" y="{}" width="{}" height="{}" {}/>"#,
            short(*x),
            short(*y),
            short(*width),
            short(*height),
            fill(color)
        ),
        Shape::Line { places, width, color } => {
            let places = places.iter().map(|[x, y]| format!("{},{}", short(*x), short(*y)));
            format!(
                r#"<polyline points="{}" fill="none" stroke="{}"{} stroke-width="{width}" stroke-linejoin="round"/>"#,
                places.collect::<Vec<_>>().join(" "),
                ground.paint(*color),
                opacity("stroke", *color),
            )
        }
        Shape::Disc { at: [x, y], radius, color } => {
            format!(r#"<circle cx="{}" cy="{}" r="{}" {}/>"#, short(*x), short(*y), short(*radius), fill(color))
        }
        Shape::Text(text) => text_element(text, &fill(&text.color), ground),
        Shape::Image { at: [x, y], scale, raster } => {
            let (width, height) = (raster.width(), raster.height());
            let size = (width as u32, height as u32);
            let png = png(raster.colors().as_flattened(), size, Channels::Rgb)?;
            format!(
                r#"<image x="{x}" y="{y}" width="{}" height="{}" style="image-rendering:pixelated" href="data:image/png;base64,{}"/>"#,
                width * scale,
                height * scale,
                BASE64.encode(png)
            )
        }
    })
}

fn text_element(text: &Text, fill: &str, ground: Ground) -> String {
    let [x, y] = text.at;
    let anchor = match text.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let place = match text.upwards {
        true => format!(r#"transform="translate({} {}) rotate(-90)""#, short(x + text.baseline()), short(y)),
        false => format!(r#"x="{}" y="{}""#, short(x), short(y + text.baseline())),
    };
    let outline = match text.outlined {
        true => format!(
            r#" stroke="{}" stroke-width="{}" stroke-linejoin="round" paint-order="stroke""#,
            ground.paint(Color::PAPER),
            short(text.outline())
        ),
        false => String::new(),
    };
    // XML cannot represent most control characters, nor these two.
    let writable = |letter: &char| !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}');
    let letters: String = text.text.chars().filter(writable).collect();
    // A lone > is text too, but ]]> is not.
    let letters = letters.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(r#"<text {place} font-size="{}" text-anchor="{anchor}" {fill}{outline}>{letters}</text>"#, text.size)
}

fn opacity(what: &str, color: Color) -> String {
    match color.opacity {
        1.0 => String::new(),
        opacity => format!(r#" {what}-opacity="{opacity}""#),
    }
}

/// A hundredth of a pixel is as fine as anybody sees.
fn short(value: f32) -> f32 {
    (100.0 * value).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let mut drawing = Drawing::new((10, 10));
        drawing.text("a<b>&\u{1b}c]]>\u{fffe}\u{ffff}d", [0.0, 0.0], 8.0, Anchor::Start);
        let svg = text(&drawing, Ground::Paper).unwrap();
        assert!(svg.contains(">a&lt;b&gt;&amp;c]]&gt;d</text>"), "{svg}");
    }

    #[test]
    fn on_a_page_ink_follows_the_text() {
        let mut drawing = Drawing::new((10, 10));
        drawing.rectangle([0.0; 2], [1.0; 2], Color::INK.faint(0.5));
        drawing.rectangle([0.0; 2], [1.0; 2], Color::PAPER);
        drawing.rectangle([0.0; 2], [1.0; 2], Color::BLUE);
        let paints = |ground: Ground| {
            let svg = text(&drawing, ground).unwrap();
            let fills = svg.split("fill=\"").skip(1);
            fills.map(|rest| rest.split('"').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(paints(Ground::Page), ["currentColor", "none", "#0072b2"]);
        assert_eq!(paints(Ground::Paper), ["#ffffff", "#000000", "#ffffff", "#0072b2"]);
    }

    #[test]
    fn each_colour_has_another_on_dark_paper() {
        let mut drawing = Drawing::new((10, 10));
        drawing.line(vec![[0.0; 2], [1.0; 2]], 1.0, Color::BLUE.faint(0.5));
        let rules: Vec<String> = [("#0072b2", "#3f95c5"), ("#ffffff", "#16171a")]
            .map(|(light, dark)| {
                format!(r#"[fill="{light}"] {{ fill: {dark} }} [stroke="{light}"] {{ stroke: {dark} }}"#)
            })
            .to_vec();
        let [paper, either] = [Ground::Paper, Ground::Either].map(|ground| text(&drawing, ground).unwrap());
        let style = format!("<style>@media (prefers-color-scheme: dark) {{\n{}\n}}</style>\n", rules.join("\n"));
        assert_eq!(either.replace(&style, ""), paper, "only the style differs");
        assert!(either.contains(&style), "{either}");
    }
}
