//! Which images to show, and what to write under them.

use super::Evaluation;
use crate::data::{ImageShape, shuffle};
use crate::plot::{Gallery, Raster, Tile};

/// Columns and rows of a gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GallerySize {
    /// Images per row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

impl Default for GallerySize {
    fn default() -> Self {
        Self { columns: 3, rows: 3 }
    }
}

/// Which images a gallery shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// Any correct ones.
    Right,
    /// Any wrong ones.
    Wrong,
    /// The wrong ones with the largest predicted probability.
    Mistakes,
}

impl Pick {
    /// All galleries.
    pub const ALL: [Self; 3] = [Self::Right, Self::Wrong, Self::Mistakes];

    /// The name of its file, without `.png`.
    pub fn file(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Mistakes => "mistakes",
        }
    }

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Right => "Right predictions",
            Self::Wrong => "Wrong predictions",
            Self::Mistakes => "Most confident mistakes",
        }
    }
}

/// An image of a gallery and its caption.
pub(super) struct Shown<'a> {
    pub shape: ImageShape,
    pub pixels: &'a [u8],
    pub truth: &'a str,
    pub predicted: &'a str,
    pub confidence: f32,
}

/// As many images as the gallery has room for. "Any" are drawn at random with a fixed seed, so that they are of all classes
/// and the same each time.
pub(super) fn tiles<'a>(evaluation: &'a Evaluation, pick: Pick, size: GallerySize) -> Vec<Shown<'a>> {
    let predictions = &evaluation.predictions;
    let confidences: Vec<f32> = predictions.confidences().collect();
    let wanted = pick == Pick::Right;
    let hits = (0..).zip(predictions.hits());
    let mut chosen: Vec<u32> = hits.filter(|(_, hit)| *hit == wanted).map(|(image, _)| image).collect();
    match pick {
        Pick::Right | Pick::Wrong => shuffle(&mut chosen, 0, 0),
        Pick::Mistakes => chosen.sort_by(|a, b| confidences[*b as usize].total_cmp(&confidences[*a as usize])),
    }
    chosen.truncate(size.columns * size.rows);
    let predicted: Vec<usize> = predictions.predicted().collect();
    let names = predictions.class_names();
    chosen
        .into_iter()
        .map(|image| image as usize)
        .map(|image| Shown {
            shape: evaluation.images.shape(),
            pixels: evaluation.images.image(image),
            truth: &names[usize::from(predictions.labels()[image])],
            predicted: &names[predicted[image]],
            confidence: confidences[image],
        })
        .collect()
}

/// The picture of a gallery.
pub(super) fn picture(pick: Pick, shown: &[Shown], size: GallerySize) -> Gallery {
    let tiles = shown.iter().map(|shown| Tile {
        image: Raster::thumbnail(shown.shape, shown.pixels),
        lines: vec![format!("{} {:.2}", shown.predicted, shown.confidence), format!("true: {}", shown.truth)],
    });
    let title = match shown.len() {
        0 => format!("{}: none", pick.title()),
        _ => pick.title().to_owned(),
    };
    Gallery { title, tiles: tiles.collect(), columns: size.columns }
}
