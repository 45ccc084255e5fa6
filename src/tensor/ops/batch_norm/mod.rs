//! Batch normalisation, in training and in inference, with ReLU and pooling in the same passes.

mod gradient;
mod images;
mod inference;
mod kernels;
mod over_ranks;
mod running;
mod settings;
mod training;

pub use running::RunningUpdate;
pub use settings::NormSettings;

use inference::Inference;
use training::Training;

use crate::tensor::{Op, Result, Tensor, TensorError};

/// The outputs of batch norm in training.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    /// The normalised input.
    pub y: Tensor,
    /// `[2, pitch]`: mean and unbiased variance of each channel; `pitch` is the number of channels, rounded up to
    /// [`Arena::ALIGN`](crate::tensor::Arena::ALIGN).
    pub moments: Tensor,
}

impl BatchNorm {
    fn record(op: Training, inputs: &[&Tensor]) -> Result<Self> {
        let name = op.name();
        let [y, _, _, moments] = <[Tensor; 4]>::try_from(Tensor::apply(op, inputs)?).map_err(|_| {
            TensorError::Parameter { op: name, problem: "the shape rule must give four outputs".to_owned() }
        })?;
        Ok(Self { y, moments })
    }
}

impl Tensor {
    /// Batch norm with the batch's own statistics: `[.., C]` with gamma `[C]` and beta `[C]`.
    ///
    /// # Errors
    /// A shape error that names the parameter at fault, or an epsilon that is not above 0.
    pub fn batch_norm(&self, gamma: &Tensor, beta: &Tensor, settings: NormSettings) -> Result<BatchNorm> {
        BatchNorm::record(Training { settings, has_residual: false }, &[self, gamma, beta])
    }

    /// Batch norm, to which `residual` is added before the ReLU of the settings: the end of a residual block, `[.., C]` like the
    /// input, in the passes of the batch norm.
    ///
    /// # Errors
    /// As [`Tensor::batch_norm`]; a residual of another shape, or settings with pooling.
    pub fn batch_norm_residual(
        &self,
        gamma: &Tensor,
        beta: &Tensor,
        residual: &Tensor,
        settings: NormSettings,
    ) -> Result<BatchNorm> {
        BatchNorm::record(Training { settings, has_residual: true }, &[self, gamma, beta, residual])
    }

    /// Batch norm with given statistics, `[C]` each: inference, or a frozen layer.
    ///
    /// # Errors
    /// As [`Tensor::batch_norm`].
    pub fn batch_norm_inference(
        &self,
        gamma: &Tensor,
        beta: &Tensor,
        mean: &Tensor,
        variance: &Tensor,
        settings: NormSettings,
    ) -> Result<Tensor> {
        let mut outputs = Self::apply(Inference { settings }, &[self, gamma, beta, mean, variance])?;
        Ok(outputs.swap_remove(0))
    }
}
