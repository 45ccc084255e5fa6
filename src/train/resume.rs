//! Resuming a training from a checkpoint, with more epochs if wanted.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::agreement::{agree, agree_on_checkpoint};
use super::checkpoint::{Checkpoint, refuse};
use super::position::Position;
use super::training::{Ending, Training};
use super::{Extension, Observer, Task, TrainError};
use crate::files;
use crate::gpu::Gpu;
use crate::optim::PlateauState;
use crate::run::{EpochRecord, RunConfig, RunFolder, is_stopped};
use crate::settings::{SettingsError, TrainConfig};

/// Resumes a training that was interrupted or killed, from a checkpoint of its folder, or from the start if it was stopped
/// before it had one. On the same adapter the final weights are bit-identical to those of the uninterrupted training.
/// An `extension` gives it more epochs, even if it is complete; its `result.json` is then kept as
/// `result-after-N-epochs.json`.
///
/// # Errors
/// [`TrainError::Checkpoint`] when the checkpoint is damaged or not of this training, [`TrainError::LostCheckpoint`],
/// [`TrainError::OtherData`], [`TrainError::Complete`], [`RunError::Locked`](crate::run::RunError::Locked);
/// [`SettingsError::Setting`] when the extension is not possible; otherwise as [`train`](super::train).
pub fn resume(
    gpu: &Arc<Gpu>,
    folder: &RunFolder,
    checkpoint: &Path,
    extension: Option<&Extension>,
    task: &Task,
    observer: &mut dyn Observer,
) -> Result<Ending, TrainError> {
    let mut run = folder.read_config()?;
    let _lock = task.ranks.is_first().then(|| folder.lock()).transpose()?;
    let result = folder.read_result()?;
    if result.is_some() && extension.is_none() {
        return Err(TrainError::complete(&run, folder));
    }
    let mut training = Training::new(gpu, &run.train, task, run.chosen.clone())?;
    training.must_be_of(&run, folder)?;
    let mut stored = match files::exists(checkpoint)? {
        true => Some(Stored::load(checkpoint, &run)?),
        false if folder.has_weights()? => {
            return Err(TrainError::LostCheckpoint {
                checkpoint: checkpoint.to_owned(),
                folder: folder.path().to_owned(),
                best: folder.best_checkpoint(),
            });
        }
        false => None,
    };
    if let Some(extension) = extension {
        let position = stored.as_ref().map(|stored| &stored.checkpoint.position);
        let (phase, done) = position.map_or((0, 0), |position| (position.phase, position.epochs));
        run = extension.apply(&run, phase, done)?;
        if let Some(stored) = stored.as_mut().filter(|_| extension.fresh_cycle) {
            stored.checkpoint.position.plateau = PlateauState::default();
        }
        if let Some(stored) = &stored {
            refuse_stopped_early(&run.train, phase, &stored.checkpoint.history)?;
        }
    }
    let changes = extension.is_some() || run.ranks != task.ranks.size();
    run.ranks = task.ranks.size();
    // Once they agree, every rank has read what the first is about to change.
    agree(&task.ranks, &run, &training.examples, &task.test)?;
    agree_on_checkpoint(&task.ranks, stored.as_ref().map(|stored| &stored.checkpoint))?;
    if task.ranks.is_first() && changes {
        if let Some(result) = &result {
            folder.keep_result(result)?;
        }
        folder.write_config(&run)?;
    }
    training.run = run;
    training.go(folder, stored, observer)
}

/// More epochs change nothing for a training that early stopping ends.
fn refuse_stopped_early(config: &TrainConfig, phase: usize, history: &[EpochRecord]) -> Result<(), TrainError> {
    let of_phase: Vec<_> = history.iter().filter(|record| record.phase == phase + 1).cloned().collect();
    if !is_stopped(&of_phase, &config.stopping) {
        return Ok(());
    }
    let allowed = format!(
        "left out: the run was stopped early after epoch {}, since {} epochs had brought no gain",
        history.len(),
        config.stopping.patience.unwrap_or_default()
    );
    Err(SettingsError::new("epochs", config.epochs, allowed).into())
}

/// A checkpoint that has been read.
pub(super) struct Stored<'a> {
    pub path: &'a Path,
    pub checkpoint: Checkpoint,
    pub tensors: HashMap<String, Vec<f32>>,
}

impl<'a> Stored<'a> {
    fn load(path: &'a Path, run: &RunConfig) -> Result<Self, TrainError> {
        let (checkpoint, tensors) = Checkpoint::load(path, run)?;
        let Position { phase, epochs, .. } = checkpoint.position;
        let phases = run.train.phases();
        let Some(of_phase) = phases.get(phase) else {
            let problem = "it is of a phase that this training does not have";
            return Err(refuse(path, problem.to_owned()));
        };
        let start = of_phase.config.optimisation.learning_rate.cycle_start;
        if epochs < start {
            let problem = format!("it is of epoch {epochs}, before the fresh cycle that started after epoch {start}");
            return Err(refuse(path, problem));
        }
        Ok(Self { path, checkpoint, tensors })
    }
}
