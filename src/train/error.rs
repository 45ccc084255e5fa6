use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::data::DataError;
use crate::eval::EvalError;
use crate::files::{FileError, shown};
use crate::gpu::GpuError;
use crate::network::NetworkError;
use crate::nn::WeightsError;
use crate::plot::PlotError;
use crate::ranks::RanksError;
use crate::run::{RunConfig, RunError, RunFolder};
use crate::settings::SettingsError;
use crate::tape::TapeError;
use crate::tensor::TensorError;

/// What can stop a training or an evaluation.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum TrainError {
    #[error("{path} cannot be resumed from: {problem}", path = shown(path))]
    Checkpoint { path: PathBuf, problem: String },

    #[error(
        "{} is missing, though the run in {} has epochs behind it, which a start from the beginning would overwrite. \
         Resume from its best epoch with `selvedge train --resume {}`{}, or train anew under another name with \
         `selvedge train --config {} --name NAME`",
        shown(checkpoint),
        shown(folder),
        shown(best),
        absent(best),
        shown(folder)
    )]
    LostCheckpoint { checkpoint: PathBuf, folder: PathBuf, best: PathBuf },

    #[error("{name} cannot be trained: {problem}")]
    Task { name: String, problem: String },

    #[error("{path} is a training of another network", path = shown(path))]
    OtherNetwork { path: PathBuf },

    #[error("{path} was trained on other images than these; name its data with `data`", path = shown(path))]
    OtherData { path: PathBuf },

    #[error("{path} is complete, and its epochs were chosen by another run; `selvedge train --final RUN` trains that one again", path = shown(path))]
    CompleteFinal { path: PathBuf },

    #[error("{path} is complete; `resume` with larger `epochs` trains it further, `selvedge train --config {path}` repeats it", path = shown(path))]
    Complete { path: PathBuf },

    #[error(transparent)]
    Plot(#[from] PlotError),

    #[error(transparent)]
    Tape(#[from] TapeError),

    #[error(
        "the loss became {loss} at step {step} (epoch {epoch}). Lower the learning rate (`lr`), or try another `seed`. {kept}"
    )]
    Diverged {
        loss: f64,
        step: u64,
        epoch: usize,
        /// A description of where the last good weights are.
        kept: String,
    },

    #[error("a training step of {batch} images does not fit: {problem}. {remedy}")]
    Memory {
        batch: usize,
        problem: String,
        /// A description of the largest batch that fits.
        remedy: String,
    },

    #[error(transparent)]
    Ranks(#[from] RanksError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Eval(#[from] EvalError),
    #[error(transparent)]
    Gpu(#[from] GpuError),
    #[error(transparent)]
    Tensor(#[from] TensorError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

fn absent(path: &Path) -> &'static str {
    if path.exists() { "" } else { " (which is missing too: put it back)" }
}

impl TrainError {
    /// A training that has nothing left to do.
    pub fn complete(run: &RunConfig, folder: &RunFolder) -> Self {
        let path = folder.path().to_owned();
        match run.chosen {
            Some(_) => Self::CompleteFinal { path },
            None => Self::Complete { path },
        }
    }
}
