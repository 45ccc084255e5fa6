//! What ranks do between the backward pass and the optimiser's step: each reads its gradient back from its device, the gradients are added,
//! and each writes the mean to its device. On the host, since MPI knows nothing of a Vulkan device's memory.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::TrainError;
use crate::data::{Form, Normalisation};
use crate::gpu::{Gpu, GpuError, Readback};
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

/// A gradient and running statistics that are exchanged in every step. The buffers are kept between the steps, since
/// new memory for a large network costs more than its sum (docs/benchmarks.md).
pub(super) struct GradientExchange {
    ranks: Ranks,
    gpu: Arc<Gpu>,
    parts: [(Tensor, Readback); 2],
    /// The numbers of both parts, and then whether this rank wants to stop.
    numbers: Vec<f32>,
}

impl GradientExchange {
    /// Of this gradient and the network's running statistics.
    pub fn new(ranks: &Ranks, network: &Network, gradient: &Tensor) -> Result<Self, TrainError> {
        let graph = &network.graph;
        let part = |tensor: &Tensor| {
            let readback = graph.compile(&[tensor])?.readback(tensor, 1)?;
            Ok::<_, TrainError>((tensor.clone(), readback))
        };
        let parts = [part(gradient)?, part(&network.parameters.statistics().flat)?];
        Ok(Self { ranks: ranks.clone(), gpu: Arc::clone(graph.gpu()), parts, numbers: Vec::new() })
    }

    /// Replaces both by their means over the ranks, of which each counts by its weight. True when any rank has asked to stop, as this one does
    /// if it `wants_to_stop`: so all of them stop after the same step.
    pub fn run(&mut self, weights: &[f64], wants_to_stop: bool) -> Result<(bool, ExchangeTimes), TrainError> {
        let started = Instant::now();
        self.numbers.clear();
        for (tensor, readback) in &mut self.parts {
            if !readback.request(&self.gpu)? {
                let message = "the exchange before failed, and its numbers have not been read".to_owned();
                return Err(GpuError::Invalid { what: "exchange of gradients".to_owned(), message }.into());
            }
            let bytes = 4 * tensor.shape().len();
            readback
                .wait_with(&self.gpu, |read| self.numbers.extend_from_slice(bytemuck::cast_slice(&read[..bytes])))?;
        }
        self.numbers.push(if wants_to_stop { 1.0 } else { 0.0 });
        let read_back = started.elapsed().as_secs_f64();
        self.ranks.sum(&mut self.numbers, weights)?;
        let summed = started.elapsed().as_secs_f64();
        let mut rest = &self.numbers[..];
        for (tensor, _) in &self.parts {
            let (mean, after) = rest.split_at(tensor.shape().len());
            tensor.write(mean)?;
            rest = after;
        }
        let write_back = started.elapsed().as_secs_f64() - summed;
        let stops = rest.iter().any(|share_of_ranks| *share_of_ranks > 0.0);
        let bytes = 4 * (self.numbers.len() - rest.len());
        Ok((stops, ExchangeTimes { bytes, read_back, sum: summed - read_back, write_back }))
    }
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
    let gradient = network.graph.zeros([network.parameters.learned().flat.shape().len()])?;
    let mut exchange = GradientExchange::new(ranks, &network, &gradient)?;
    let weights = vec![1.0 / ranks.size() as f64; ranks.size()];
    let mut mean = ExchangeTimes::default();
    // The first round also does what a driver puts off until then.
    for round in 0..=rounds {
        ranks.meet()?;
        let (_, times) = exchange.run(&weights, false)?;
        if round > 0 {
            mean.bytes = times.bytes;
            mean.read_back += times.read_back / f64::from(rounds);
            mean.sum += times.sum / f64::from(rounds);
            mean.write_back += times.write_back / f64::from(rounds);
        }
    }
    Ok(mean)
}
