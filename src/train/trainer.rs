//! The training loop on the device: steps, epochs, validation.

use std::ops::ControlFlow;
use std::time::Instant;

use super::exchange::GradientExchange;
use super::mixing::Mixer;
use super::position::{EpochSteps, Position};
use super::step::{Accumulation, StepRecorder, seed_step_row};
use super::totals::{Arrived, Totals};
use super::validation::{Judgement, Validation};
use super::{Progress, TrainError};
use crate::data::{Split, shuffle};
use crate::network::{Changes, Feed, Network, Visit};
use crate::optim::{Average, Optimiser, PlateauState, Schedule, Timeline};
use crate::program::Program;
use crate::ranks::{Ranks, Shares};
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
    /// The seed, the number of the batch and the row of this rank's first image in it, for dropout.
    seed_step_row: Tensor,
    totals: Totals,
    /// Who else trains, what is exchanged with them in a step, and which images are this rank's.
    ranks: Ranks,
    exchange: Option<GradientExchange>,
    epoch_steps: EpochSteps,
    /// Whether the observer of this rank, or of any, wants to stop.
    wants_to_stop: bool,
    stops: bool,
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
    /// The batch of this epoch from which on it was resumed, if it was.
    resumed_at: usize,
    plateau: PlateauState,
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
    /// Who else trains.
    pub ranks: Ranks,
}

impl<'a> Start<'a> {
    /// A training of one phase, on one device.
    pub fn whole(feed: &'a Feed, labels: &'a [u16], split: Split) -> Self {
        Self { feed, labels, split, phase: 0, epochs_before: 0, followed: None, ranks: Ranks::alone() }
    }
}

impl<'a> Trainer<'a> {
    pub fn new(network: &'a Network, config: &'a TrainConfig, start: Start) -> Result<Self, TrainError> {
        let Start { feed, labels, split, phase, epochs_before, followed, ranks } = start;
        let graph = &network.graph;
        let shares = Shares::new(split.train.len(), config.batch_size, ranks.size());
        let visit = Visit::new(graph, &shares.of(&split.train, ranks.rank()))?;
        let seed_step_row = seed_step_row(graph)?;
        let parameters = &network.parameters;
        let optimiser =
            Optimiser::new(graph, parameters, config.optimisation.optimiser.rule(), |role| Some(config.group(role)))?;
        let average = config.optimisation.ema.map(|decay| Average::new(graph, parameters, decay));
        let average = average.transpose()?;
        let mixer = Mixer::new(graph, config, network.form().shape)?;
        let totals = Totals::new(graph)?;
        // The gradients of several ranks are added between the backward pass and the optimiser's step, like those of several batches.
        let accumulates = config.accumulate > 1 || !ranks.is_alone();
        let accumulation = accumulates.then(|| Accumulation::new(network)).transpose()?;

        let recorder = StepRecorder {
            network,
            config,
            feed,
            visit: &visit,
            changes: Changes { augment: config.augmentation(), mixing: mixer.as_ref().map(|mixer| &mixer.numbers) },
            seed_step_row: &seed_step_row,
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
        // The last images of an epoch get a program of their own.
        let sizes = shares.sizes(ranks.rank());
        let batches = sizes.iter().enumerate().map(|(done, (size, whole))| {
            let compiled = recorder.compile(*size, *whole, (sizes.len() - done) as u64)?;
            Ok(Batch { compiled, size: *size })
        });
        let batches = batches.collect::<Result<Vec<_>, TrainError>>()?;
        let update = accumulation.as_ref().map(|mean| recorder.compile_update(mean));
        let update = update.transpose()?;
        let validation = Validation::new(network, average.as_ref(), feed, labels, &split, &ranks)?;
        let exchange = accumulation.as_ref().filter(|_| !ranks.is_alone());
        let exchange = exchange.map(|mean| GradientExchange::new(&ranks, network, &mean.gradients)).transpose()?;
        Ok(Self {
            config,
            network,
            optimiser,
            ranks,
            exchange,
            epoch_steps: EpochSteps { shares, accumulate: config.accumulate },
            wants_to_stop: false,
            stops: false,
            validation,
            followed,
            average,
            batches,
            accumulation,
            update,
            visit,
            mixer,
            seed_step_row,
            totals,
            train: split.train,
            phase,
            epochs_before,
            epochs: 0,
            steps: 0,
            resumed_at: 0,
            plateau: PlateauState::default(),
        })
    }

    /// Epochs of this phase that are complete.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// Whether a rank's observer has asked to stop, after an epoch.
    pub fn stops(&self) -> bool {
        self.stops
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

    /// The steps of an epoch.
    pub fn epoch_steps(&self) -> EpochSteps {
        self.epoch_steps
    }

    fn timeline(&self) -> Timeline {
        Timeline { steps_per_epoch: self.epoch_steps.count() as u64, epochs: self.config.epochs as u64 }
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
            if let Some(progress) = progress {
                self.wants_to_stop |= observe(Progress { images, ..progress }).is_break();
            }
            let stops = if self.ranks.is_alone() { self.wants_to_stop } else { self.stops };
            if stops && !self.is_epoch_over() {
                self.finish_readbacks()?;
                return Ok(ControlFlow::Break(()));
            }
        }
        let trained = self.finish_readbacks()?;
        let training_seconds = started.elapsed().as_secs_f64();
        let n = trained.images as f64;
        let stops = f64::from(u8::from(self.wants_to_stop));
        let [loss, hits, n, stops] = self.ranks.sum_f64([trained.loss * n, trained.accuracy * n, n, stops])?;
        self.stops = stops > 0.0;
        let images = self.images_submitted() - images_before;
        let judgement = self.validate()?;
        let plain = judgement.as_ref().map(|judgement| &judgement.plain);
        let average = judgement.as_ref().and_then(|judgement| judgement.average.as_ref());
        self.end_epoch();
        let record = EpochRecord {
            epoch: self.epochs_before + self.epochs,
            phase: self.phase + 1,
            learning_rate,
            train_loss: loss / n,
            train_accuracy: hits / n,
            validation_loss: plain.map(|report| report.log_loss),
            validation_accuracy: plain.map(|report| report.accuracy),
            ema_validation_loss: average.map(|report| report.log_loss),
            ema_validation_accuracy: average.map(|report| report.accuracy),
            macro_f1: average.or(plain).map(|report| report.macro_avg.f1),
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
        self.visit.set_order(&self.epoch_steps.shares.of(&order, self.ranks.rank()))?;
        self.take_from_first()?;
        if self.steps == 0 {
            self.totals.sums.write(&[0.0; 2])?;
        }
        Ok(())
    }

    /// Takes over the first rank's weights and state. They are the same already, unless devices that round differently train together.
    fn take_from_first(&self) -> Result<(), TrainError> {
        if self.ranks.is_alone() {
            return Ok(());
        }
        for (_, tensor) in self.tensors() {
            let mine = if self.ranks.is_first() { tensor.to_vec()? } else { Vec::new() };
            let first = self.ranks.of_first(bytemuck::cast_slice(&mine))?;
            tensor.write(&bytemuck::pod_collect_to_vec(&first))?;
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
        self.resumed_at = 0;
    }

    /// Whether all steps of the epoch are done.
    pub fn is_epoch_over(&self) -> bool {
        self.steps >= self.epoch_steps.count()
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
            ("seed, batch, first row", &self.seed_step_row),
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
        let EpochSteps { shares, accumulate } = self.epoch_steps;
        let batches = self.epoch_steps.batches_of(self.steps);
        let mut images = 0;
        for batch in batches.clone() {
            // Every batch has its own random numbers.
            let number = (step - 1) * accumulate as u64 + (batch - batches.start) as u64 + 1;
            if let Some(mixer) = &self.mixer {
                mixer.start_step(number)?;
            }
            let row = shares.rows(batch, self.ranks.rank()).start;
            self.seed_step_row.write_u32(&[self.config.seed_word(), number as u32, row as u32])?;
            self.visit.start_at(batch * self.config.batch_size, self.epoch_number() - 1)?;
            let is_last = batch >= shares.whole_batches();
            let Batch { compiled, size } = &mut self.batches[usize::from(is_last)];
            images += *size;
            if let Some(mean) = &self.accumulation {
                mean.start_batch(*size, images)?;
            }
            if self.ranks.is_alone() {
                compiled.run()?;
            } else {
                let weights = shares.weights(batch..batch + 1);
                compiled.run_with(|statistics| self.ranks.sum(statistics, &weights).map_err(TrainError::from))?;
            }
        }
        if let Some(exchange) = &mut self.exchange {
            (self.stops, _) = exchange.run(&shares.weights(batches), self.wants_to_stop)?;
        }
        if let Some(update) = &mut self.update {
            update.run()?;
        }
        self.steps += 1;
        self.totals.ask(step, self.images_counted())
    }

    /// Images of this epoch that have been submitted, by all ranks.
    fn images_submitted(&self) -> usize {
        self.epoch_steps.images_in(self.steps)
    }

    /// The images in this rank's sums of losses and hits: its own, and for the first rank all those from before the epoch was resumed.
    fn images_counted(&self) -> usize {
        let shares = self.epoch_steps.shares;
        let before = if self.ranks.is_first() { shares.images_in(self.resumed_at) } else { 0 };
        let mine = self.resumed_at..self.epoch_steps.batches_in(self.steps);
        before + mine.map(|batch| shares.rows(batch, self.ranks.rank()).len()).sum::<usize>()
    }

    /// Metrics on the validation split, if there is one.
    fn validate(&mut self) -> Result<Option<Judgement>, TrainError> {
        let Some(validation) = &mut self.validation else {
            self.refuse_weights_without_numbers()?;
            return Ok(None);
        };
        // The last step's loss may be finite while its update is not: weights with NaN predictions are never kept.
        let judgement = validation.judge(self.network, &self.ranks)?;
        judgement.map(Some).ok_or_else(|| self.diverged(f64::NAN, self.optimiser.steps()))
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
        self.totals.ask(self.optimiser.steps(), self.images_counted())?;
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

    /// The current position of the training. All ranks must ask for it together.
    pub fn position(&self) -> Result<Position, TrainError> {
        let totals = self.totals.sums.to_vec()?;
        let totals = self.ranks.sum_f64([totals[0], totals[1]].map(f64::from))?.map(|sum| sum as f32);
        Ok(Position {
            phase: self.phase,
            epochs: self.epochs,
            steps_of_epoch: self.steps,
            steps: self.optimiser.steps(),
            totals,
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
        self.resumed_at = self.epoch_steps.batches_in(self.steps);
        self.plateau = position.plateau.clone();
        self.totals.sums.write(&if self.ranks.is_first() { position.totals } else { [0.0; 2] })?;
        self.optimiser.set_steps(position.steps);
        Ok(())
    }
}
