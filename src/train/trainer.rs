//! The training loop on the device: steps, epochs, validation.

use std::ops::ControlFlow;
use std::time::Instant;

use super::mixing::Mixer;
use super::step::{Accumulation, StepRecorder, seed_and_step};
use super::totals::{Arrived, Totals};
use super::{Progress, TrainError};
use crate::data::{Split, shuffle};
use crate::eval::Report;
use crate::network::{Answer, Changes, Feed, Network, Predictor, Visit};
use crate::optim::{Average, Optimiser, PlateauState, Schedule, Timeline};
use crate::program::Program;
use crate::run::EpochRecord;
use crate::settings::TrainConfig;
use crate::tape::{Moment, Named, PlaceRole};
use crate::tensor::{Compiled, Tensor};

/// Forward and backward pass for one batch size, with the optimiser's step if gradients are not accumulated.
struct Batch {
    compiled: Compiled,
    size: usize,
}

/// Random streams for epochs start here, apart from those of the split.
const EPOCH_STREAM: u64 = 1 << 32;

/// A network in training on one split of a data set: everything on the device, and the progress of the training.
pub(super) struct Trainer<'a> {
    config: &'a TrainConfig,
    network: &'a Network,
    optimiser: Optimiser,
    average: Option<Average>,
    /// The program for the full batches of an epoch, and that for the smaller batch at its end if there is one.
    batches: Vec<Batch>,
    /// The mean gradient of a step's batches, and the optimiser's step from it.
    accumulation: Option<Accumulation>,
    update: Option<Compiled>,
    visit: Visit,
    mixer: Option<Mixer>,
    /// The seed and the batch number, for dropout.
    seed_and_step: Tensor,
    totals: Totals,
    /// None for a training on all images.
    validation: Option<Validation>,
    /// For a final training, the metric after each epoch of the run that it repeats, which a plateau schedule follows.
    followed: Option<Vec<Option<f64>>>,
    train: Vec<u32>,
    /// The phase, from 0, and the number of epochs in the phases before it.
    phase: usize,
    epochs_before: usize,
    /// Epochs of this phase that are complete.
    epochs: usize,
    /// Steps of the present epoch that are done.
    steps: usize,
    plateau: PlateauState,
}

/// The predictors for the validation split, with the weights and with their average.
struct Validation {
    plain: Predictor,
    average: Option<Predictor>,
    labels: Vec<u16>,
}

/// The host's part of the state of a training; the rest is in [`Trainer::tensors`].
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    /// The phase, from 0.
    pub phase: usize,
    /// Epochs of the phase that are complete.
    pub epochs: usize,
    /// Steps of the present epoch that are done.
    pub steps_of_epoch: usize,
    /// Steps of the phase.
    pub steps: u64,
    /// Sums of loss and hits of the present epoch.
    pub totals: [f32; 2],
    pub plateau: PlateauState,
}

/// What a trainer trains on, and where in the training it begins.
pub(super) struct Start<'a> {
    pub feed: &'a Feed,
    /// The labels of all images of the feed.
    pub labels: &'a [u16],
    pub split: Split,
    /// The phase, from 0.
    pub phase: usize,
    /// Number of epochs in the phases before.
    pub epochs_before: usize,
    /// For a final training, the metric after each epoch of the run that it repeats.
    pub followed: Option<Vec<Option<f64>>>,
}

impl<'a> Start<'a> {
    /// A training of one phase.
    pub fn whole(feed: &'a Feed, labels: &'a [u16], split: Split) -> Self {
        Self { feed, labels, split, phase: 0, epochs_before: 0, followed: None }
    }
}

impl<'a> Trainer<'a> {
    pub fn new(network: &'a Network, config: &'a TrainConfig, start: Start) -> Result<Self, TrainError> {
        let Start { feed, labels, split, phase, epochs_before, followed } = start;
        let graph = &network.graph;
        let visit = Visit::new(graph, &split.train)?;
        let seed_and_step = seed_and_step(graph)?;
        let parameters = &network.parameters;
        let optimiser =
            Optimiser::new(graph, parameters, config.optimisation.optimiser.rule(), |role| Some(config.group(role)))?;
        let average = config.optimisation.ema.map(|decay| Average::new(graph, parameters, decay));
        let average = average.transpose()?;
        let mixer = Mixer::new(graph, config, network.form().shape)?;
        let totals = Totals::new(graph)?;
        let accumulation = Accumulation::new(network, config)?;

        let recorder = StepRecorder {
            network,
            config,
            feed,
            visit: &visit,
            changes: Changes { augment: config.augmentation(), mixing: mixer.as_ref().map(|mixer| &mixer.numbers) },
            seed_and_step: &seed_and_step,
            optimiser: &optimiser,
            average: average.as_ref(),
            accumulation: accumulation.as_ref(),
            totals: &totals.sums,
            class_weights: match &config.class_weights {
                Some(weights) => {
                    let trained = split.train.iter().filter_map(|image| labels.get(*image as usize).copied());
                    Some(weights.of(network.class_names(), trained)?)
                }
                None => None,
            },
        };
        // The last images of an epoch get a program of their own. A single image is left out: batch norm over one image
        // teaches nothing.
        let tail = split.train.len() % config.batch_size;
        let sizes: Vec<usize> = [config.batch_size, tail].into_iter().filter(|size| *size > 1).collect();
        let batches = sizes.iter().enumerate().map(|(done, size)| {
            let compiled = recorder.compile(*size, (sizes.len() - done) as u64)?;
            Ok(Batch { compiled, size: *size })
        });
        let batches = batches.collect::<Result<Vec<_>, TrainError>>()?;
        let update = accumulation.as_ref().map(|mean| recorder.compile_update(mean));
        let update = update.transpose()?;
        let predictor = |parameters| network.predictor(parameters, feed, &split.validation, Answer::Probabilities);
        let validation = match split.validation.is_empty() {
            true => None,
            false => Some(Validation {
                plain: predictor(&network.parameters)?,
                average: average.as_ref().map(|a| predictor(&a.parameters)).transpose()?,
                labels: split.validation.iter().filter_map(|i| labels.get(*i as usize).copied()).collect(),
            }),
        };
        Ok(Self {
            config,
            network,
            optimiser,
            validation,
            followed,
            average,
            batches,
            accumulation,
            update,
            visit,
            mixer,
            seed_and_step,
            totals,
            train: split.train,
            phase,
            epochs_before,
            epochs: 0,
            steps: 0,
            plateau: PlateauState::default(),
        })
    }

    /// Epochs of this phase that are complete.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// Steps of this phase.
    pub fn step_count(&self) -> u64 {
        self.optimiser.steps()
    }

    /// The parameters that are validated and saved in files: the average if there is one.
    pub fn judged(&self) -> &crate::nn::Parameters {
        match &self.average {
            Some(average) => &average.parameters,
            None => &self.network.parameters,
        }
    }

    /// Full batches per epoch.
    fn whole_batches(&self) -> usize {
        self.train.len() / self.config.batch_size
    }

    /// Batches per epoch.
    fn batches_per_epoch(&self) -> usize {
        self.whole_batches() + self.batches.len() - 1
    }

    /// Steps per epoch. The last one may have fewer batches.
    pub fn steps_per_epoch(&self) -> usize {
        self.batches_per_epoch().div_ceil(self.config.accumulate)
    }

    fn timeline(&self) -> Timeline {
        Timeline { steps_per_epoch: self.steps_per_epoch() as u64, epochs: self.config.epochs as u64 }
    }

    /// Trains to the end of the current epoch, then validates; or stops after the step in which `observe` breaks.
    pub fn epoch(
        &mut self,
        mut observe: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ControlFlow<(), EpochRecord>, TrainError> {
        let started = Instant::now();
        self.start_epoch()?;
        let images_before = self.images_submitted();
        let mut learning_rate = 0.0;
        let mut progress = None;
        while !self.is_epoch_over() {
            learning_rate = self.next_step()?;
            while let Some(arrived) = self.totals.poll()? {
                progress = Some(self.progress(arrived)?);
            }
            let images = self.images_submitted();
            let flow = match progress {
                Some(progress) => observe(Progress { images, ..progress }),
                None => ControlFlow::Continue(()),
            };
            if flow.is_break() && !self.is_epoch_over() {
                self.finish_readbacks()?;
                return Ok(ControlFlow::Break(()));
            }
        }
        let trained = self.finish_readbacks()?;
        let training_seconds = started.elapsed().as_secs_f64();
        let images = trained.images - images_before;
        let plain = self.validate(false)?;
        let average = match &self.average {
            Some(_) => self.validate(true)?,
            None => None,
        };
        self.end_epoch();
        let record = EpochRecord {
            epoch: self.epochs_before + self.epochs,
            phase: self.phase + 1,
            learning_rate,
            train_loss: trained.loss,
            train_accuracy: trained.accuracy,
            validation_loss: plain.as_ref().map(|report| report.log_loss),
            validation_accuracy: plain.as_ref().map(|report| report.accuracy),
            ema_validation_loss: average.as_ref().map(|report| report.log_loss),
            ema_validation_accuracy: average.as_ref().map(|report| report.accuracy),
            macro_f1: average.as_ref().or(plain.as_ref()).map(|report| report.macro_avg.f1),
            images_per_second: images as f64 / training_seconds,
            seconds: started.elapsed().as_secs_f64(),
        };
        if let Schedule::Plateau(plateau) = &self.config.optimisation.learning_rate.schedule {
            let metric = match &self.followed {
                Some(metrics) => metrics.get(self.epochs - 1).copied().flatten(),
                None => record.monitored(self.config.stopping.monitor),
            };
            self.plateau.epoch_ended(plateau, metric.unwrap_or(f64::NAN));
        }
        Ok(ControlFlow::Continue(record))
    }

    /// Prepares an epoch, which starts or, after a restore, resumes.
    pub fn start_epoch(&mut self) -> Result<(), TrainError> {
        let mut order = self.train.clone();
        shuffle(&mut order, self.config.seed, EPOCH_STREAM + self.epoch_number() as u64);
        self.visit.set_order(&order)?;
        if self.steps == 0 {
            self.totals.sums.write(&[0.0; 2])?;
        }
        Ok(())
    }

    /// The number of the current epoch, from 1, counted over all phases.
    fn epoch_number(&self) -> usize {
        self.epochs_before + self.epochs + 1
    }

    /// Counts an epoch whose steps are done.
    pub fn end_epoch(&mut self) {
        self.epochs += 1;
        self.steps = 0;
    }

    /// Whether all steps of the epoch are done.
    pub fn is_epoch_over(&self) -> bool {
        self.steps >= self.steps_per_epoch()
    }

    /// The programs that steps run, with what each does.
    pub fn programs(&self) -> Vec<(String, &Program)> {
        let batches = self.batches.iter().map(|batch| {
            let does = if self.update.is_some() { "gradients" } else { "step" };
            (format!("{does} of {} images", batch.size), batch.compiled.as_program())
        });
        batches.chain(self.update.iter().map(|update| ("update".to_owned(), update.as_program()))).collect()
    }

    /// What it works on, as places of a tape; the sums of losses and hits in the epoch so far are watched.
    pub fn places(&self) -> Vec<Named> {
        let states = self.optimiser.state().iter().enumerate();
        let states = states.map(|(i, state)| Named::tensor(format!("optimiser.{i}"), PlaceRole::State, state));
        let others = [
            ("order of the images", &self.visit.order),
            ("first image, epoch", &self.visit.place),
            ("seed, batch", &self.seed_and_step),
        ];
        let others = others.map(|(name, tensor)| Named::tensor(name, PlaceRole::Other, tensor));
        let rate = Named::tensor("learning rate", PlaceRole::Rate, self.optimiser.this_step());
        let sums = Named::tensor("sum of losses, hits", PlaceRole::Sums, &self.totals.sums).map(Named::watched);
        let named = [rate, sums].into_iter().chain(states).chain(others).flatten();
        self.network.places().into_iter().chain(named).collect()
    }

    /// Where in the training it is.
    pub fn moment(&self) -> Moment {
        Moment { step: self.step_count(), epoch: self.epoch_number(), images: self.images_submitted() }
    }

    /// Trains the next step of the epoch at the rate of the schedule, which is returned.
    pub fn next_step(&mut self) -> Result<f64, TrainError> {
        let schedule = &self.config.optimisation.learning_rate;
        let learning_rate = schedule.at(self.optimiser.steps(), self.timeline(), self.plateau.reduction);
        self.step(learning_rate)?;
        Ok(learning_rate)
    }

    /// Trains the next step of the epoch, at this learning rate.
    pub fn step(&mut self, learning_rate: f64) -> Result<(), TrainError> {
        self.optimiser.start_step(learning_rate)?;
        let step = self.optimiser.steps();
        if let Some(average) = &self.average {
            average.start_step(step)?;
        }
        let accumulate = self.config.accumulate;
        let first = self.steps * accumulate;
        let mut images = 0;
        for batch in first..(first + accumulate).min(self.batches_per_epoch()) {
            // Every batch has its own random numbers.
            let number = (step - 1) * accumulate as u64 + (batch - first) as u64 + 1;
            if let Some(mixer) = &self.mixer {
                mixer.start_step(number)?;
            }
            self.seed_and_step.write_u32(&[self.config.seed_word(), number as u32])?;
            self.visit.start_at(batch * self.config.batch_size, self.epoch_number() - 1)?;
            let whole = self.whole_batches();
            let Batch { compiled, size } = &mut self.batches[usize::from(batch >= whole)];
            images += *size;
            if let Some(mean) = &self.accumulation {
                mean.start_batch(*size, images)?;
            }
            compiled.run()?;
        }
        if let Some(update) = &mut self.update {
            update.run()?;
        }
        self.steps += 1;
        self.totals.ask(step, self.images_submitted())
    }

    /// Images of this epoch that have been submitted.
    fn images_submitted(&self) -> usize {
        let batches = (self.steps * self.config.accumulate).min(self.batches_per_epoch());
        let whole = self.whole_batches();
        let tail = if batches > whole { self.batches[1].size } else { 0 };
        batches.min(whole) * self.config.batch_size + tail
    }

    /// Metrics on the validation split, if there is one.
    fn validate(&mut self, average: bool) -> Result<Option<Report>, TrainError> {
        let Some(validation) = &mut self.validation else {
            self.refuse_weights_without_numbers()?;
            return Ok(None);
        };
        let predictor = match &mut validation.average {
            Some(predictor) if average => predictor,
            _ => &mut validation.plain,
        };
        let probabilities = predictor.run()?;
        // The last step's loss may be finite while its update is not: weights with NaN predictions are never kept.
        if probabilities.iter().any(|p| !p.is_finite()) {
            return Err(self.diverged(f64::NAN, self.optimiser.steps()));
        }
        let predictions = self.network.predictions(probabilities, &validation.labels)?;
        Ok(Some(Report::from_predictions(&predictions)))
    }

    /// Without predictions that would show it: weights that are not finite are never kept.
    fn refuse_weights_without_numbers(&self) -> Result<(), TrainError> {
        let judged = self.judged();
        for arena in [judged.learned(), judged.statistics()] {
            if arena.flat.to_vec()?.iter().any(|number| !number.is_finite()) {
                return Err(self.diverged(f64::NAN, self.optimiser.steps()));
            }
        }
        Ok(())
    }

    /// Waits for all totals in flight and for those after the last step, which may not have been requested yet.
    pub fn finish_readbacks(&mut self) -> Result<Progress, TrainError> {
        while let Some(arrived) = self.totals.wait()? {
            self.progress(arrived)?;
        }
        self.totals.ask(self.optimiser.steps(), self.images_submitted())?;
        let last = self.totals.wait()?;
        self.progress(last.unwrap_or(Arrived::NOTHING))
    }

    /// Means from totals; an error when the loss is no longer finite.
    fn progress(&self, totals: Arrived) -> Result<Progress, TrainError> {
        let Arrived { step, images, loss, hits } = totals;
        if !loss.is_finite() {
            return Err(self.diverged(loss, step));
        }
        let n = images.max(1) as f64;
        Ok(Progress { epoch: self.epoch_number(), images, loss: loss / n, accuracy: hits / n })
    }

    fn diverged(&self, loss: f64, step: u64) -> TrainError {
        TrainError::Diverged {
            loss,
            step,
            epoch: self.epoch_number(),
            kept: "No epoch was complete, so there are no good weights.".to_owned(),
        }
    }

    /// The current position of the training.
    pub fn position(&self) -> Result<Position, TrainError> {
        let totals = self.totals.sums.to_vec()?;
        Ok(Position {
            phase: self.phase,
            epochs: self.epochs,
            steps_of_epoch: self.steps,
            steps: self.optimiser.steps(),
            totals: [totals[0], totals[1]],
            plateau: self.plateau.clone(),
        })
    }

    /// All tensors that training changes, and the frozen ones that it depends on, by name. A training resumes from them and its
    /// [`Position`] as if it had never stopped: random numbers depend only on seed, epoch, batch and image.
    pub fn tensors(&self) -> Vec<(String, &Tensor)> {
        let mut tensors = self.network.tensors();
        for (i, state) in self.optimiser.state().iter().enumerate() {
            tensors.push((format!("optimiser.{i}"), state));
        }
        if let Some(average) = &self.average {
            tensors.push(("average.parameters".to_owned(), &average.parameters.learned().flat));
            tensors.push(("average.statistics".to_owned(), &average.parameters.statistics().flat));
        }
        tensors
    }

    /// Resumes from a position, whose tensors must already have been written.
    pub fn restore(&mut self, position: &Position) -> Result<(), TrainError> {
        self.epochs = position.epochs;
        self.steps = position.steps_of_epoch;
        self.plateau = position.plateau.clone();
        self.totals.sums.write(&position.totals)?;
        self.optimiser.set_steps(position.steps);
        Ok(())
    }
}
