//! One training step, recorded and compiled.

use std::sync::Arc;

use super::mixing::Mixer;
use super::resident::{Changes, Visit};
use super::totals::Totals;
use super::{Network, Normalisation, Resident, TrainConfig, TrainError};
use crate::data::ImageSet;
use crate::gpu::Gpu;
use crate::nn::{Forward, Mode};
use crate::optim::{Average, Optimiser};
use crate::tensor::{Compiled, Tensor};

/// What goes into the recording of a training step.
pub(super) struct StepRecorder<'a> {
    pub network: &'a Network,
    pub config: &'a TrainConfig,
    pub data: &'a Resident,
    pub visit: &'a Visit,
    pub changes: Changes<'a>,
    pub clock: &'a Tensor,
    pub optimiser: &'a Optimiser,
    pub average: Option<&'a Average>,
    pub totals: &'a Tensor,
}

impl StepRecorder<'_> {
    /// Forward, backward, the optimiser's step, running statistics and totals, for batches of this size.
    pub fn compile(&self, batch: usize) -> Result<Compiled, TrainError> {
        let parameters = &self.network.parameters;
        let mut pass = Forward::new(parameters, Mode::Training { clock: self.clock });
        let (logits, labels) = self
            .network
            .logits(&mut pass, self.data, self.visit, batch, self.changes)?;
        let smoothing = self.config.label_smoothing;
        let loss = match self.changes.mixing {
            Some(mixing) => logits.cross_entropy_mixed(&labels, mixing, smoothing)?,
            None => logits.cross_entropy(&labels, smoothing)?,
        };
        let learned: Vec<&Tensor> = parameters.learned().parts.iter().collect();
        // The gradient of the mean, which itself nobody reads.
        let share = self.network.graph.tensor([batch], &vec![1.0 / batch as f32; batch])?;
        let gradients = loss.losses.backward_from(&share, &learned)?;
        let mut updates = pass.into_updates()?;
        let updated = self
            .optimiser
            .record_clipped(parameters.learned(), &gradients, self.config.clip_norm)?;
        if let Some(average) = self.average {
            // So far there is the update of the running statistics, if the network has any.
            let statistics = updates.first().cloned();
            updates.extend(average.record(&updated, statistics.as_ref())?);
        }
        updates.push(updated);
        updates.push(self.totals.accumulate(&loss.scores)?);
        let outputs: Vec<&Tensor> = updates.iter().collect();
        Ok(self.network.graph.compile(&outputs)?)
    }
}

/// The compiled training step on all of `images` as one batch, to look at its plan and time it. Runs of it train with
/// learning rate 0.
///
/// # Errors
/// Those of the device.
pub fn training_step(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    normalisation: Normalisation,
    images: &ImageSet,
) -> Result<Compiled, TrainError> {
    let network = Network::cnn4(gpu, config, normalisation)?;
    let graph = &network.graph;
    let order: Vec<u32> = (0..images.len() as u32).collect();
    let parameters = &network.parameters;
    StepRecorder {
        network: &network,
        config,
        data: &Resident::new(graph, images)?,
        visit: &Visit::new(graph, &order)?,
        changes: Changes {
            augment: config.augmentation(),
            mixing: Mixer::new(graph, config)?.map(|mixer| mixer.numbers).as_ref(),
        },
        clock: &graph.tensor_u32([2], &[0, 0])?,
        optimiser: &Optimiser::new(graph, parameters, config.rule(), |role| Some(config.group(role)))?,
        average: config
            .ema
            .map(|decay| Average::new(graph, parameters, decay))
            .transpose()?
            .as_ref(),
        totals: &Totals::sums(graph)?,
    }
    .compile(images.len())
}

/// The compiled inference on all of `images` as one batch, to look at its plan and time it.
///
/// # Errors
/// Those of the device.
pub fn inference_step(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    normalisation: Normalisation,
    images: &ImageSet,
) -> Result<Compiled, TrainError> {
    let network = Network::cnn4(gpu, config, normalisation)?;
    let order: Vec<u32> = (0..images.len() as u32).collect();
    let (data, visit) = (
        Resident::new(&network.graph, images)?,
        Visit::new(&network.graph, &order)?,
    );
    let mut pass = Forward::new(&network.parameters, Mode::Inference);
    let (logits, _) = network.logits(&mut pass, &data, &visit, images.len(), Changes::NONE)?;
    Ok(network.graph.compile(&[&logits.softmax()?])?)
}
