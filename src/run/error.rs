use std::path::PathBuf;

use thiserror::Error;

use crate::files::{FileError, shown};
use crate::settings::SettingsError;

/// What can be wrong with the folder of a run.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum RunError {
    #[error("the folder {path} exists already and is not empty; choose another with `out`, or remove it", path = shown(path))]
    FolderInUse { path: PathBuf },

    #[error("another process trains in {path}", path = shown(path))]
    Locked { path: PathBuf },

    #[error("{path} cannot be trained on all images with `final`: {problem}", path = shown(path))]
    NotFinal { path: PathBuf, problem: String },

    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    File(#[from] FileError),
}
