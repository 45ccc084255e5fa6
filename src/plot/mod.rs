//! Pictures: training curves, maps, and grids of images. Each is drawn once and becomes SVG or PNG. Knows nothing of GPUs.
//!
//! A [`Picture`] puts shapes and text on a [`Drawing`]; `svg` writes a drawing as text, `pixels` renders the pixels of a
//! PNG, at twice the size and with smooth edges. `chart` and `axis` draw what most pictures of numbers have in common.

mod axis;
mod chart;
mod color;
mod confusion;
pub mod course;
mod curves;
mod drawing;
mod effects;
mod feature_sheet;
mod font;
mod gallery;
mod images;
mod map;
mod pixels;
mod precision_recall;
mod raster;
mod rates;
mod reliability;
mod speeds;
mod svg;

use std::io::Write;
use std::path::{Path, PathBuf};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use thiserror::Error;

pub use color::Color;
pub(crate) use color::Ramp;
pub use confusion::ConfusionPicture;
pub(crate) use confusion::{shade, share, share_text};
pub use curves::{Curves, Panel};
pub use drawing::Drawing;
pub use effects::{Effect, Effects};
pub use feature_sheet::{FeatureSheet, Section};
pub use gallery::{Gallery, Tile};
pub use images::ImageGrid;
pub use map::{CLASS_COLORS, MapPicture};
pub use precision_recall::PrecisionRecallPicture;
pub use raster::Raster;
pub use rates::RateCurve;
pub use reliability::ReliabilityPicture;
pub use speeds::SpeedPicture;
pub use svg::Ground;

use crate::data::ImageShape;
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

/// A drawing that cannot be encoded: it is too large, or an encoder refuses it.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct DrawingError(String);

impl PlotError {
    /// The error for a drawing that was to become the file at `path`.
    pub(crate) fn drawing(path: &Path) -> impl FnOnce(DrawingError) -> Self + '_ {
        move |problem| Self::Drawing { path: path.to_owned(), problem: problem.to_string() }
    }
}

/// What a pixel of a PNG file holds, one byte per channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// Lightness.
    Grey,
    /// Red, green and blue.
    Rgb,
}

impl Channels {
    /// Those of a data set's images.
    pub fn of(shape: ImageShape) -> Self {
        if shape.is_colour() { Self::Rgb } else { Self::Grey }
    }
}

/// Something to draw.
pub trait Picture {
    /// Width and height. A PNG has twice as many pixels along each.
    fn size(&self) -> (u32, u32);

    /// Draws it on paper of that size.
    fn draw(&self, drawing: &mut Drawing);
}

/// Writes a picture as SVG if the name of the file ends so, else as PNG.
///
/// # Errors
/// [`PlotError`].
pub fn save(picture: &impl Picture, path: &Path) -> Result<(), PlotError> {
    match path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg")) {
        true => save_svg(picture, path),
        false => save_png(picture, path),
    }
}

/// Writes a picture as SVG.
///
/// # Errors
/// [`PlotError`].
pub fn save_svg(picture: &impl Picture, path: &Path) -> Result<(), PlotError> {
    let text = svg(picture, Ground::Paper).map_err(PlotError::drawing(path))?;
    Ok(write_atomically(path, |file| file.write_all(text.as_bytes()))?)
}

/// The text of a picture as SVG.
///
/// # Errors
/// [`DrawingError`].
pub fn svg(picture: &impl Picture, ground: Ground) -> Result<String, DrawingError> {
    svg::text(&drawn(picture), ground)
}

/// Writes a picture as PNG.
///
/// # Errors
/// [`PlotError`].
pub fn save_png(picture: &impl Picture, path: &Path) -> Result<(), PlotError> {
    let failed = PlotError::drawing;
    let (pixels, size) = pixels::rgb(&drawn(picture)).map_err(failed(path))?;
    let png = png(&pixels, size, Channels::Rgb).map_err(failed(path))?;
    Ok(write_atomically(path, |file| file.write_all(&png))?)
}

/// The bytes of a PNG file of these pixels, row by row.
///
/// # Errors
/// [`DrawingError`].
pub fn png(pixels: &[u8], (width, height): (u32, u32), channels: Channels) -> Result<Vec<u8>, DrawingError> {
    let color = match channels {
        Channels::Grey => ExtendedColorType::L8,
        Channels::Rgb => ExtendedColorType::Rgb8,
    };
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Fast, FilterType::Adaptive);
    let written = encoder.write_image(pixels, width, height, color);
    written.map_err(|e| DrawingError(e.to_string()))?;
    Ok(png)
}

fn drawn(picture: &impl Picture) -> Drawing {
    let mut drawing = Drawing::new(picture.size());
    picture.draw(&mut drawing);
    drawing
}
