//! Searching for good settings: every combination, a random choice of them, or successive halving, each judged by
//! cross-validation on the training split.
//!
//! A search is stored in a folder: its plan, and one small file per fit. A process that finds a fit without a file takes its
//! lock and does it, so a search can be interrupted, resumed, and shared by any number of processes and machines. The test
//! split is never touched.

mod fits;
mod grid;
mod plan;
mod summary;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::data::{DataError, Form, ImageSet, stratified_folds};
use crate::files::{FileError, shown};
use crate::gpu::{Gpu, GpuError};
use crate::network::NetworkError;
use crate::train::{Progress, TrainError, fit};

pub use fits::{Claim, FitFolder, FitKey, FitResult, Score};
pub use grid::{Dimension, GridError, Values, combinations, random_settings};
pub use plan::{Halving, Plan, Setting};
pub use summary::{Row, Summary};

/// What can stop a search. A fit that fails does not: its failure is a result.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum SearchError {
    #[error("{path} is no file of a search: {problem}", path = shown(path))]
    File { path: PathBuf, problem: String },

    #[error("{problem}")]
    Plan { problem: String },

    #[error("{path} holds another search (its {what}); choose another folder with `out`", path = shown(path))]
    OtherSearch { path: PathBuf, what: &'static str },

    #[error("the folder {} holds other files; choose another with `out`", shown(path))]
    FolderInUse { path: PathBuf },

    #[error("`shard` is {index}/{count}, but must be I/N with I from 1 to N")]
    Shard { index: usize, count: usize },

    #[error(
        "successive halving needs the results of all shards in between; start several processes on one `out` folder instead of `shard`"
    )]
    ShardedHalving,

    #[error(transparent)]
    Files(#[from] FileError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Plot(#[from] crate::plot::PlotError),
}

/// Part `index` (from 1) of `count` equal parts of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub index: usize,
    /// Number of parts.
    pub count: usize,
}

impl Shard {
    /// The whole search.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Part `index` of `count`.
    ///
    /// # Errors
    /// [`SearchError::Shard`] when there is no such part.
    pub fn new(index: usize, count: usize) -> Result<Self, SearchError> {
        if (1..=count).contains(&index) { Ok(Self { index, count }) } else { Err(SearchError::Shard { index, count }) }
    }

    fn has(self, number: usize) -> bool {
        number % self.count == self.index - 1
    }
}

/// Observes the progress of a search, and may stop it.
pub trait SearchObserver {
    /// This process starts a fit.
    fn start(&mut self, fit: FitKey);
    /// A step of that fit. [`ControlFlow::Break`] stops the search; the fit is lost, the finished ones are not.
    fn step(&mut self, fit: FitKey, progress: Progress) -> ControlFlow<()>;
    /// Called while other processes do all remaining fits. [`ControlFlow::Break`] stops the search.
    fn wait(&mut self) -> ControlFlow<()>;
    /// This process has finished a fit.
    fn done(&mut self, fit: FitKey, result: &FitResult, summary: &Summary);
}

/// Time between checks on fits that other processes are doing.
const PATIENCE: Duration = Duration::from_millis(500);

/// Does all fits of a plan that nobody has done yet, and waits for those that others are doing. Breaks if the observer stops
/// it.
///
/// # Errors
/// [`SearchError`] when the folder or the data is at fault.
pub fn search(
    gpu: &Arc<Gpu>,
    plan: &Plan,
    folder: &FitFolder,
    form: &Form,
    images: &ImageSet,
    shard: Shard,
    observer: &mut dyn SearchObserver,
) -> Result<ControlFlow<()>, SearchError> {
    if plan.halving.is_some() && shard != Shard::WHOLE {
        return Err(SearchError::ShardedHalving);
    }
    loop {
        let results = folder.results()?;
        let keys = plan.next_fits(&results);
        let open: Vec<FitKey> = keys
            .iter()
            .enumerate()
            .filter(|(number, key)| shard.has(*number) && !results.contains_key(key))
            .map(|(_, key)| *key)
            .collect();
        if open.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let mut idle = true;
        for key in open {
            let Claim::Mine(lock) = folder.claim(key)? else {
                continue;
            };
            idle = false;
            observer.start(key);
            let Some(result) = one_fit(gpu, plan, form, images, key, observer)? else {
                return Ok(ControlFlow::Break(()));
            };
            folder.write(key, &result)?;
            drop(lock);
            observer.done(key, &result, &Summary::new(plan, &folder.results()?));
        }
        if idle {
            if observer.wait().is_break() {
                return Ok(ControlFlow::Break(()));
            }
            std::thread::sleep(PATIENCE);
        }
    }
}

/// Trains one setting on one fold. `None` if the observer stops it.
fn one_fit(
    gpu: &Arc<Gpu>,
    plan: &Plan,
    form: &Form,
    images: &ImageSet,
    key: FitKey,
    observer: &mut dyn SearchObserver,
) -> Result<Option<FitResult>, SearchError> {
    let config = plan.config_of(key);
    let mut folds = stratified_folds(images.labels(), plan.folds, config.split_seed())?;
    let split = folds.swap_remove(key.fold);
    let history = fit(gpu, &config, form, images, split, |progress| observer.step(key, progress));
    Ok(match history {
        Ok(ControlFlow::Break(())) => None,
        Ok(ControlFlow::Continue(history)) => Score::of(&config, &history).map(FitResult::Scored),
        Err(error) if is_of_the_setting(&error) => Some(FitResult::Failed { reason: reason(&error) }),
        // For example, an adapter that has stopped working: no other fit would do better.
        Err(error) => return Err(error.into()),
    })
}

/// Whether another setting may do better: the loss was not finite, an option does not suit the fold, or memory ran out.
fn is_of_the_setting(error: &TrainError) -> bool {
    match error {
        TrainError::Diverged { .. } | TrainError::Settings(_) | TrainError::Memory { .. } => true,
        TrainError::Tensor(error) | TrainError::Network(NetworkError::Tensor(error)) => error.is_out_of_memory(),
        TrainError::Network(NetworkError::Settings(_)) => true,
        TrainError::Gpu(error) => matches!(error, GpuError::OutOfMemory { .. } | GpuError::TooLarge { .. }),
        _ => false,
    }
}

/// The reason, without advice that only helps when training by hand.
fn reason(error: &TrainError) -> String {
    match error {
        TrainError::Diverged { loss, step, epoch, .. } => {
            format!("the loss became {loss} at step {step} (epoch {epoch})")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::FileTask;
    use crate::tensor::{Shape, TensorError};

    #[test]
    fn want_of_memory_is_of_the_setting_and_a_full_disk_is_not() {
        let memory = TrainError::Memory { batch: 2, problem: String::new(), remedy: String::new() };
        assert!(is_of_the_setting(&memory));
        let shape = Shape::from([1 << 20, 1 << 20]);
        assert!(is_of_the_setting(&TensorError::TooManyElements { shape }.into()));
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let full = FileError::io(std::path::Path::new("runs"), FileTask::Write)(full);
        assert!(!is_of_the_setting(&full.into()));
    }
}
