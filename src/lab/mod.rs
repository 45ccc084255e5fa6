//! Pages that run kernels: a recorded training that explains itself and lets a reader change every kernel, and a trained network.
//!
//! A page is made of the files of `web/`, and holds the tape and all else that it needs: it is opened from disk and asks no network.
//! See `docs/lab.md`.

mod about;
mod model;
mod page;
mod script;
mod training;

use thiserror::Error;

use crate::data::DataError;
use crate::files::FileError;
use crate::inference::InferenceError;
use crate::lessons::LessonError;
use crate::tape::TapeError;

pub use model::ModelPage;
pub use training::Lab;

/// Why a page cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum LabError {
    #[error(transparent)]
    Tape(#[from] TapeError),

    #[error(transparent)]
    File(#[from] FileError),

    #[error(transparent)]
    Data(#[from] DataError),

    #[error(transparent)]
    Inference(#[from] InferenceError),

    #[error(transparent)]
    Lesson(#[from] LessonError),

    #[error("the page's description cannot be written: {0}")]
    Description(#[from] serde_json::Error),

    #[error("the tape has no program for predictions, which the page needs")]
    NoPrediction,

    #[error("the images are too many for the tape, which needs them in one buffer; take fewer of them (--images)")]
    NoImages,

    #[error(
        "the page shows how well images are recognised that are not trained on, and `validation-share` 0 holds none out"
    )]
    NoneHeldOut,
}
