//! The summary of a network: layers, shapes, parameters, FLOPs, memory.

use std::sync::Arc;

use super::TrainError;
use super::step::{blank_images, with_recorder};
use crate::data::{Form, Normalisation};
use crate::gpu::Gpu;
use crate::network::Network;
use crate::nn::{HEAD, layer_of};
use crate::settings::{Learned, Phase, TrainConfig};
use crate::tensor::Shape;

/// A network with its layers.
#[derive(Debug, Clone)]
pub struct NetworkSummary {
    /// The layers in execution order.
    pub layers: Vec<LayerSummary>,
    /// Number of parameters of the base and of the head.
    pub parameters: [usize; 2],
    /// Number of running statistics, which are not learned.
    pub statistics: usize,
    /// Floating-point operations of the forward pass of one image.
    pub flops: u64,
    /// Bytes of parameters and running statistics.
    pub weight_bytes: u64,
    /// For each phase of the training: images per batch, bytes in its step's memory plan, and bytes allocated beforehand, which
    /// are parameters and optimiser state, without the data set.
    pub phases: Vec<[u64; 3]>,
}

/// One op of the forward pass.
#[derive(Debug, Clone)]
pub struct LayerSummary {
    /// The prefix of its parameters' names, such as `layer1.0.conv1`; the op's name if it has no parameters.
    pub name: String,
    /// What is computed.
    pub op: String,
    /// For one image.
    pub output: Shape,
    /// Number of learnable parameters.
    pub parameters: usize,
    /// The phases of the training, from 1, that learn them.
    pub learned_in: Vec<usize>,
    /// For one image.
    pub flops: u64,
}

/// Summarises the network in the settings for data of this form, without training it.
///
/// # Errors
/// [`TrainError::Settings`] when a phase names a layer that does not exist; those of the device.
pub fn summary(gpu: &Arc<Gpu>, config: &TrainConfig, form: &Form) -> Result<NetworkSummary, TrainError> {
    let normalisation = Normalisation::UNIT;
    let network = Network::of(gpu, config, form, normalisation, &Learned::All)?;
    let parameters = &network.parameters;
    let names: Vec<&str> = parameters.named().map(|(name, _)| name).collect();
    let phases = config.phases();
    let frozen = phases.iter().map(|phase| phase.learned.frozen(&names));
    let frozen: Vec<usize> = frozen.collect::<Result<_, _>>()?;

    let logits = network.inference(&blank_images(1, form)?)?;
    let mut layers = Vec::new();
    for node in network.graph.nodes(&[&logits])? {
        let own = names.iter().zip(parameters.named()).enumerate();
        let own: Vec<(usize, &str, usize)> = own
            .filter(|(_, (_, (_, tensor)))| node.inputs.iter().any(|input| input.is(tensor)))
            .map(|(i, (name, (_, tensor)))| (i, *name, tensor.shape().len()))
            .collect();
        let learned = own.iter().filter(|(_, name, _)| !name.contains(STATISTIC));
        let first = own.first().map(|(i, name, _)| (*i, layer_of(name)));
        layers.push(LayerSummary {
            name: first.map_or(node.op, |(_, layer)| layer).to_owned(),
            op: format!("{} {}", node.op, node.settings).trim_end().to_owned(),
            output: node.output.shape(),
            parameters: learned.map(|(_, _, len)| len).sum(),
            learned_in: match first {
                Some((i, _)) => (1..).zip(&frozen).filter(|(_, f)| i >= **f).map(|(phase, _)| phase).collect(),
                None => Vec::new(),
            },
            flops: node.flops,
        });
    }
    let count = |wanted: &dyn Fn(&str) -> bool| -> usize {
        let counted = parameters.named().filter(|(name, _)| wanted(name));
        counted.map(|(_, tensor)| tensor.shape().len()).sum()
    };
    let is_statistic = |name: &str| name.contains(STATISTIC);
    let statistics = count(&is_statistic);
    let head = count(&|name| name.starts_with(HEAD) && !is_statistic(name));
    let all = parameters.count();
    Ok(NetworkSummary {
        flops: layers.iter().map(|layer| layer.flops).sum(),
        layers,
        parameters: [all - head, head],
        statistics,
        weight_bytes: 4 * (all + statistics) as u64,
        phases: phases
            .iter()
            .map(|phase| {
                let batch = phase.config.batch_size;
                // A step with several batches consists of two programs; the program of a single-batch step lacks only the memory
                // of the mean gradient.
                let at_once = Phase {
                    config: TrainConfig { accumulate: 1, ..phase.config.clone() },
                    learned: phase.learned.clone(),
                };
                let blank = blank_images(2, form)?;
                let (plan, learned) = with_recorder(gpu, &at_once, form, normalisation, &blank, |recorder| {
                    Ok((recorder.plan(batch)?, recorder.network.parameters.learned_count()))
                })?;
                let mean = if phase.config.accumulate > 1 { 4 * learned as u64 } else { 0 };
                Ok([batch as u64, plan.planned_bytes(), plan.fixed_bytes() + mean])
            })
            .collect::<Result<_, TrainError>>()?,
    })
}

/// The names of running statistics contain this.
const STATISTIC: &str = ".running_";
