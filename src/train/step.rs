//! One training step, recorded and compiled.

use std::sync::Arc;

use super::TrainError;
use super::mixing::Mixer;
use super::totals::Totals;
use crate::data::{Form, ImageSet, Normalisation};
use crate::gpu::Gpu;
use crate::network::{Changes, FeatureTable, Feed, Network, Resident, Visit};
use crate::nn::{Forward, Mode};
use crate::optim::{Average, Optimiser};
use crate::program::MemoryPlan;
use crate::settings::{Learned, Phase, TrainConfig};
use crate::tensor::{Compiled, Graph, Tensor, TensorError};

/// Everything that recording a training step needs.
pub(super) struct StepRecorder<'a> {
    pub network: &'a Network,
    pub config: &'a TrainConfig,
    pub feed: &'a Feed,
    pub visit: &'a Visit,
    pub changes: Changes<'a>,
    pub seed_step_row: &'a Tensor,
    pub optimiser: &'a Optimiser,
    pub average: Option<&'a Average>,
    pub accumulation: Option<&'a Accumulation>,
    pub totals: &'a Tensor,
    /// How much an image of each class counts in the loss, if not all the same.
    pub class_weights: Option<Vec<f32>>,
}

/// The mean gradient of several batches, accumulated batch by batch.
#[derive(Debug)]
pub(super) struct Accumulation {
    pub gradients: Tensor,
    /// The weight of the newest batch in the mean so far.
    weight: Tensor,
}

impl Accumulation {
    /// Allocates it.
    pub fn new(network: &Network) -> Result<Self, TrainError> {
        let len = network.parameters.learned().flat.shape().len();
        Ok(Self { gradients: network.graph.zeros([len])?, weight: network.graph.zeros([1])? })
    }

    /// Prepares a batch of `batch` images, the last of `so_far` images in this step. The first batch has a weight of one, so
    /// nothing of the previous step remains.
    pub fn start_batch(&self, batch: usize, so_far: usize) -> Result<(), TrainError> {
        Ok(self.weight.write(&[batch as f32 / so_far as f32])?)
    }
}

impl StepRecorder<'_> {
    /// Forward pass, backward pass, running statistics and totals, for batches of this size, of which all ranks together have `whole`; then
    /// the optimiser's step or, if gradients are accumulated, their contribution to the mean. There must be room for `programs` of about
    /// this size, including this one.
    ///
    /// # Errors
    /// [`TrainError::Memory`] when the device is out of memory for them.
    pub fn compile(&self, batch: usize, whole: usize, programs: u64) -> Result<Compiled, TrainError> {
        let compiled = self.record(batch, whole).and_then(|outputs| {
            let outputs: Vec<&Tensor> = outputs.iter().collect();
            self.network.graph.check_room(&outputs, programs)?;
            self.network.graph.compile(&outputs)
        });
        compiled.map_err(|error| self.explain(error, batch, programs))
    }

    /// The optimiser's step, from the mean gradient left by the programs of [`StepRecorder::compile`].
    pub fn compile_update(&self, accumulation: &Accumulation) -> Result<Compiled, TrainError> {
        let statistics = self.network.parameters.statistics();
        let has_statistics = !statistics.parts.is_empty();
        let outputs = self.record_update(&accumulation.gradients, has_statistics.then_some(&statistics.flat))?;
        let outputs: Vec<&Tensor> = outputs.iter().collect();
        Ok(self.network.graph.compile(&outputs)?)
    }

    fn record(&self, batch: usize, whole: usize) -> Result<Vec<Tensor>, TensorError> {
        let parameters = &self.network.parameters;
        let mut pass = Forward::new(parameters, Mode::Training { seed_step_row: self.seed_step_row });
        if self.config.sync_batch_norm {
            pass = pass.with_statistics_over_ranks(whole);
        }
        let (logits, labels) = self.network.logits(&mut pass, self.feed, self.visit, batch, self.changes)?;
        let smoothing = self.config.regularisation.label_smoothing;
        let loss = match self.changes.mixing {
            Some(mixing) => logits.cross_entropy_mixed(&labels, mixing, smoothing)?,
            None => logits.cross_entropy(&labels, smoothing)?,
        };
        let arena = parameters.learned();
        let learned: Vec<&Tensor> = arena.parts.iter().collect();
        // The gradient of the mean loss; the mean itself is not computed, since nothing reads it.
        let share = self.shares(&labels, batch)?;
        let gradients = loss.losses.backward_from(&share, &learned)?;
        let gradients: Vec<&Tensor> = gradients.iter().collect();
        let gradients = Tensor::pack(&gradients, &arena.offsets, arena.flat.shape().len())?;
        let mut updates = pass.into_updates()?;
        match self.accumulation {
            Some(mean) => updates.push(mean.gradients.average(&gradients, &mean.weight)?),
            // At this point `updates` holds the update of the running statistics, if the network has any.
            None => updates.extend(self.record_update(&gradients, updates.first())?),
        }
        updates.push(self.totals.add_to_totals(&loss.scores)?);
        Ok(updates)
    }

    /// What each image of a batch contributes to its mean loss.
    fn shares(&self, labels: &Tensor, batch: usize) -> Result<Tensor, TensorError> {
        let graph = &self.network.graph;
        let each = 1.0 / batch as f32;
        let Some(weights) = &self.class_weights else {
            return graph.tensor([batch], &vec![each; batch]);
        };
        let of_class: Vec<f32> = weights.iter().map(|weight| weight * each).collect();
        let table = graph.tensor([weights.len(), 1], &of_class)?;
        // The labels are the rows of the table, from the first label on.
        let first = graph.tensor_u32([2], &[0, 0])?;
        table.gather_rows(labels, &first, batch)?.reshape([batch])
    }

    fn record_update(&self, gradients: &Tensor, statistics: Option<&Tensor>) -> Result<Vec<Tensor>, TensorError> {
        let arena = self.network.parameters.learned();
        let updated = self.optimiser.record_packed(arena, gradients, self.config.optimisation.clip_norm)?;
        let mut updates = match self.average {
            Some(average) => average.record(&updated, statistics)?,
            None => Vec::new(),
        };
        updates.push(updated);
        Ok(updates)
    }

    /// The memory plan of a step on batches of this size.
    pub fn plan(&self, batch: usize) -> Result<MemoryPlan, TrainError> {
        let outputs = self.record(batch, batch)?;
        let outputs: Vec<&Tensor> = outputs.iter().collect();
        Ok(self.network.graph.plan(&outputs)?)
    }

    /// Whether the device has room for this many programs for batches of this size.
    fn fits(&self, batch: usize, programs: u64) -> Result<bool, TrainError> {
        let room = self.record(batch, batch).and_then(|outputs| {
            let outputs: Vec<&Tensor> = outputs.iter().collect();
            self.network.graph.check_room(&outputs, programs)
        });
        match room {
            Ok(()) => Ok(true),
            Err(error) if error.is_out_of_memory() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The largest batch of at most `most` images that fits, if any does.
    fn largest_batch(&self, most: usize, programs: u64) -> Result<Option<usize>, TrainError> {
        if most == 0 || !self.fits(1, programs)? {
            return Ok(None);
        }
        let (mut fits, mut too_large) = (1, most + 1);
        while too_large - fits > 1 {
            let middle = fits.midpoint(too_large);
            if self.fits(middle, programs)? {
                fits = middle;
            } else {
                too_large = middle;
            }
        }
        Ok(Some(fits))
    }

    /// If the error is out of memory, adds the largest batch that would fit.
    fn explain(&self, error: TensorError, batch: usize, programs: u64) -> TrainError {
        if !error.is_out_of_memory() {
            return error.into();
        }
        TrainError::Memory {
            batch,
            problem: error.to_string(),
            remedy: match self.largest_batch(batch - 1, programs) {
                Ok(Some(fits)) if fits > 1 => {
                    format!("The largest batch that fits is {fits} (`batch-size` {fits}, or auto)")
                }
                _ => "No batch fits; choose smaller images or a smaller network".to_owned(),
            },
        }
    }
}

/// Images for planning, whose content does not matter.
pub(super) fn blank_images(count: usize, form: &Form) -> Result<ImageSet, TrainError> {
    Ok(ImageSet::new("blank images", form.shape, vec![0; count * form.shape.len()], vec![0; count])?)
}

/// Calls `use_it` with the recorder of a phase's training step on these images, in order; if the phase trains on features,
/// on blank features.
pub(super) fn with_recorder<T>(
    gpu: &Arc<Gpu>,
    phase: &Phase,
    form: &Form,
    normalisation: Normalisation,
    images: &ImageSet,
    use_it: impl FnOnce(&StepRecorder) -> Result<T, TrainError>,
) -> Result<T, TrainError> {
    let config = &phase.config;
    let network = Network::of(gpu, config, form, normalisation, &phase.learned)?;
    let graph = &network.graph;
    let order: Vec<u32> = (0..images.len() as u32).collect();
    let parameters = &network.parameters;
    let average = config.optimisation.ema.map(|decay| Average::new(graph, parameters, decay));
    let mixer = Mixer::new(graph, config, form.shape)?;
    let feed = if phase.trains_on_features() {
        let width = network.feature_width()?;
        Feed::Features(FeatureTable::new(graph, &vec![0.0; images.len() * width], images.labels())?)
    } else {
        Feed::Images(Resident::new(graph, images)?)
    };
    use_it(&StepRecorder {
        network: &network,
        config,
        feed: &feed,
        visit: &Visit::new(graph, &order)?,
        changes: Changes { augment: config.augmentation(), mixing: mixer.as_ref().map(|mixer| &mixer.numbers) },
        seed_step_row: &seed_step_row(graph)?,
        optimiser: &Optimiser::new(graph, parameters, config.optimisation.optimiser.rule(), |role| {
            Some(config.group(role))
        })?,
        average: average.transpose()?.as_ref(),
        accumulation: (config.accumulate > 1).then(|| Accumulation::new(&network)).transpose()?.as_ref(),
        totals: &Totals::sums(graph)?,
        // Any weights make the same step.
        class_weights: config.class_weights.as_ref().map(|_| vec![1.0; form.classes()]),
    })
}

/// The seed, the number of the batch and the row of this rank's first image in it, for dropout.
pub(super) fn seed_step_row(graph: &Graph) -> crate::tensor::Result<Tensor> {
    graph.tensor_u32([3], &[0; 3])
}

/// The compiled training step on all of `images` as one batch, for examining its plan and timing it. If only the head is
/// trained and images are not changed, its inputs are features. Running it trains with learning rate 0.
///
/// # Errors
/// [`TrainError::Network`] when the network has no part of the name in `learned`; those of the device.
pub fn training_step(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    form: &Form,
    learned: &Learned,
    normalisation: Normalisation,
    images: &ImageSet,
) -> Result<Compiled, TrainError> {
    let phase = Phase { config: config.clone(), learned: learned.clone() };
    with_recorder(gpu, &phase, form, normalisation, images, |recorder| {
        let compiled = recorder.compile(images.len(), images.len(), 1)?;
        recorder.visit.start_at(0, 0)?;
        Ok(compiled)
    })
}

/// Larger batches do not make a step more efficient.
const LARGEST_AUTOMATIC_BATCH: usize = 1024;

/// The largest batch size that fits into the device's memory in every phase: a power of two up to 1024. If the number of training
/// `images` is known, that is the most, and these and those for validation need memory too.
///
/// # Errors
/// [`TrainError::Memory`] when there is no room even for two; those of the device.
pub fn automatic_batch_size(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    form: &Form,
    images: Option<usize>,
) -> Result<usize, TrainError> {
    let with_validation = |images: usize| (images as f64 / (1.0 - config.validation_share)) as usize;
    let blank = blank_images(images.map_or(2, |images| with_validation(images).max(2)), form)?;
    let mut batch = LARGEST_AUTOMATIC_BATCH;
    while images.is_some_and(|images| batch > images.max(2)) {
        batch /= 2;
    }
    for phase in config.phases() {
        let normalisation = Normalisation::UNIT;
        batch = with_recorder(gpu, &phase, form, normalisation, &blank, |recorder| {
            let mut size = batch;
            while size > 2 && !recorder.fits(size, 2)? {
                size /= 2;
            }
            // If nothing fits, this returns the error that explains what is missing.
            recorder.compile(size, size, 2).map(|_| size)
        })?;
    }
    Ok(batch)
}

/// The compiled inference on all of `images` as one batch, for examining its plan and timing it.
///
/// # Errors
/// Those of the device.
pub fn inference_step(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    form: &Form,
    normalisation: Normalisation,
    images: &ImageSet,
) -> Result<Compiled, TrainError> {
    let network = Network::of(gpu, config, form, normalisation, &Learned::All)?;
    let logits = network.inference(images)?;
    Ok(network.graph.compile(&[&logits.softmax()?])?)
}
