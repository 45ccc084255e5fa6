//! The folder of a run: settings, history, weights, checkpoints and result.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::{EpochRecord, RunConfig, RunResult, TrainError};
use crate::files::{
    self, FileError, FileTask, create_folder, create_numbered, list_folder, read_text, refuse_target, write_atomically,
    write_json,
};

const LOCK: &str = ".lock";

/// `runs/NAME/`; README.md lists its files.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder, which must be new or empty. What a run leaves that was killed before it had begun does not count.
    ///
    /// # Errors
    /// [`TrainError::FolderInUse`], so that no run is ever overwritten; [`TrainError::File`].
    pub fn create(path: &Path) -> Result<Self, TrainError> {
        create_folder(path)?;
        Self::refuse_used(path)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Refuses a folder that [`RunFolder::create`] would refuse, and makes nothing.
    ///
    /// # Errors
    /// As [`RunFolder::create`].
    pub fn refuse_used(path: &Path) -> Result<(), TrainError> {
        if !files::exists(path)? {
            return Ok(());
        }
        for entry in list_folder(path)? {
            let name = entry.file_name().unwrap_or_default().to_string_lossy();
            if name != LOCK && !name.ends_with(".tmp") {
                return Err(TrainError::FolderInUse { path: path.to_owned() });
            }
        }
        Ok(())
    }

    /// Keeps other processes from training in this folder, until the file is dropped or this process ends.
    ///
    /// # Errors
    /// [`TrainError::Locked`] when another process trains there; [`TrainError::File`].
    pub fn lock(&self) -> Result<File, TrainError> {
        files::try_lock(&self.file(LOCK))?.ok_or_else(|| TrainError::Locked {
            path: self.path.clone(),
        })
    }

    /// Makes the first of `runs/MODEL-1`, `runs/MODEL-2`, ... that does not exist.
    ///
    /// # Errors
    /// [`TrainError::File`].
    pub fn create_numbered(model: &str) -> Result<Self, TrainError> {
        Ok(Self {
            path: create_numbered(Path::new("runs"), model)?,
        })
    }

    /// A folder that exists already.
    pub fn open(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The weights of the best epoch by the monitored figure.
    pub fn best_weights(&self) -> PathBuf {
        self.path.join("best.safetensors")
    }

    /// The weights of the last epoch.
    pub fn last_weights(&self) -> PathBuf {
        self.path.join("last.safetensors")
    }

    /// The training after the epoch that `best.safetensors` is of.
    pub fn best_checkpoint(&self) -> PathBuf {
        self.path.join("best.checkpoint.safetensors")
    }

    /// The training where it last was.
    pub fn last_checkpoint(&self) -> PathBuf {
        self.path.join("last.checkpoint.safetensors")
    }

    /// A file of the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes `config.json`.
    ///
    /// # Errors
    /// [`TrainError::File`].
    pub fn write_config(&self, config: &RunConfig) -> Result<(), TrainError> {
        Ok(write_json(&self.file("config.json"), config)?)
    }

    /// Reads `config.json`.
    ///
    /// # Errors
    /// [`TrainError::File`], or [`TrainError::Config`] when it is not what selvedge writes.
    pub fn read_config(&self) -> Result<RunConfig, TrainError> {
        RunConfig::read(&self.file("config.json"))
    }

    /// Writes `history.csv`: one line an epoch.
    ///
    /// # Errors
    /// [`TrainError::File`].
    pub fn write_history(&self, history: &[EpochRecord]) -> Result<(), TrainError> {
        write_atomically(&self.file("history.csv"), |file| {
            let mut writer = csv::Writer::from_writer(file);
            for record in history {
                writer.serialize(record)?;
            }
            writer.flush()
        })?;
        Ok(())
    }

    /// Reads `history.csv`; a run that has no epoch behind it has no such file.
    ///
    /// # Errors
    /// [`TrainError::Config`] when it is not what selvedge writes.
    pub fn read_history(&self) -> Result<Vec<EpochRecord>, TrainError> {
        let path = self.file("history.csv");
        let text = match read_text(&path) {
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            text => text?,
        };
        let wrong = |e: csv::Error| TrainError::Config {
            path: path.clone(),
            problem: e.to_string(),
        };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().collect::<Result<_, _>>().map_err(wrong)
    }

    /// Writes `result.json`.
    ///
    /// # Errors
    /// [`TrainError::File`].
    pub fn write_result(&self, result: &RunResult) -> Result<(), TrainError> {
        Ok(write_json(&self.file("result.json"), result)?)
    }

    /// Keeps the result of a training that is about to be extended, under a name with its epochs.
    ///
    /// # Errors
    /// [`TrainError::File`].
    pub(super) fn keep_result(&self, result: &RunResult) -> Result<(), TrainError> {
        let path = self.file("result.json");
        let kept = self.file(&format!("result-after-{}-epochs.json", result.epochs));
        refuse_target(&kept)?;
        Ok(fs::rename(&path, &kept).map_err(FileError::io(&path, FileTask::Write))?)
    }

    /// Whether an epoch has left weights or checkpoints here.
    ///
    /// # Errors
    /// [`TrainError::File`] when that cannot be seen.
    pub(super) fn has_weights(&self) -> Result<bool, TrainError> {
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
    /// [`TrainError::Config`] when it is not what selvedge writes.
    pub fn read_result(&self) -> Result<Option<RunResult>, TrainError> {
        let path = self.file("result.json");
        match read_text(&path) {
            Err(error) if error.is_missing() => Ok(None),
            text => parse(&text?, &path).map(Some),
        }
    }
}

impl RunConfig {
    /// Reads the `config.json` of a run.
    ///
    /// # Errors
    /// [`TrainError::File`], or [`TrainError::Config`] when it is not what selvedge writes.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        Self::from_json(&read_text(path)?, path)
    }

    /// From the text that stands in the `config.json` of a run, and in its weight files; `path` is for the error.
    ///
    /// # Errors
    /// [`TrainError::Config`] when it is not what selvedge writes.
    pub fn from_json(text: &str, path: &Path) -> Result<Self, TrainError> {
        let config: Self = parse(text, path)?;
        config.train.validate()?;
        Ok(config)
    }

    /// What [`RunConfig::from_json`] reads.
    pub fn to_json(&self) -> String {
        // Numbers, texts and lists of them: nothing that JSON has no form for.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, TrainError> {
    serde_json::from_str(text).map_err(|e| TrainError::Config {
        path: path.to_owned(),
        problem: e.to_string(),
    })
}
