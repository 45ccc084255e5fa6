use thiserror::Error;

use crate::eval::EvalError;
use crate::gpu::GpuError;
use crate::ranks::RanksError;
use crate::settings::SettingsError;
use crate::tensor::TensorError;

/// What can go wrong with a network on a device.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum NetworkError {
    #[error("there are no examples to look at")]
    NoImages,

    #[error(transparent)]
    Ranks(#[from] RanksError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Tensor(#[from] TensorError),
    #[error(transparent)]
    Gpu(#[from] GpuError),
    #[error(transparent)]
    Eval(#[from] EvalError),
}
