use std::path::PathBuf;

use thiserror::Error;

use crate::data::DataError;
use crate::eval::EvalError;
use crate::files::{FileError, shown};
use crate::network::NetworkError;
use crate::nn::WeightsError;
use crate::ranks::RanksError;
use crate::run::RunError;
use crate::settings::SettingsError;
use crate::tape::TapeError;
use crate::tensor::TensorError;

/// What can be wrong with a trained network, or with a combination of several.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum InferenceError {
    #[error("the folder {path} is no run and no ensemble: it has no config.json and no ensemble.json", path = shown(path))]
    NoModel { path: PathBuf },

    #[error("the run {path} has no finished epoch yet; `selvedge train --resume {path}` resumes it", path = shown(path))]
    NoEpoch { path: PathBuf },

    #[error("{path} is of a network of one's own, {name}: only the program that declares it can use it", path = shown(path))]
    OwnNetwork { path: PathBuf, name: String },

    #[error("{path} is an ensemble of several networks, and one is needed here; name one of its members", path = shown(path))]
    IsEnsemble { path: PathBuf },

    #[error(
        "{path} does not say which network it is of: give a run folder, or a weight file that selvedge wrote",
        path = shown(path)
    )]
    Anonymous { path: PathBuf },

    #[error("{path} was trained on other images than these; name its data with `data`", path = shown(path))]
    OtherData { path: PathBuf },

    #[error("{path} was trained on all images: none were held out to validate it on", path = shown(path))]
    NoValidation { path: PathBuf },

    #[error("{path} is no ensemble: {problem}", path = shown(path))]
    Ensemble { path: PathBuf, problem: String },

    #[error(
        "{path} has changed since the ensemble was made; make the ensemble anew with `selvedge evaluate ... --ensemble`",
        path = shown(path)
    )]
    Changed { path: PathBuf },

    #[error(
        "only {images} images are validation images of all these models, {wanted} are needed; train models of several seeds with one `split-seed`"
    )]
    FewCommonImages { images: usize, wanted: usize },

    #[error(
        "{first} and {other} cannot be combined: they take images of another size or colour, read in another way, or know other classes",
        first = shown(first), other = shown(other)
    )]
    OtherForm { first: PathBuf, other: PathBuf },

    #[error("an ensemble needs two members or more, not {members}")]
    FewMembers { members: usize },

    #[error(
        "{what} of {model} gives numbers that are not finite: its weights are damaged, or have diverged in training; train it again, with a lower learning rate"
    )]
    NotFinite { model: String, what: String },

    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error(transparent)]
    Tape(#[from] TapeError),
    #[error(transparent)]
    Tensor(#[from] TensorError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Ranks(#[from] RanksError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
}
