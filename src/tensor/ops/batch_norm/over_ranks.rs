//! Batch norm with the statistics of a batch that several ranks have parts of.

use super::{BatchNorm, NormSettings};
use crate::tensor::{Arena, Result, Tensor};

impl Tensor {
    /// As [`Tensor::batch_norm`], `[.., C]`, or with a residual as [`Tensor::batch_norm_residual`], with the mean and variance of all ranks'
    /// images, of which there are `whole_batch` together. Made of other ops, so it takes more passes over memory than batch norm by itself.
    ///
    /// The variance is the mean of squared deviations from the mean over all ranks, which has to be known before: two exchanges forward, and
    /// two backward.
    ///
    /// # Errors
    /// As [`Tensor::batch_norm`] and [`Tensor::batch_norm_residual`].
    pub fn batch_norm_over_ranks(
        &self,
        gamma: &Tensor,
        beta: &Tensor,
        residual: Option<&Tensor>,
        settings: NormSettings,
        whole_batch: usize,
    ) -> Result<BatchNorm> {
        let x = if settings.relu_before { self.relu()? } else { self.clone() };
        let axes: Vec<usize> = (0..x.shape().axes().len() - 1).collect();
        let mean = x.mean_axes(&axes, false)?.mean_over_ranks()?;
        let from_mean = x.sub(&mean)?;
        let variance = from_mean.square()?.mean_axes(&axes, false)?.mean_over_ranks()?;
        let scale = gamma.div(&variance.add_constant(settings.epsilon)?.sqrt()?)?;
        let mut y = from_mean.mul(&scale)?.add(beta)?;
        if let Some(window) = settings.pooling() {
            y = y.max_pool(window)?;
        }
        if let Some(residual) = residual {
            y = y.add(residual)?;
        }
        if settings.relu_after {
            y = y.relu()?;
        }

        let pixels = x.shape().rows() / x.shape().axes()[0].max(1) * whole_batch;
        let unbiased = variance.scale(pixels as f32 / (pixels as f32 - 1.0).max(1.0))?;
        let pitch = x.shape().last().next_multiple_of(Arena::ALIGN);
        let moments = Tensor::pack(&[&mean, &unbiased], &[0, pitch], 2 * pitch)?.reshape([2, pitch])?;
        Ok(BatchNorm { y, moments })
    }
}
