//! Evaluations and maps as files: text, tables, pictures, and one page that shows everything. Independent of the GPU.

mod gallery;
mod html;
mod map;
mod page;
mod rivals;
mod tables;

use std::io::Write;
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use gallery::{GallerySize, Pick};
pub use map::{MAP_FILES, Map, read_positions};
pub use page::Page;
pub use rivals::Rivals;

use crate::data::ImageSet;
use crate::eval::{Calibration, EvalError, Metrics, PrecisionRecall, Predictions};
use crate::files::{FileError, shown, write_atomically, write_json};
use crate::plot::{
    ConfusionPicture, Curves, PlotError, PrecisionRecallPicture, ReliabilityPicture, save_png, save_svg,
};

/// An evaluation or a map that could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum ReportError {
    #[error("{numbers} numbers are no map of {images} images in {components} dimensions, which must be 1, 2 or 3")]
    Positions { images: usize, components: usize, numbers: usize },

    #[error("{path} is no table of positions: {problem}", path = shown(path))]
    Table { path: PathBuf, problem: String },

    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error(transparent)]
    Plot(#[from] PlotError),
}

/// A model's predictions for a set of images.
#[derive(Debug)]
pub struct Evaluation<'a> {
    /// The name of the model.
    pub name: String,
    /// The images, with one prediction each.
    pub images: &'a ImageSet,
    /// The predictions for them.
    pub predictions: Predictions,
    /// How the model was trained: names and values.
    pub settings: Vec<(String, String)>,
    /// The curves of its training.
    pub curves: Option<Curves>,
}

impl Evaluation<'_> {
    /// Writes text, tables and pictures into a folder: `report.txt`, `.json` and `.csv`, `predictions.csv`, `confusion.csv`,
    /// `.png` and `.svg`, `precision-recall` and `reliability` as `.png` and `.svg`, and galleries `right.png`, `wrong.png` and
    /// `mistakes.png`.
    ///
    /// # Errors
    /// [`ReportError`].
    pub fn write(&self, folder: &Path, gallery: GallerySize) -> Result<(), ReportError> {
        let predictions = &self.predictions;
        let metrics = Metrics::from_predictions(predictions);
        write_text(&folder.join("report.txt"), &metrics.report.to_text(4))?;
        write_json(&folder.join("report.json"), &metrics)?;
        tables::write_report(&folder.join("report.csv"), &metrics.report)?;
        tables::write_confusion(&folder.join("confusion.csv"), predictions)?;
        tables::write_predictions(&folder.join("predictions.csv"), self.images, predictions)?;

        let table = predictions.confusion_table(MOST_CLASSES);
        let confusion = ConfusionPicture(&table);
        save_png(&confusion, &folder.join("confusion.png"))?;
        save_svg(&confusion, &folder.join("confusion.svg"))?;
        let curves = precision_recall(predictions, &table.classes);
        let curves = PrecisionRecallPicture { names: &table.rows, curves: &curves };
        save_png(&curves, &folder.join("precision-recall.png"))?;
        save_svg(&curves, &folder.join("precision-recall.svg"))?;
        let calibration = Calibration::from_predictions(predictions);
        let reliability = ReliabilityPicture(&calibration);
        save_png(&reliability, &folder.join("reliability.png"))?;
        save_svg(&reliability, &folder.join("reliability.svg"))?;
        for pick in Pick::ALL {
            let tiles = gallery::tiles(self, pick, gallery);
            let picture = gallery::picture(pick, &tiles, gallery);
            save_png(&picture, &folder.join(format!("{}.png", pick.file())))?;
        }
        Ok(())
    }
}

/// The most classes that a confusion matrix and curves are drawn of. `confusion.csv` and `report.csv` have all.
const MOST_CLASSES: usize = 30;

fn precision_recall(predictions: &Predictions, classes: &[usize]) -> Vec<PrecisionRecall> {
    classes.iter().map(|class| PrecisionRecall::of_class(predictions, *class)).collect()
}

fn write_text(path: &Path, text: &str) -> Result<(), ReportError> {
    Ok(write_atomically(path, |file| file.write_all(text.as_bytes()))?)
}
