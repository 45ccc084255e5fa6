//! The folder of a search: one small file per fit, and locks that make sure each fit is done once.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::SearchError;
use crate::files::{self, create_folder, list_folder, write_json};
use crate::run::{EpochRecord, best};
use crate::settings::TrainConfig;

/// Identifies a fit of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FitKey {
    /// Number of the setting, from 0.
    pub setting: usize,
    /// Number of the fold, from 0.
    pub fold: usize,
    /// Epochs it may train for.
    pub epochs: usize,
}

/// The outcome of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FitResult {
    /// The metrics of its best epoch.
    Scored(Score),
    /// The fit failed, so there are no metrics.
    Failed {
        /// Why it failed.
        reason: String,
    },
}

/// The metrics of a fit's best epoch on its held-out fold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Mean log loss.
    pub log_loss: f64,
    /// Share of correct predictions.
    pub accuracy: f64,
    /// Mean F1 of the classes; files of older versions do not say.
    #[serde(default)]
    pub macro_f1: Option<f64>,
    /// The best epoch, from 1.
    pub best_epoch: usize,
    /// Number of epochs trained.
    pub epochs: usize,
    /// Duration of the whole fit.
    pub seconds: f64,
}

impl Score {
    /// The score of a history, by the monitor in the settings; `None` for an empty history.
    pub fn of(config: &TrainConfig, history: &[EpochRecord]) -> Option<Self> {
        let best = best(history, config.stopping.monitor)?;
        Some(Self {
            log_loss: best.kept_loss()?,
            accuracy: best.kept_accuracy()?,
            macro_f1: best.macro_f1,
            best_epoch: best.epoch,
            epochs: history.len(),
            seconds: history.iter().map(|record| record.seconds).sum(),
        })
    }
}

/// An attempt to take a fit.
#[derive(Debug)]
pub enum Claim {
    /// It is ours until this file is dropped or the process ends, in whatever way.
    Mine(File),
    /// Another process has it, or has done it.
    Others,
}

/// The folder with the results of a search.
#[derive(Debug, Clone)]
pub struct FitFolder {
    path: PathBuf,
}

impl FitFolder {
    /// The folder `fits` of a search's folder, created if it does not exist.
    ///
    /// # Errors
    /// [`SearchError::Files`].
    pub fn open(search: &Path) -> Result<Self, SearchError> {
        let path = search.join("fits");
        create_folder(&path)?;
        Ok(Self { path })
    }

    fn file(&self, key: FitKey, extension: &str) -> PathBuf {
        let FitKey { setting, fold, epochs } = key;
        self.path.join(format!("{setting:04}-fold{fold}-epochs{epochs}.{extension}"))
    }

    /// Takes a fit for this process, unless another process has it or has done it. The operating system releases the lock when
    /// a process dies.
    ///
    /// # Errors
    /// [`SearchError::Files`].
    pub fn claim(&self, key: FitKey) -> Result<Claim, SearchError> {
        let Some(lock) = files::try_lock(&self.file(key, "lock"))? else {
            return Ok(Claim::Others);
        };
        // It may have been done between our check and our lock.
        if files::exists(&self.file(key, "json"))? {
            return Ok(Claim::Others);
        }
        Ok(Claim::Mine(lock))
    }

    /// Writes the result of a fit.
    ///
    /// # Errors
    /// [`SearchError::Files`].
    pub fn write(&self, key: FitKey, result: &FitResult) -> Result<(), SearchError> {
        Ok(write_json(&self.file(key, "json"), result)?)
    }

    /// All results so far.
    ///
    /// # Errors
    /// [`SearchError::File`] when a file is not what selvedge writes.
    pub fn results(&self) -> Result<BTreeMap<FitKey, FitResult>, SearchError> {
        let mut results = BTreeMap::new();
        for path in list_folder(&self.path)? {
            let Some(key) = key_of(&path) else { continue };
            let text = files::read_text(&path)?;
            let result = serde_json::from_str(&text)
                .map_err(|e| SearchError::File { path: path.clone(), problem: e.to_string() })?;
            results.insert(key, result);
        }
        Ok(results)
    }
}

/// The fit that a file name refers to; `None` for locks and other files.
fn key_of(path: &Path) -> Option<FitKey> {
    let (setting, rest) = path.file_name()?.to_str()?.strip_suffix(".json")?.split_once("-fold")?;
    let (fold, epochs) = rest.split_once("-epochs")?;
    Some(FitKey { setting: setting.parse().ok()?, fold: fold.parse().ok()?, epochs: epochs.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: FitKey = FitKey { setting: 3, fold: 1, epochs: 5 };

    #[test]
    fn a_fit_is_claimed_once_and_again_when_its_owner_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let fits = FitFolder::open(folder.path()).unwrap();
        let mine = fits.claim(KEY).unwrap();
        assert!(matches!(mine, Claim::Mine(_)));
        assert!(matches!(fits.claim(KEY).unwrap(), Claim::Others));
        drop(mine);
        assert!(matches!(fits.claim(KEY).unwrap(), Claim::Mine(_)));
        let failed = FitResult::Failed { reason: "tested".to_owned() };
        fits.write(KEY, &failed).unwrap();
        assert!(matches!(fits.claim(KEY).unwrap(), Claim::Others), "done is done");
        assert_eq!(fits.results().unwrap(), BTreeMap::from([(KEY, failed)]));
    }

    #[test]
    fn damaged_results_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let fits = FitFolder::open(folder.path()).unwrap();
        std::fs::write(fits.file(KEY, "json"), "{").unwrap();
        let error = fits.results().unwrap_err().to_string();
        assert!(error.contains("0003-fold1-epochs5.json"), "{error}");
    }
}
