//! A training as a tape.

use std::sync::Arc;

use super::TrainError;
use super::beginning::Beginning;
use crate::data::Dataset;
use crate::gpu::Gpu;
use crate::settings::TrainConfig;
use crate::tape::{Recorder, Tape};

/// Records the first `steps` steps of a training, as [`train`](super::train) would do them on this device. For a tape that runs anywhere
/// open the device with [`GpuOptions::portable`](crate::gpu::GpuOptions::portable).
///
/// After each step the tape has the sum of the losses and the number of hits in the epoch so far. `observe` gets the number of steps
/// that are done.
///
/// # Errors
/// Settings out of range; [`TrainError::Tape`]; those of the device.
pub fn record(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    data: &Dataset,
    steps: usize,
    mut observe: impl FnMut(usize),
) -> Result<Tape, TrainError> {
    let beginning = Beginning::new(gpu, config, data)?;
    let mut trainer = beginning.trainer(config)?;
    let title = format!("training of {}, batch {}", config.network.architecture(), config.batch_size);
    let watched = [("sum of losses, hits", trainer.sums())];
    let mut recorder = Recorder::start(gpu, &title, &trainer.programs(), &watched)?;
    trainer.start_epoch()?;
    for step in 0..steps {
        if trainer.is_epoch_over() {
            trainer.end_epoch();
            trainer.start_epoch()?;
        }
        trainer.next_step()?;
        recorder.take()?;
        observe(step + 1);
    }
    Ok(recorder.finish())
}
