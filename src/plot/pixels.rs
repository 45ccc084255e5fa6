//! Drawings as pixels, with smooth edges.

use tiny_skia::{FillRule, LineJoin, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke, Transform};

use super::drawing::{Anchor, Drawing, Place, Shape, Text};
use super::{Color, DrawingError, Raster, font};

/// Pixels of the file per pixel of the picture, along each axis: screens with small pixels then show text crisply.
const SCALE: usize = 2;
/// The most pixels in a file: 800 MB in memory.
const MOST: f32 = 2e8;

/// A drawing as red, green and blue, row by row, and its width and height in pixels.
pub(super) fn rgb(drawing: &Drawing) -> Result<(Vec<u8>, (u32, u32)), DrawingError> {
    let [width, height] = [drawing.width, drawing.height].map(|side| side * SCALE as f32);
    let canvas = match width * height <= MOST {
        true => Pixmap::new(width as u32, height as u32),
        false => None,
    };
    let mut canvas = canvas.ok_or_else(|| DrawingError(format!("{width} x {height} pixels are none or too many")))?;
    canvas.fill(tiny_skia::Color::WHITE);
    for shape in &drawing.shapes {
        draw(shape, &mut canvas);
    }
    let rgb = canvas.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]);
    Ok((rgb.collect(), (canvas.width(), canvas.height())))
}

/// From pixels of the picture to those of the file.
fn scaled() -> Transform {
    Transform::from_scale(SCALE as f32, SCALE as f32)
}

fn paint(color: Color) -> Paint<'static> {
    let ([red, green, blue], mut paint) = (color.rgb, Paint::default());
    paint.set_color_rgba8(red, green, blue, (255.0 * color.opacity).round() as u8);
    paint
}

/// Shapes without an extent, or at positions that are not finite, have no path and are skipped.
fn draw(shape: &Shape, canvas: &mut Pixmap) {
    match shape {
        Shape::Rectangle { at: [x, y], size: [width, height], color } => {
            if let Some(rectangle) = Rect::from_xywh(*x, *y, *width, *height) {
                canvas.fill_rect(rectangle, &paint(*color), scaled(), None);
            }
        }
        Shape::Line { places, width, color } => {
            if let Some(path) = line(places) {
                canvas.stroke_path(&path, &paint(*color), &stroke(*width), scaled(), None);
            }
        }
        Shape::Disc { at: [x, y], radius, color } => {
            if let Some(path) = PathBuilder::from_circle(*x, *y, *radius) {
                canvas.fill_path(&path, &paint(*color), FillRule::Winding, scaled(), None);
            }
        }
        Shape::Text(text) => write(text, canvas),
        Shape::Image { at, scale, raster } => enlarge(raster, at.map(|at| SCALE * at), SCALE * scale, canvas),
    }
}

fn line(places: &[Place]) -> Option<Path> {
    let mut path = PathBuilder::new();
    let ([x, y], rest) = places.split_first()?;
    path.move_to(*x, *y);
    for [x, y] in rest {
        path.line_to(*x, *y);
    }
    path.finish()
}

fn stroke(width: f32) -> Stroke {
    Stroke { width, line_join: LineJoin::Round, ..Stroke::default() }
}

fn write(text: &Text, canvas: &mut Pixmap) {
    let Some(path) = font::path(&text.text, text.size) else {
        return;
    };
    let before = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => 0.5,
        Anchor::End => 1.0,
    };
    let [x, y] = text.at;
    let turned = if text.upwards { -90.0 } else { 0.0 };
    let place = scaled()
        .pre_translate(x, y)
        .pre_rotate(turned)
        .pre_translate(-before * font::width(&text.text, text.size), text.baseline());
    if text.outlined {
        canvas.stroke_path(&path, &paint(Color::PAPER), &stroke(text.outline()), place, None);
    }
    canvas.fill_path(&path, &paint(text.color), FillRule::Winding, place, None);
}

/// Draws each pixel of an image as a square, clipped to the canvas.
fn enlarge(raster: &Raster, [left, top]: [usize; 2], scale: usize, canvas: &mut Pixmap) {
    let (width, height) = (canvas.width() as usize, canvas.height() as usize);
    let (right, bottom) = (left + scale * raster.width(), top + scale * raster.height());
    for y in top..bottom.min(height) {
        let colors = &raster.colors()[(y - top) / scale * raster.width()..];
        let end = right.min(width).max(left.min(width));
        let row = &mut canvas.pixels_mut()[y * width..][left.min(width)..end];
        for (squares, [red, green, blue]) in row.chunks_mut(scale).zip(colors) {
            // Every colour is valid at full opacity.
            if let Some(color) = PremultipliedColorU8::from_rgba(*red, *green, *blue, 255) {
                squares.fill(color);
            }
        }
    }
}
