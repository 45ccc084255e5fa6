//! What ranks do between the backward pass and the optimiser's step: each reads its gradient back from its device, the gradients are added,
//! and each writes the mean to its device. On the host, since MPI knows nothing of a Vulkan device's memory.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::TrainError;
use crate::data::{Form, Normalisation};
use crate::gpu::Gpu;
use crate::network::Network;
use crate::ranks::Ranks;
use crate::settings::{Learned, TrainConfig};
use crate::tensor::Tensor;

/// How long the exchange of a step takes, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ExchangeTimes {
    /// Bytes of the gradient and the running statistics.
    pub bytes: usize,
    /// From the device to the host, once it has nothing else to do.
    pub read_back: f64,
    /// All ranks' sum, with the time that this one waits for the others.
    pub sum: f64,
    /// From the host to the device.
    pub write_back: f64,
}

/// Replaces each tensor by its mean over the ranks, of which each counts by its weight; returns the mean of `flag` too.
pub(super) fn unite(
    ranks: &Ranks,
    weights: &[f64],
    tensors: [&Tensor; 2],
    flag: f32,
) -> Result<(f32, ExchangeTimes), TrainError> {
    let started = Instant::now();
    let mut numbers = tensors[0].to_vec()?;
    numbers.extend(tensors[1].to_vec()?);
    numbers.push(flag);
    let read_back = started.elapsed().as_secs_f64();
    ranks.sum(&mut numbers, weights)?;
    let summed = started.elapsed().as_secs_f64();
    let flag = numbers.pop().unwrap_or(flag);
    let (first, second) = numbers.split_at(tensors[0].shape().len());
    tensors[0].write(first)?;
    tensors[1].write(second)?;
    let bytes = 4 * numbers.len();
    let write_back = started.elapsed().as_secs_f64() - summed;
    Ok((flag, ExchangeTimes { bytes, read_back, sum: summed - read_back, write_back }))
}

/// The times of one exchange between these ranks for a network that learns this: the mean over `rounds`.
///
/// # Errors
/// Those of the device; [`TrainError::Ranks`].
pub fn time_exchange(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    form: &Form,
    learned: &Learned,
    ranks: &Ranks,
    rounds: u32,
) -> Result<ExchangeTimes, TrainError> {
    let network = Network::of(gpu, config, form, Normalisation::UNIT, learned)?;
    let gradients = network.graph.zeros([network.parameters.learned().flat.shape().len()])?;
    let statistics = &network.parameters.statistics().flat;
    let weights = vec![1.0 / ranks.size() as f64; ranks.size()];
    let mut mean = ExchangeTimes::default();
    // The first round also does what a driver puts off until then.
    for round in 0..=rounds {
        ranks.meet()?;
        let (_, times) = unite(ranks, &weights, [&gradients, statistics], 0.0)?;
        if round > 0 {
            mean.bytes = times.bytes;
            mean.read_back += times.read_back / f64::from(rounds);
            mean.sum += times.sum / f64::from(rounds);
            mean.write_back += times.write_back / f64::from(rounds);
        }
    }
    Ok(mean)
}
