//! A training as a tape.

use std::sync::Arc;

use super::TrainError;
use super::beginning::Beginning;
use crate::data::Dataset;
use crate::gpu::Gpu;
use crate::optim::Schedule;
use crate::settings::{SettingsError, TrainConfig};
use crate::tape::{Recorder, Tape};

/// Records the first `steps` steps of a training's first phase. For a tape that runs anywhere open the device with
/// [`GpuOptions::portable`](crate::gpu::GpuOptions::portable).
///
/// The learning rates are those of the whole training, of `epochs` epochs. Nothing is validated, so no schedule can follow a metric.
/// After each step the tape has the sum of the losses and the number of hits in the epoch so far. `observe` gets the number of steps
/// that are done.
///
/// # Errors
/// Settings out of range, [`TrainError::Diverged`], [`TrainError::Tape`]; those of the device.
pub fn record(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    data: &Dataset,
    steps: usize,
    mut observe: impl FnMut(usize),
) -> Result<Tape, TrainError> {
    if matches!(config.optimisation.learning_rate.schedule, Schedule::Plateau(_)) {
        let allowed = "another one: a recording validates nothing that it could follow";
        return Err(SettingsError::new("schedule", "plateau", allowed).into());
    }
    let beginning = Beginning::new(gpu, config, data)?;
    let mut trainer = beginning.trainer(config)?;
    let most = config.epochs * trainer.steps_per_epoch();
    if steps > most {
        let allowed = format!("at most {most}, which is all of its {} epochs", config.epochs);
        return Err(SettingsError::new("steps", steps, allowed).into());
    }
    let title = format!("training of {}, batch {}", config.network.architecture(), config.batch_size);
    let sums = trainer.sums().memory().map(|memory| ("sum of losses, hits", memory));
    let mut recorder = Recorder::start(gpu, &title, &trainer.programs(), &sums.into_iter().collect::<Vec<_>>())?;
    trainer.start_epoch()?;
    for step in 0..steps {
        if trainer.is_epoch_over() {
            trainer.end_epoch();
            trainer.start_epoch()?;
        }
        trainer.next_step()?;
        recorder.take()?;
        // Ends a training whose loss is no number.
        trainer.finish_readbacks()?;
        observe(step + 1);
    }
    Ok(recorder.finish()?)
}
