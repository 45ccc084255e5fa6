//! A training as a tape.

use std::sync::Arc;

use super::TrainError;
use super::beginning::Beginning;
use crate::data::Dataset;
use crate::gpu::Gpu;
use crate::optim::Schedule;
use crate::settings::{SettingsError, TrainConfig};
use crate::tape::{Recorder, Tape};

/// How much of a training is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Steps.
    pub steps: usize,
    /// The first of them, which are carried out: after each the tape has what came out. Of the rest it has what the host writes, so that
    /// a slow device need not train them.
    pub run: usize,
    /// If the tape is to have a program that predicts: how many images at once.
    pub predicted: Option<usize>,
}

impl Extent {
    /// These steps, all carried out.
    pub fn all(steps: usize) -> Self {
        Self { steps, run: steps, predicted: None }
    }
}

/// Records the first steps of a training's first phase. For a tape that runs anywhere open the device with
/// [`GpuOptions::portable`](crate::gpu::GpuOptions::portable).
///
/// The learning rates are those of the whole training, of `epochs` epochs. Nothing is validated, so no schedule can follow a metric.
/// After each step that is carried out the tape has the sum of the losses and the number of hits in the epoch so far. `observe` gets the
/// number of steps that are done.
///
/// # Errors
/// Settings out of range, [`TrainError::Diverged`], [`TrainError::Tape`]; those of the device.
pub fn record(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    data: &Dataset,
    extent: Extent,
    mut observe: impl FnMut(usize),
) -> Result<Tape, TrainError> {
    if matches!(config.optimisation.learning_rate.schedule, Schedule::Plateau(_)) {
        let allowed = "another one: a recording validates nothing that it could follow";
        return Err(SettingsError::new("schedule", "plateau", allowed).into());
    }
    let beginning = Beginning::new(gpu, config, data)?;
    let mut trainer = beginning.trainer(config)?;
    let most = config.epochs * trainer.epoch_steps().count();
    if extent.steps > most {
        let allowed = format!("at most {most}, which is all of its {} epochs", config.epochs);
        return Err(SettingsError::new("steps", extent.steps, allowed).into());
    }
    let title = format!("training of {}, batch {}", config.network.architecture(), config.batch_size);
    let predictor = extent.predicted.map(|count| beginning.predictor(count)).transpose()?;
    let mut programs = trainer.programs();
    let mut places = trainer.places();
    places.extend(beginning.data());
    if let Some((compiled, own)) = &predictor {
        programs.push(("prediction".to_owned(), compiled.as_program()));
        places.extend_from_slice(own);
    }
    let mut recorder = Recorder::start(gpu, &title, &programs, &places)?;
    trainer.start_epoch()?;
    for step in 0..extent.steps {
        if step == extent.run {
            recorder.only_note();
        }
        if trainer.is_epoch_over() {
            trainer.end_epoch();
            trainer.start_epoch()?;
        }
        trainer.next_step()?;
        recorder.take(trainer.moment())?;
        // Ends a training whose loss is no number; of a step that was only noted it reads what the last one left.
        trainer.finish_readbacks()?;
        observe(step + 1);
    }
    Ok(recorder.finish()?)
}
