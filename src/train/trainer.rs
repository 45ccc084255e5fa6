//! The training loop.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::network::{Answer, Predictor, predictions};
use super::resident::Visit;
use super::step::{StepRecorder, new_totals};
use super::{Network, Normalisation, Resident, RunConfig, RunFolder, TrainConfig, TrainError};
use crate::data::{Dataset, ImageSet, PIXELS, Split, shuffle, stratified_split};
use crate::eval::Report;
use crate::gpu::{Gpu, Readback};
use crate::nn::weights;
use crate::optim::Optimiser;
use crate::tensor::{Compiled, Graph, Tensor};

/// What is known in the middle of an epoch.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Images of this epoch that have been submitted.
    pub images: usize,
    /// Mean loss of the epoch so far, as far as it has arrived.
    pub loss: f64,
    /// Share of right predictions of the epoch so far, in training mode.
    pub accuracy: f64,
}

/// One line of `history.csv`.
#[derive(Debug, Clone, Serialize)]
pub struct EpochRecord {
    /// From 1.
    pub epoch: usize,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Mean of the loss that is minimised, with label smoothing and dropout.
    pub train_loss: f64,
    /// In training mode, so with dropout and batch statistics.
    pub train_accuracy: f64,
    /// Mean log loss, without label smoothing.
    pub validation_loss: f64,
    /// Share of right predictions on the validation split.
    pub validation_accuracy: f64,
    /// Of the training part, without validation.
    pub images_per_second: f64,
    /// Of the whole epoch.
    pub seconds: f64,
}

/// Is told how a training goes.
pub trait Observer {
    /// Before the first epoch.
    fn start(&mut self, config: &RunConfig, folder: &RunFolder);
    /// After a step whose totals have arrived.
    fn step(&mut self, progress: Progress);
    /// After each epoch; `best` when its validation loss is the lowest so far.
    fn epoch(&mut self, record: &EpochRecord, best: bool);
}

/// What a training gives.
#[derive(Debug)]
pub struct Outcome {
    /// Where the weights and the history are.
    pub folder: RunFolder,
    /// One record an epoch.
    pub history: Vec<EpochRecord>,
    /// The epoch whose weights are `best.safetensors`, from 1.
    pub best_epoch: usize,
    /// The best weights on the test split, which nothing before has looked at.
    pub test: Report,
}

/// Trains the CNN, writes the run folder (`out`, which must be new or empty; without it `runs/cnn-1` or the first number
/// that is free), and evaluates the best weights on the test split once.
///
/// # Errors
/// [`TrainError::Diverged`] when the loss is no longer a number; else whatever fails.
pub fn train(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    data: &Dataset,
    out: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    config.validate()?;
    let images = match config.limit {
        Some(limit) => data.train.take(limit),
        None => data.train.clone(),
    };
    let split = stratified_split(images.labels(), images.len() / 5, config.seed)?;
    if split.train.len() < config.batch_size {
        return Err(TrainError::Option {
            option: "--batch-size",
            value: config.batch_size.to_string(),
            allowed: format!("at most {}, the number of training images", split.train.len()),
        });
    }
    let normalisation = normalisation(&images, &split.train);
    let run = RunConfig {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: "cnn".to_owned(),
        adapter: gpu.adapter().name.clone(),
        train: config.clone(),
        normalisation,
        train_images: split.train.len(),
        validation_images: split.validation.len(),
    };
    // Made last, so that a training which is refused leaves no folder behind.
    let folder = match out {
        Some(path) => RunFolder::create(path)?,
        None => RunFolder::create_numbered(&run.model)?,
    };
    folder.write_config(&run)?;
    observer.start(&run, &folder);

    let network = Network::cnn4(gpu, config, normalisation)?;
    let mut trainer = Trainer::new(&network, config, &images, split)?;
    let mut history: Vec<EpochRecord> = Vec::new();
    let mut best_epoch = 0;
    for epoch in 1..=config.epochs {
        let record = trainer.epoch(epoch, &folder, best_epoch, observer)?;
        let best = history
            .iter()
            .all(|earlier| record.validation_loss < earlier.validation_loss);
        weights::save(&network.parameters, trainer.optimiser.steps(), &folder.last_weights())?;
        if best {
            best_epoch = epoch;
            weights::save(&network.parameters, trainer.optimiser.steps(), &folder.best_weights())?;
        }
        observer.epoch(&record, best);
        history.push(record);
        folder.write_history(&history)?;
    }

    weights::load(&network.parameters, &folder.best_weights())?;
    let test = Report::from_predictions(&network.predict(&data.test)?);
    Ok(Outcome {
        folder,
        history,
        best_epoch,
        test,
    })
}

/// Mean and deviation of the pixels of some images.
fn normalisation(images: &ImageSet, chosen: &[u32]) -> Normalisation {
    // Exact: sums of bytes and of their squares fit 64-bit integers.
    let (mut sum, mut squares) = (0_u64, 0_u64);
    for i in chosen {
        for byte in images.image(*i as usize) {
            sum += u64::from(*byte);
            squares += u64::from(*byte).pow(2);
        }
    }
    let n = (chosen.len() * PIXELS).max(1) as f64;
    let mean = sum as f64 / n;
    let variance = squares as f64 / n - mean * mean;
    Normalisation {
        mean: (mean / 255.0) as f32,
        // A set of one colour has no deviation; any number above zero will do.
        deviation: (variance.max(1.0).sqrt() / 255.0) as f32,
    }
}

/// A training step for one size of batch.
struct Step {
    compiled: Compiled,
    batch: usize,
}

/// Loss and hits of an epoch, added up on the device.
struct Totals {
    sums: Tensor,
    readback: Readback,
    /// The step after which each read-back under way was asked for, and the epoch's images up to there.
    asked: VecDeque<(u64, usize)>,
}

/// Read-backs under way at once; when all are, a step goes by without one.
const READBACKS: usize = 4;

/// Random streams of epochs start here, away from those of the split.
const EPOCH_STREAM: u64 = 1 << 32;

struct Trainer<'a> {
    config: &'a TrainConfig,
    gpu: Arc<Gpu>,
    optimiser: Optimiser,
    /// The whole batches of an epoch, and the smaller one at its end if there is one.
    steps: Vec<Step>,
    visit: Visit,
    /// Seed and step, for dropout.
    clock: Tensor,
    totals: Totals,
    predictor: Predictor,
    train: Vec<u32>,
    validation_labels: Vec<u8>,
}

impl<'a> Trainer<'a> {
    fn new(network: &Network, config: &'a TrainConfig, images: &ImageSet, split: Split) -> Result<Self, TrainError> {
        let graph = &network.graph;
        let data = Resident::new(graph, images)?;
        let visit = Visit::new(graph, &split.train)?;
        let clock = graph.tensor_u32([2], &[0, 0])?;
        let parameters = &network.parameters;
        let optimiser = Optimiser::new(graph, parameters, config.rule(), |role| Some(config.group(role)))?;
        let totals = new_totals(graph)?;

        // The last images of an epoch get a program of their own. A single one is left out: batch norm over one image
        // teaches nothing.
        let recorder = StepRecorder {
            network,
            config,
            data: &data,
            visit: &visit,
            clock: &clock,
            optimiser: &optimiser,
            totals: &totals,
        };
        let tail = split.train.len() % config.batch_size;
        let steps = [config.batch_size, tail]
            .into_iter()
            .filter(|batch| *batch > 1)
            .map(|batch| {
                let compiled = recorder.compile(batch)?;
                Ok(Step { compiled, batch })
            })
            .collect::<Result<Vec<_>, TrainError>>()?;
        let readback = readback_of(graph, &totals)?;
        let labels = images.labels();
        Ok(Self {
            config,
            gpu: Arc::clone(graph.gpu()),
            optimiser,
            steps,
            visit,
            clock,
            totals: Totals {
                sums: totals,
                readback,
                asked: VecDeque::new(),
            },
            predictor: network.predictor(&data, &split.validation, Answer::Probabilities)?,
            validation_labels: split
                .validation
                .iter()
                .filter_map(|i| labels.get(*i as usize).copied())
                .collect(),
            train: split.train,
        })
    }
}

fn readback_of(graph: &Graph, tensor: &Tensor) -> Result<Readback, TrainError> {
    Ok(graph.compile(&[tensor])?.readback(tensor, READBACKS)?)
}

impl Trainer<'_> {
    /// One pass over the training images, then validation.
    fn epoch(
        &mut self,
        epoch: usize,
        folder: &RunFolder,
        best_epoch: usize,
        observer: &mut dyn Observer,
    ) -> Result<EpochRecord, TrainError> {
        let started = Instant::now();
        let mut order = self.train.clone();
        shuffle(&mut order, self.config.seed, EPOCH_STREAM + epoch as u64);
        self.visit.set_order(&order)?;
        self.totals.sums.write(&[0.0; 2])?;

        let whole = self.train.len() / self.config.batch_size;
        let batches = whole + self.steps.len() - 1;
        let planned = (self.config.epochs * batches) as u64;
        let mut submitted = 0;
        let mut learning_rate = 0.0;
        let mut progress = None;
        for batch in 0..batches {
            let factor = self.config.schedule.factor(self.optimiser.steps(), planned);
            learning_rate = self.config.learning_rate * factor;
            self.optimiser.start_step(learning_rate)?;
            let seed = self.config.seed;
            // Both halves of the seed count; the step alone changes from run to run of the program.
            let words = [(seed ^ (seed >> 32)) as u32, self.optimiser.steps() as u32];
            self.clock.write_u32(&words)?;
            self.visit.start_at(submitted)?;
            let step = &mut self.steps[usize::from(batch >= whole)];
            step.compiled.run()?;
            submitted += step.batch;
            self.ask(submitted)?;
            while let Some(bytes) = self.totals.readback.poll(&self.gpu)? {
                progress = Some(self.arrived(epoch, &bytes, folder, best_epoch)?);
            }
            if let Some(progress) = progress {
                observer.step(Progress {
                    images: submitted,
                    ..progress
                });
            }
        }
        while !self.totals.asked.is_empty() {
            let bytes = self.totals.readback.wait(&self.gpu)?;
            self.arrived(epoch, &bytes, folder, best_epoch)?;
        }
        // The last step may have gone by without a read-back.
        self.ask(submitted)?;
        let bytes = self.totals.readback.wait(&self.gpu)?;
        let trained = self.arrived(epoch, &bytes, folder, best_epoch)?;
        let training_seconds = started.elapsed().as_secs_f64();

        let probabilities = self.predictor.run()?;
        // The last step's loss may be finite and its update not: no weights are kept that predict nothing.
        if probabilities.iter().any(|p| !p.is_finite()) {
            return Err(diverged(f64::NAN, self.optimiser.steps(), epoch, folder, best_epoch));
        }
        let validation = Report::from_predictions(&predictions(probabilities, self.validation_labels.clone())?);
        Ok(EpochRecord {
            epoch,
            learning_rate,
            train_loss: trained.loss,
            train_accuracy: trained.accuracy,
            validation_loss: validation.log_loss,
            validation_accuracy: validation.accuracy,
            images_per_second: submitted as f64 / training_seconds,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Asks for the totals as they are after the steps submitted so far, unless too many are under way.
    fn ask(&mut self, images: usize) -> Result<(), TrainError> {
        if self.totals.readback.request(&self.gpu)? {
            self.totals.asked.push_back((self.optimiser.steps(), images));
        }
        Ok(())
    }

    /// Reads totals that have arrived, and stops when the loss is no longer a number.
    fn arrived(
        &mut self,
        epoch: usize,
        bytes: &[u8],
        folder: &RunFolder,
        best_epoch: usize,
    ) -> Result<Progress, TrainError> {
        let (step, images) = self.totals.asked.pop_front().unwrap_or_default();
        let flat: Vec<f32> = bytemuck::pod_collect_to_vec(bytes);
        let (loss, hits) = (f64::from(flat[0]), f64::from(flat[1]));
        let n = images.max(1) as f64;
        if !loss.is_finite() {
            return Err(diverged(loss, step, epoch, folder, best_epoch));
        }
        Ok(Progress {
            epoch,
            images,
            loss: loss / n,
            accuracy: hits / n,
        })
    }
}

fn diverged(loss: f64, step: u64, epoch: usize, folder: &RunFolder, best_epoch: usize) -> TrainError {
    TrainError::Diverged {
        loss,
        step,
        epoch,
        kept: if best_epoch == 0 {
            "No epoch was complete, so there are no good weights.".to_owned()
        } else {
            format!(
                "The best weights so far, of epoch {best_epoch}, are in {}",
                folder.best_weights().display()
            )
        },
    }
}
