//! Pictures: curves of a training, and grids of images. Each is drawn once, as SVG or as PNG. Knows nothing of GPUs.

mod confusion;
mod curves;
mod effects;
mod feature_sheet;
mod gallery;
mod images;
mod map;
mod precision_recall;
mod raster;
mod rates;
mod reliability;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Once;

use std::ops::Range;

use image::{ExtendedColorType, ImageFormat, RgbImage, imageops};
use plotters::chart::{ChartBuilder, ChartContext, SeriesLabelPosition};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{BitMapBackend, Cartesian2d, DrawingArea, DrawingBackend, IntoDrawingArea, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color, FontStyle, FontTransform, IntoFont, RGBColor, WHITE, register_font};
use thiserror::Error;

pub use confusion::ConfusionPicture;
pub(crate) use confusion::{blues, ink_on, share_text};
pub use curves::{Curves, Panel};
pub use effects::{Effect, Effects};
pub use feature_sheet::{FeatureSheet, Section};
pub use gallery::{Gallery, Tile};
pub use images::ImageGrid;
pub use map::{CLASS_COLORS, MapPicture};
pub use precision_recall::PrecisionRecallPicture;
pub use raster::Raster;
pub use rates::RateCurve;
pub use reliability::ReliabilityPicture;

use crate::files::{FileError, shown, write_atomically};

/// A picture that could not be drawn or written.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum PlotError {
    #[error("the picture {path} could not be drawn: {problem}", path = shown(path))]
    Drawing { path: PathBuf, problem: String },

    #[error(transparent)]
    File(#[from] FileError),
}

/// Something to draw on either kind of canvas.
pub trait Picture {
    /// Width and height in pixels of the canvas.
    fn size(&self) -> (u32, u32);

    /// Pixels of the canvas for one of the file, along each axis. More than one smooth what is small.
    fn fineness(&self) -> u32 {
        1
    }

    /// Draws it on an area of that size.
    ///
    /// # Errors
    /// What the canvas says, in words.
    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Result<(), String>;
}

/// Writes a picture as SVG.
///
/// # Errors
/// [`PlotError`].
pub fn save_svg(picture: &impl Picture, path: &Path) -> Result<(), PlotError> {
    let text = svg(picture).map_err(|problem| PlotError::Drawing {
        path: path.to_owned(),
        problem,
    })?;
    Ok(write_atomically(path, |file| file.write_all(text.as_bytes()))?)
}

/// The text of a picture as SVG.
///
/// # Errors
/// What the canvas says, in words.
pub fn svg(picture: &impl Picture) -> Result<String, String> {
    let mut text = String::new();
    let (width, height) = picture.size();
    draw(picture, SVGBackend::with_string(&mut text, (width, height)))?;
    // A drawing has no pixels: it stays as fine as the canvas, and only its natural size is that of the file.
    let fineness = picture.fineness();
    let size = |width: u32, height: u32| format!(r#"width="{width}" height="{height}" "#);
    Ok(text.replacen(&size(width, height), &size(width / fineness, height / fineness), 1))
}

/// Writes a picture as PNG.
///
/// # Errors
/// [`PlotError`].
pub fn save_png(picture: &impl Picture, path: &Path) -> Result<(), PlotError> {
    let failed = |problem: String| PlotError::Drawing {
        path: path.to_owned(),
        problem,
    };
    let (width, height) = picture.size();
    let mut pixels = vec![0; 3 * width as usize * height as usize];
    draw(picture, BitMapBackend::with_buffer(&mut pixels, (width, height))).map_err(failed)?;
    let fineness = picture.fineness();
    let size = (width / fineness, height / fineness);
    if fineness > 1 {
        let canvas = RgbImage::from_raw(width, height, pixels).unwrap_or_default();
        pixels = imageops::thumbnail(&canvas, size.0, size.1).into_raw();
    }
    let png = png(&pixels, size, ExtendedColorType::Rgb8).map_err(failed)?;
    Ok(write_atomically(path, |file| file.write_all(&png))?)
}

/// The bytes of a PNG file of these pixels, row by row.
///
/// # Errors
/// What the encoder says, in words.
pub fn png(pixels: &[u8], (width, height): (u32, u32), color: ExtendedColorType) -> Result<Vec<u8>, String> {
    let mut png = io::Cursor::new(Vec::new());
    image::write_buffer_with_format(&mut png, pixels, width, height, color, ImageFormat::Png)
        .map_err(|e| e.to_string())?;
    Ok(png.into_inner())
}

fn draw<DB: DrawingBackend>(picture: &impl Picture, canvas: DB) -> Result<(), String> {
    // Text needs a font, and a machine without a desktop has none.
    static FONT: Once = Once::new();
    FONT.call_once(|| {
        // A font that does not parse is reported when text is drawn.
        let _ = register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular());
    });
    let area = canvas.into_drawing_area();
    area.fill(&WHITE).map_err(|e| e.to_string())?;
    picture.draw(&area)?;
    area.present().map_err(|e| e.to_string())
}

/// Colours that people with any colour vision tell apart (Okabe and Ito 2008).
const BLUE: RGBColor = RGBColor(0, 114, 178);
const ORANGE: RGBColor = RGBColor(213, 94, 0);
const GREEN: RGBColor = RGBColor(0, 158, 115);

/// A range that holds all values with a little room, even when they are one.
fn range_of(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) = values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
    if low > high {
        return 0.0..1.0;
    }
    // Values that are nearly equal get room around them, so that the numbers on the axis differ in the digits they have.
    let room = match high - low {
        spread if spread < 0.1 * high.abs() => 0.1 * high.abs(),
        spread => 0.05 * spread,
    }
    .max(1e-9);
    low - room..high + room
}

/// A chart with numbers on both axes.
type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Axes with a title, over `x` and `y`.
fn chart<'a, DB: DrawingBackend + 'a>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    x: Range<f64>,
    y: Range<f64>,
    x_name: &str,
) -> Result<Chart<'a, DB>, String> {
    axes(area, title, x, y, x_name, 8, |x| short(*x))
}

/// As [`chart`], with whole numbers only along the x axis.
fn chart_of_epochs<'a, DB: DrawingBackend + 'a>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    epochs: usize,
    y: Range<f64>,
) -> Result<Chart<'a, DB>, String> {
    let x = 0.5..epochs as f64 + 0.5;
    axes(area, title, x, y, "epoch", epochs.min(10) + 2, |x| {
        let whole = (x - x.round()).abs() < 1e-6;
        if whole { format!("{}", x.round()) } else { String::new() }
    })
}

/// As [`chart`], with a name at 0, 1, 2, ... of the x axis.
fn chart_with_names<'a, DB: DrawingBackend + 'a>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    names: &[&str],
    y: Range<f64>,
    x_name: &str,
) -> Result<Chart<'a, DB>, String> {
    let x = -0.5..names.len() as f64 - 0.5;
    axes(area, title, x, y, x_name, names.len() + 1, |x| {
        let whole = (x - x.round()).abs() < 1e-6 && *x > -0.5;
        let name = if whole { names.get(x.round() as usize) } else { None };
        name.copied().unwrap_or_default().to_owned()
    })
}

fn axes<'a, DB: DrawingBackend + 'a>(
    area: &DrawingArea<DB, Shift>,
    title: &str,
    x: Range<f64>,
    y: Range<f64>,
    x_name: &str,
    x_labels: usize,
    name_of: impl Fn(&f64) -> String,
) -> Result<Chart<'a, DB>, String> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(36)
        .y_label_area_size(56)
        .build_cartesian_2d(x, y)
        .map_err(|e| e.to_string())?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(BLACK.mix(0.1))
        .x_desc(x_name)
        .x_labels(x_labels)
        .x_label_formatter(&name_of)
        .y_label_formatter(&|y| short(*y))
        .draw()
        .map_err(|e| e.to_string())?;
    Ok(chart)
}

/// The names of a chart's series, in a corner that they leave free.
fn legend<'a, DB: DrawingBackend + 'a>(chart: &mut Chart<'a, DB>, corner: SeriesLabelPosition) -> Result<(), String> {
    chart
        .configure_series_labels()
        .position(corner)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(|e| e.to_string())
}

/// Text in the pixels of an area; `anchor` says which point of it stands at `at`.
fn write_text<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    text: &str,
    at: (i32, i32),
    size: u32,
    color: RGBColor,
    (horizontal, vertical): (HPos, VPos),
) -> Result<(), String> {
    let style = ("sans-serif", size).into_font().color(&color);
    let style = style.pos(Pos::new(horizontal, vertical));
    area.draw(&Text::new(text.to_owned(), at, style))
        .map_err(|e| e.to_string())
}

/// Text that is read from below, its end at the top, `at`.
fn write_upwards<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    text: &str,
    at: (i32, i32),
    size: u32,
) -> Result<(), String> {
    let font = ("sans-serif", size).into_font().transform(FontTransform::Rotate270);
    let style = font.color(&BLACK).pos(Pos::new(HPos::Right, VPos::Center));
    area.draw(&Text::new(text.to_owned(), at, style))
        .map_err(|e| e.to_string())
}

/// A number with three digits that count.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e4).contains(&value.abs()) {
        return format!("{value:.1e}");
    }
    let decimals = (2.0 - value.abs().log10().floor()).max(0.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_count() {
        for (value, text) in [
            (0.0, "0"),
            (0.001_06, "0.00106"),
            (0.5, "0.5"),
            (-0.25, "-0.25"),
            (12.345, "12.3"),
            (1500.0, "1500"),
            (0.000_01, "1.0e-5"),
            (1e6, "1.0e6"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn equal_values_have_a_range_with_room() {
        assert_eq!(range_of([2.0, 2.0].into_iter()), 1.8..2.2);
        assert_eq!(range_of([0.0, 1.0].into_iter()), -0.05..1.05);
        assert_eq!(range_of([f64::NAN].into_iter()), 0.0..1.0);
    }
}
