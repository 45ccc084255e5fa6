//! A training saved in a file: everything it needs to resume as if it had never stopped.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::position::Position;
use super::trainer::Trainer;
use crate::files::{self, write_atomically};
use crate::run::{EpochRecord, RunConfig};
use crate::tensor::Tensor;

/// The host's state of a training; the file holds the tensors too.
///
/// The file is a safetensors file with the arenas of parameters, running statistics, optimiser and average, and this struct
/// as JSON in its metadata, with a checksum over both. No random number generator has state to save: random numbers depend
/// only on seed, epoch, batch and image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    pub run: RunConfig,
    pub position: Position,
    pub history: Vec<EpochRecord>,
}

/// Larger files are refused unread: weights, two moments and an average of the largest network are far smaller.
const LARGEST_FILE: u64 = 16 << 30;

const STATE: &str = "selvedge";
const CHECKSUM: &str = "checksum";

impl Checkpoint {
    /// The current state of the training as the bytes of a file. `path` is where the file will be written, for error messages.
    pub fn bytes(
        trainer: &Trainer,
        position: Position,
        run: &RunConfig,
        history: &[EpochRecord],
        path: &Path,
    ) -> Result<Vec<u8>, TrainError> {
        let checkpoint = Self { run: run.clone(), position, history: history.to_vec() };
        let state = serde_json::to_string(&checkpoint).map_err(|e| refuse(path, e.to_string()))?;
        let mut contents: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, tensor) in trainer.tensors() {
            let bytes = tensor.to_vec()?.iter().flat_map(|x| x.to_le_bytes()).collect();
            contents.push((name, bytes));
        }
        let checksum = checksum(&state, contents.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
        let mut views = Vec::new();
        for (name, bytes) in &contents {
            let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes);
            views.push((name, view.map_err(|e| refuse(path, e.to_string()))?));
        }
        let metadata = HashMap::from([(STATE.to_owned(), state), (CHECKSUM.to_owned(), checksum.to_string())]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| refuse(path, e.to_string()))
    }

    /// Writes those bytes; a crash or a full disk leaves what was at `path` before.
    pub fn write(bytes: &[u8], path: &Path) -> Result<(), TrainError> {
        Ok(write_atomically(path, |file| file.write_all(bytes))?)
    }

    /// Reads a checkpoint of `run`, with its tensors by name.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] when it is truncated or damaged, or belongs to another training.
    pub fn load(path: &Path, run: &RunConfig) -> Result<(Self, HashMap<String, Vec<f32>>), TrainError> {
        let bytes = files::read(path, LARGEST_FILE)?;
        let broken = |problem: String| refuse(path, format!("it is truncated or damaged ({problem})"));
        let file = SafeTensors::deserialize(&bytes).map_err(|e| broken(e.to_string()))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| broken(e.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let (Some(state), Some(stored)) = (metadata.get(STATE), metadata.get(CHECKSUM)) else {
            return Err(refuse(path, "it is a weight file, not a checkpoint".to_owned()));
        };
        let mut names: Vec<&str> = file.names();
        names.sort_unstable();
        let mut contents = Vec::new();
        for name in names {
            let view = file.tensor(name).map_err(|e| broken(e.to_string()))?;
            contents.push((name, view.data()));
        }
        if checksum(state, contents.iter().copied()).to_string() != *stored {
            return Err(broken("its checksum is wrong".to_owned()));
        }
        let checkpoint: Self = serde_json::from_str(state)
            .map_err(|e| refuse(path, format!("another version of selvedge wrote it ({e})")))?;
        if !checkpoint.run.is_same_training(run) {
            return Err(refuse(path, "it is of another training than config.json beside it".to_owned()));
        }
        let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        let tensors = contents
            .into_iter()
            .map(|(name, bytes)| (name.to_owned(), bytes.chunks_exact(4).map(number).collect()))
            .collect();
        Ok((checkpoint, tensors))
    }
}

/// Lets a new trainer of a phase of `planned` epochs resume from the file. Nothing is changed unless everything fits.
pub(super) fn restore(
    trainer: &mut Trainer,
    planned: usize,
    path: &Path,
    checkpoint: &Checkpoint,
    stored: &HashMap<String, Vec<f32>>,
) -> Result<(), TrainError> {
    let Position { phase, epochs, steps_of_epoch, steps, .. } = checkpoint.position;
    let (steps_here, steps_there) = (trainer.epoch_steps(), trainer.epoch_steps().among(checkpoint.run.ranks));
    let per_epoch = steps_there.count();
    let of_phase = checkpoint.history.iter().filter(|record| record.phase == phase + 1);
    let is_possible = epochs == of_phase.count()
        && epochs <= planned
        && steps_of_epoch < per_epoch
        && steps == (epochs * per_epoch + steps_of_epoch) as u64;
    if !is_possible {
        let problem = format!("it says {steps} steps, {epochs} epochs and {steps_of_epoch} steps, which cannot be");
        return Err(refuse(path, problem));
    }
    fill(&trainer.tensors(), path, stored)?;
    trainer.restore(&steps_here.position_after(&checkpoint.position, &steps_there))
}

/// Fills the tensors from those of the same names: all of them, or none.
pub(super) fn fill(
    tensors: &[(String, &Tensor)],
    path: &Path,
    stored: &HashMap<String, Vec<f32>>,
) -> Result<(), TrainError> {
    let mut problems = Vec::new();
    for (name, tensor) in tensors {
        let wanted = tensor.shape().len();
        match stored.get(name) {
            None => problems.push(format!("{name} is missing")),
            Some(values) if values.len() != wanted => {
                problems.push(format!("{name} has {} numbers instead of {wanted}", values.len()));
            }
            Some(_) => {}
        }
    }
    if !problems.is_empty() {
        let problem = format!("it is of another architecture: {}", problems.join(", "));
        return Err(refuse(path, problem));
    }
    for (name, tensor) in tensors {
        tensor.write(&stored[name])?;
    }
    Ok(())
}

/// The checksum over the state and all tensors in the order of their names.
fn checksum<'a>(state: &str, contents: impl Iterator<Item = (&'a str, &'a [u8])>) -> u32 {
    let mut contents: Vec<_> = contents.collect();
    contents.sort_unstable_by_key(|(name, _)| *name);
    let of_tensors =
        |sum, (name, bytes): &(&str, &[u8])| crc32c::crc32c_append(crc32c::crc32c_append(sum, name.as_bytes()), bytes);
    contents.iter().fold(crc32c::crc32c(state.as_bytes()), of_tensors)
}

pub(super) fn refuse(path: &Path, problem: String) -> TrainError {
    TrainError::Checkpoint { path: path.to_owned(), problem }
}
