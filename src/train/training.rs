//! A training from its settings to its test result, kept in a run folder.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::agreement::agree;
use super::checkpoint::{Checkpoint, fill, restore};
use super::features::features;
use super::resume::Stored;
use super::trainer::{Start, Trainer};
use super::{Observer, Task, TrainError};
use crate::data::{Examples, Normalisation, Split};
use crate::eval::Report;
use crate::files::shown;
use crate::gpu::Gpu;
use crate::models;
use crate::network::{FeatureTable, Feed, Network, Resident};
use crate::nn::{ParameterBuilder, weights};
use crate::plot::{save_png, save_svg};
use crate::run::{Chosen, EpochRecord, RunConfig, RunFolder, RunResult, best, curves, is_stopped};
use crate::settings::{Learned, Phase, SettingsError, TrainConfig};

/// How a training ended.
#[derive(Debug)]
pub enum Ending {
    /// All epochs are done, or early stopping ended it.
    Finished(Box<Outcome>),
    /// The observer stopped it; the run folder has all it needs to resume.
    Interrupted(RunFolder),
}

/// The outcome of a training.
#[derive(Debug)]
pub struct Outcome {
    /// Where the weights and the history are.
    pub folder: RunFolder,
    /// One record per epoch.
    pub history: Vec<EpochRecord>,
    /// The final result.
    pub result: RunResult,
}

/// Trains the task's network, writes the run folder (`out`, which must be new or empty; without it `runs/NAME-N` with the first
/// number N that is free), and evaluates the best weights on the test split once.
///
/// # Errors
/// [`TrainError::Diverged`] when the loss is no longer finite; otherwise whatever fails.
pub fn train(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    task: &Task,
    out: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<Ending, TrainError> {
    Training::new(gpu, config, task, None)?.start(out, &task.name, observer)
}

/// Trains a complete run once more, on its training and validation images together, for the epochs that its validation chose,
/// and evaluates the last weights on the test split once. `moved` is where its data is now, if it has moved; the new run
/// remembers that. Without `out` the folder is `runs/NAME-final-N`.
///
/// # Errors
/// [`RunError::NotFinal`](crate::run::RunError::NotFinal) when the run is not complete or cannot be repeated,
/// [`TrainError::OtherData`]; otherwise as [`train`].
pub fn train_final(
    gpu: &Arc<Gpu>,
    run: &RunFolder,
    task: &Task,
    moved: Option<&Path>,
    out: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<Ending, TrainError> {
    let (mut run_config, chosen) = Chosen::by(run)?;
    if let Some(place) = moved {
        run_config.train.data = Some(place.to_owned());
    }
    let training = Training::new(gpu, &run_config.train, task, Some(chosen))?;
    training.must_be_of(&run_config, run)?;
    training.start(out, &format!("{}-final", task.name), observer)
}

/// A training that has been checked.
pub(super) struct Training<'a> {
    gpu: &'a Arc<Gpu>,
    task: &'a Task<'a>,
    pub run: RunConfig,
    pub examples: Examples,
    split: Split,
}

impl<'a> Training<'a> {
    /// With what an earlier run chose it is a final training: all images are trained on.
    pub fn new(
        gpu: &'a Arc<Gpu>,
        config: &TrainConfig,
        task: &'a Task,
        chosen: Option<Chosen>,
    ) -> Result<Self, TrainError> {
        config.validate()?;
        let examples = task.train.take(config.limit.unwrap_or(usize::MAX));
        if matches!(examples, Examples::Rows(_)) && config.regularisation.mixes() {
            let allowed = "0, as `cutmix`: only images can be mixed";
            return Err(SettingsError::new("mixup", config.regularisation.mixup, allowed).into());
        }
        task.check()?;
        let split = match &chosen {
            Some(_) => Split::without_validation(examples.labels().len()),
            None => config.split(examples.labels())?,
        };
        let mut builder = ParameterBuilder::default();
        if !task.is_own {
            models::check_shape(&config.network, task.form.shape)?;
        }
        (task.declare)(&mut builder);
        if let Some(weights) = &config.class_weights {
            let labels = examples.labels();
            weights.of(&task.form.class_names, split.train.iter().map(|image| labels[*image as usize]))?;
        }
        for phase in config.phases() {
            check_batch(&phase.config, &split, task.ranks.size())?;
            // Fails if a layer that a phase names does not exist.
            phase.learned.frozen(&builder.names())?;
        }
        let run = RunConfig {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            adapter: gpu.adapter().name.clone(),
            driver: gpu.adapter().driver.clone(),
            changed_shaders: gpu.shaders().changed().map(str::to_owned).collect(),
            own_network: task.is_own.then(|| task.name.clone()),
            train: config.clone(),
            form: task.form.clone(),
            normalisation: match &examples {
                Examples::Images(images) => Normalisation::of(config.pixels, images, &split.train),
                Examples::Rows(_) => Normalisation::UNIT,
            },
            train_images: split.train.len(),
            validation_images: split.validation.len(),
            data_checksum: examples.checksum(),
            ranks: task.ranks.size(),
            chosen,
        };
        agree(&task.ranks, &run, &examples, &task.test)?;
        Ok(Self { gpu, task, run, examples, split })
    }

    /// Refuses if `run`, of the folder, is of another network or other data.
    pub fn must_be_of(&self, run: &RunConfig, folder: &RunFolder) -> Result<(), TrainError> {
        let path = folder.path().to_owned();
        if self.run.own_network != run.own_network {
            return Err(TrainError::OtherNetwork { path });
        }
        if self.run.data_checksum != run.data_checksum || !run.is_of(&self.run.form) {
            return Err(TrainError::OtherData { path });
        }
        Ok(())
    }

    /// Trains from the start, in the folder `out` or else in `runs/NAME-N`.
    fn start(self, out: Option<&Path>, name: &str, observer: &mut dyn Observer) -> Result<Ending, TrainError> {
        self.check_weights()?;
        let ranks = &self.task.ranks;
        let mut lock = None;
        let made = ranks.path_of_first(|| {
            // Made last, so that a training that is refused leaves no folder behind.
            let folder = match out {
                Some(path) => RunFolder::create(path)?,
                None => RunFolder::create_numbered(name)?,
            };
            lock = Some(folder.lock()?);
            folder.write_config(&self.run)?;
            Ok::<_, TrainError>(folder.path().to_owned())
        })?;
        let folder = RunFolder::open(out.unwrap_or(&made));
        // Every rank must see the folder: all of them read the best weights in the end.
        folder.read_config()?;
        self.go(&folder, None, observer)
    }

    fn network(&self, learned: &Learned) -> Result<Network, TrainError> {
        let Self { gpu, task, run, .. } = self;
        Ok(Network::new(gpu, &task.declare, &task.form, run.train.seed, run.normalisation, learned)?)
    }

    /// Refuses weights that do not fit.
    fn check_weights(&self) -> Result<(), TrainError> {
        if let Some(path) = &self.run.train.transfer.weights {
            weights::load_base(&self.network(&Learned::All)?.parameters, path)?;
        }
        Ok(())
    }

    /// Trains the phases that are left, in this folder, and then evaluates the best weights on the test split.
    pub fn go(
        self,
        folder: &RunFolder,
        stored: Option<Stored>,
        observer: &mut dyn Observer,
    ) -> Result<Ending, TrainError> {
        let config = &self.run.train;
        let phases: Vec<_> = config.phases().into_iter().zip(self.run.phase_lengths()).collect();
        let mut history = stored.as_ref().map_or(Vec::new(), |s| s.checkpoint.history.clone());
        observer.start(&self.run, folder, &history);
        let first = stored.as_ref().map_or(0, |s| s.checkpoint.position.phase);
        for (number, (phase, epochs)) in phases.iter().enumerate().skip(first) {
            let stored = stored.as_ref().filter(|_| number == first);
            let flow = self.run_phase(folder, (number, phase, *epochs), stored, &mut history, observer)?;
            if flow.is_break() {
                return Ok(Ending::Interrupted(folder.clone()));
            }
        }

        let network = self.network(&Learned::All)?;
        weights::load(&network.parameters, &folder.best_weights())?;
        let result = RunResult {
            best_epoch: best(&history, config.stopping.monitor).map_or(0, |record| record.epoch),
            epochs: history.len(),
            stopped_early: history.len() < self.run.total_epochs(),
            seconds: history.iter().map(|record| record.seconds).sum(),
            test: Report::from_predictions(&network.predict_with(&self.task.ranks, &self.task.test)?),
        };
        if self.task.ranks.is_first() {
            folder.write_result(&result)?;
        }
        Ok(Ending::Finished(Box::new(Outcome { folder: folder.clone(), history, result })))
    }

    /// The source of a phase's batches. Breaks when the observer stops the computation of features.
    fn feed(
        &self,
        phase: &Phase,
        network: &Network,
        folder: &RunFolder,
        observer: &mut dyn Observer,
    ) -> Result<ControlFlow<(), Feed>, TrainError> {
        let Examples::Images(images) = &self.examples else {
            return Ok(ControlFlow::Continue(Feed::new(&network.graph, &self.examples)?));
        };
        if !phase.trains_on_features() {
            return Ok(ControlFlow::Continue(Feed::Images(Resident::new(&network.graph, images)?)));
        }
        let path = folder.file("features.safetensors");
        let ranks = &self.task.ranks;
        let computed = match ranks.is_first() {
            true => features(network, &self.run, images, &path, |done| observer.features(done, images.len()))?,
            false => ControlFlow::Continue(Vec::new()),
        };
        let mut values = computed.continue_value().unwrap_or_default();
        if !ranks.is_alone() {
            // The first rank has computed them, and gives them to the others; or none, when it is to stop.
            values = bytemuck::pod_collect_to_vec(&ranks.of_first(bytemuck::cast_slice(&values))?);
        }
        if values.is_empty() {
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(Feed::Features(FeatureTable::new(&network.graph, &values, images.labels())?)))
    }

    /// Trains the phase of this number, from 0, for this number of epochs, or until the observer stops it.
    fn run_phase(
        &self,
        folder: &RunFolder,
        (number, phase, epochs): (usize, &Phase, usize),
        stored: Option<&Stored>,
        history: &mut Vec<EpochRecord>,
        observer: &mut dyn Observer,
    ) -> Result<ControlFlow<()>, TrainError> {
        let (run, config) = (&self.run, &phase.config);
        let network = self.network(&phase.learned)?;
        match (stored, &config.transfer.weights) {
            (Some(stored), _) => fill(&network.tensors(), stored.path, &stored.tensors)?,
            (None, _) if number > 0 => weights::load(&network.parameters, &folder.best_weights())?,
            (None, Some(path)) => load_base(&network, path, observer)?,
            (None, None) => {}
        }
        if phase.learned != Learned::All || number > 0 {
            observer.note(&description(phase, number, epochs, &network));
        }
        let ControlFlow::Continue(feed) = self.feed(phase, &network, folder, observer)? else {
            return Ok(ControlFlow::Break(()));
        };
        let before = history.iter().filter(|record| record.phase <= number).count();
        let start = Start {
            feed: &feed,
            labels: self.examples.labels(),
            split: self.split.clone(),
            phase: number,
            epochs_before: before,
            followed: run.chosen.as_ref().map(|chosen| chosen.monitored[number].clone()),
            ranks: self.task.ranks.clone(),
        };
        let mut trainer = Trainer::new(&network, config, start)?;
        let last = folder.last_checkpoint();
        match stored {
            Some(stored) => restore(&mut trainer, epochs, stored.path, &stored.checkpoint, &stored.tensors)?,
            // From here on a missing checkpoint has been lost. Also, this phase overwrites the weights it starts from.
            None => self.write_checkpoint(&trainer, history, &last)?,
        }

        while trainer.epochs() < epochs && !is_stopped(&history[before..], &config.stopping) {
            let ended = trainer.epoch(|progress| observer.step(progress));
            match ended.map_err(|error| name_best(error, config, folder, history))? {
                ControlFlow::Break(()) => {
                    self.write_checkpoint(&trainer, history, &last)?;
                    return Ok(ControlFlow::Break(()));
                }
                ControlFlow::Continue(record) => {
                    history.push(record.clone());
                    let is_best = best(history, config.stopping.monitor) == Some(&record);
                    self.keep(&trainer, folder, history, is_best)?;
                    observer.epoch(&record, is_best);
                    if trainer.stops() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Writes a checkpoint, if this is the rank that writes.
    fn write_checkpoint(&self, trainer: &Trainer, history: &[EpochRecord], path: &Path) -> Result<(), TrainError> {
        let position = trainer.position()?;
        if self.task.ranks.is_first() {
            Checkpoint::write(&Checkpoint::bytes(trainer, position, &self.run, history, path)?, path)?;
        }
        Ok(())
    }

    /// Writes the files of an epoch, if this is the rank that writes, and waits for it if it is not. The checkpoint comes last: if the
    /// program dies before that, the epoch is trained again and every file is written again, bit-identical.
    fn keep(
        &self,
        trainer: &Trainer,
        folder: &RunFolder,
        history: &[EpochRecord],
        is_best: bool,
    ) -> Result<(), TrainError> {
        let position = trainer.position()?;
        if self.task.ranks.is_first() {
            let last = folder.last_checkpoint();
            // Made once for both files, which have the same content.
            let checkpoint = Checkpoint::bytes(trainer, position, &self.run, history, &last)?;
            // The settings go into the weight files too, so that each file names its network by itself.
            let about = self.run.to_json();
            weights::save(trainer.judged(), trainer.step_count(), &about, &folder.last_weights())?;
            if is_best {
                weights::save(trainer.judged(), trainer.step_count(), &about, &folder.best_weights())?;
                Checkpoint::write(&checkpoint, &folder.best_checkpoint())?;
            }
            folder.write_history(history)?;
            let curves = curves(history);
            save_png(&curves, &folder.file("curves.png"))?;
            save_svg(&curves, &folder.file("curves.svg"))?;
            Checkpoint::write(&checkpoint, &last)?;
        }
        Ok(self.task.ranks.meet()?)
    }
}

/// Loads the base from a weight file, and notes which tensors of the file are ignored.
fn load_base(network: &Network, path: &Path, observer: &mut dyn Observer) -> Result<(), TrainError> {
    let aside = weights::load_base(&network.parameters, path)?;
    let path = shown(path);
    observer.note(&match aside.len() {
        0 => format!("the base starts from {path}"),
        count => format!(
            "the base starts from {path}; ignored: its classifier and auxiliary head ({count} tensors, {} and others)",
            aside[0]
        ),
    });
    Ok(())
}

/// The note before a phase starts; `number` is from 0.
fn description(phase: &Phase, number: usize, epochs: usize, network: &Network) -> String {
    let parameters = &network.parameters;
    format!(
        "phase {}: {}, {} of {} parameters, {epochs} epochs",
        number + 1,
        phase.learned.description(),
        parameters.learned_count(),
        parameters.count()
    )
}

/// Refuses batches that are larger than the training split.
pub(super) fn check_batch(config: &TrainConfig, split: &Split, ranks: usize) -> Result<(), SettingsError> {
    let most = split.train.len() / ranks;
    if most < config.batch_size {
        let allowed = match ranks {
            1 => format!("at most {most}, the number of training images"),
            _ => format!("at most {most}, the training images for each of {ranks} ranks"),
        };
        return Err(SettingsError::new("batch-size", config.batch_size, allowed));
    }
    Ok(())
}

/// Adds the location of the best weights so far to a divergence error.
fn name_best(error: TrainError, config: &TrainConfig, folder: &RunFolder, history: &[EpochRecord]) -> TrainError {
    match (error, best(history, config.stopping.monitor)) {
        (TrainError::Diverged { loss, step, epoch, .. }, Some(best)) => TrainError::Diverged {
            loss,
            step,
            epoch,
            kept: format!("The best weights so far, of epoch {}, are in {}", best.epoch, shown(&folder.best_weights())),
        },
        (error, _) => error,
    }
}
