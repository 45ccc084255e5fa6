use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::data::DataError;
use crate::eval::EvalError;
use crate::nn::WeightsError;
use crate::tensor::TensorError;
use crate::train::TrainError;

/// What can be wrong with a trained network, or with several together.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum InferenceError {
    #[error("{path}: {source}", path = path.display())]
    Io { path: PathBuf, source: std::io::Error },

    #[error("{path} is no run folder, weight file or ensemble: there is no {missing}", path = path.display())]
    NoModel { path: PathBuf, missing: String },

    #[error(
        "{path} does not say which network it is of: give a run folder, or a weight file that selvedge wrote",
        path = path.display()
    )]
    Anonymous { path: PathBuf },

    #[error("{path} is no ensemble: {problem}", path = path.display())]
    Ensemble { path: PathBuf, problem: String },

    #[error(
        "{path} has changed since the ensemble was made; make the ensemble anew with `selvedge evaluate ... --ensemble`",
        path = path.display()
    )]
    Changed { path: PathBuf },

    #[error(
        "only {images} images are validation images of all these models, {wanted} are needed; train models of several seeds with one --split-seed"
    )]
    FewCommonImages { images: usize, wanted: usize },

    #[error("an ensemble needs two members or more, not {members}")]
    FewMembers { members: usize },

    #[error(
        "{what} of {model} gives numbers that are not finite: its weights are damaged, or have diverged in training; train it again, with a lower learning rate"
    )]
    NotFinite { model: String, what: String },

    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error(transparent)]
    Tensor(#[from] TensorError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

impl InferenceError {
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
