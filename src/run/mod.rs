//! The folder of a run: settings, history, weights, checkpoints and result.

mod chosen;
mod config;
mod error;
mod history;
mod result;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

pub use chosen::Chosen;
pub use config::RunConfig;
pub use error::RunError;
pub use history::{EpochRecord, best, curves, epochs_without_gain, is_stopped};
pub use result::RunResult;

use crate::files::{
    self, FileError, FileTask, create_folder, create_numbered, list_folder, read_text, refuse_target, write_atomically,
    write_json,
};
use crate::settings::SettingsError;

const LOCK: &str = ".lock";

/// `runs/NAME/`; docs/training.md lists its files.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder, which must be new or empty. Files left by a run that was killed before it had begun do not count.
    ///
    /// # Errors
    /// [`RunError::FolderInUse`], so that no run is ever overwritten; [`RunError::File`].
    pub fn create(path: &Path) -> Result<Self, RunError> {
        create_folder(path)?;
        Self::refuse_used(path)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Refuses a folder that [`RunFolder::create`] would refuse, and makes nothing.
    ///
    /// # Errors
    /// As [`RunFolder::create`].
    pub fn refuse_used(path: &Path) -> Result<(), RunError> {
        if !files::exists(path)? {
            return Ok(());
        }
        for entry in list_folder(path)? {
            let name = entry.file_name().unwrap_or_default().to_string_lossy();
            if name != LOCK && !name.ends_with(".tmp") {
                return Err(RunError::FolderInUse { path: path.to_owned() });
            }
        }
        Ok(())
    }

    /// Keeps other processes from training in this folder, until the file is dropped or this process ends.
    ///
    /// # Errors
    /// [`RunError::Locked`] when another process trains there; [`RunError::File`].
    pub fn lock(&self) -> Result<File, RunError> {
        files::try_lock(&self.file(LOCK))?.ok_or_else(|| RunError::Locked { path: self.path.clone() })
    }

    /// Makes the first of `runs/MODEL-1`, `runs/MODEL-2`, ... that does not exist.
    ///
    /// # Errors
    /// [`RunError::File`].
    pub fn create_numbered(model: &str) -> Result<Self, RunError> {
        Ok(Self { path: create_numbered(Path::new("runs"), model)? })
    }

    /// A folder that exists already.
    pub fn open(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The weights of the best epoch by the monitored metric.
    pub fn best_weights(&self) -> PathBuf {
        self.path.join("best.safetensors")
    }

    /// The weights of the last epoch.
    pub fn last_weights(&self) -> PathBuf {
        self.path.join("last.safetensors")
    }

    /// The state of the training after the epoch that `best.safetensors` is from.
    pub fn best_checkpoint(&self) -> PathBuf {
        self.path.join("best.checkpoint.safetensors")
    }

    /// The latest saved state of the training.
    pub fn last_checkpoint(&self) -> PathBuf {
        self.path.join("last.checkpoint.safetensors")
    }

    /// The path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes `config.json`.
    ///
    /// # Errors
    /// [`RunError::File`].
    pub fn write_config(&self, config: &RunConfig) -> Result<(), RunError> {
        Ok(write_json(&self.file("config.json"), config)?)
    }

    /// Reads `config.json`.
    ///
    /// # Errors
    /// [`RunError::File`], or [`SettingsError::Unreadable`] when it is not what selvedge writes.
    pub fn read_config(&self) -> Result<RunConfig, RunError> {
        Ok(RunConfig::read(&self.file("config.json"))?)
    }

    /// Writes `history.csv`: one line per epoch.
    ///
    /// # Errors
    /// [`RunError::File`].
    pub fn write_history(&self, history: &[EpochRecord]) -> Result<(), RunError> {
        write_atomically(&self.file("history.csv"), |file| {
            let mut writer = csv::Writer::from_writer(file);
            for record in history {
                writer.serialize(record)?;
            }
            writer.flush()
        })?;
        Ok(())
    }

    /// Reads `history.csv`; a run that has not completed an epoch has no such file.
    ///
    /// # Errors
    /// [`SettingsError::Unreadable`] when it is not what selvedge writes.
    pub fn read_history(&self) -> Result<Vec<EpochRecord>, RunError> {
        let path = self.file("history.csv");
        let text = match read_text(&path) {
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            text => text?,
        };
        let wrong = |e: csv::Error| SettingsError::unreadable(&path, &e);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        Ok(reader.deserialize().collect::<Result<_, _>>().map_err(wrong)?)
    }

    /// Writes `result.json`.
    ///
    /// # Errors
    /// [`RunError::File`].
    pub fn write_result(&self, result: &RunResult) -> Result<(), RunError> {
        Ok(write_json(&self.file("result.json"), result)?)
    }

    /// Keeps the result of a training that is about to be extended, under a name with its number of epochs.
    ///
    /// # Errors
    /// [`RunError::File`].
    pub(crate) fn keep_result(&self, result: &RunResult) -> Result<(), RunError> {
        let path = self.file("result.json");
        let kept = self.file(&format!("result-after-{}-epochs.json", result.epochs));
        refuse_target(&kept)?;
        Ok(fs::rename(&path, &kept).map_err(FileError::io(&path, FileTask::Write))?)
    }

    /// Whether the folder has weights or checkpoints of an epoch.
    ///
    /// # Errors
    /// [`RunError::File`] when that cannot be determined.
    pub(crate) fn has_weights(&self) -> Result<bool, RunError> {
        let files = [
            self.best_weights(),
            self.last_weights(),
            self.best_checkpoint(),
            self.last_checkpoint(),
            self.file("history.csv"),
        ];
        for file in files {
            if files::exists(&file)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads `result.json`, which only a complete run has.
    ///
    /// # Errors
    /// [`SettingsError::Unreadable`] when it is not what selvedge writes.
    pub fn read_result(&self) -> Result<Option<RunResult>, RunError> {
        let path = self.file("result.json");
        match read_text(&path) {
            Err(error) if error.is_missing() => Ok(None),
            text => {
                let result = serde_json::from_str(&text?);
                Ok(Some(result.map_err(|e| SettingsError::unreadable(&path, &e))?))
            }
        }
    }
}
