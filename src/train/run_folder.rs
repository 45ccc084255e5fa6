//! The folder of a run: settings, history and weights.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{EpochRecord, RunConfig, TrainError};
use crate::files::write_atomically;

/// `runs/NAME/` with `config.json`, `history.csv`, `best.safetensors` and `last.safetensors`.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder, which must be new or empty.
    ///
    /// # Errors
    /// [`TrainError::FolderInUse`], so that no run is ever overwritten; [`TrainError::Io`].
    pub fn create(path: &Path) -> Result<Self, TrainError> {
        fs::create_dir_all(path).map_err(TrainError::io(path))?;
        let mut entries = fs::read_dir(path).map_err(TrainError::io(path))?;
        if entries.next().is_some() {
            return Err(TrainError::FolderInUse { path: path.to_owned() });
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Makes the first of `runs/MODEL-1`, `runs/MODEL-2`, ... that does not exist.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn create_numbered(model: &str) -> Result<Self, TrainError> {
        let runs = Path::new("runs");
        fs::create_dir_all(runs).map_err(TrainError::io(runs))?;
        let mut number = 1;
        loop {
            let path = runs.join(format!("{model}-{number}"));
            // create_dir fails if the folder exists, so two trainings started at once get two folders.
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(e) => return Err(TrainError::io(&path)(e)),
            }
        }
    }

    /// A folder that exists already.
    pub fn open(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The weights of the epoch with the lowest validation loss.
    pub fn best_weights(&self) -> PathBuf {
        self.path.join("best.safetensors")
    }

    /// The weights of the last epoch.
    pub fn last_weights(&self) -> PathBuf {
        self.path.join("last.safetensors")
    }

    fn config(&self) -> PathBuf {
        self.path.join("config.json")
    }

    /// Writes `config.json`.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_config(&self, config: &RunConfig) -> Result<(), TrainError> {
        let path = self.config();
        write_atomically(&path, |file| {
            serde_json::to_writer_pretty(&mut *file, config)?;
            file.write_all(b"\n")
        })
        .map_err(TrainError::io(&path))
    }

    /// Reads `config.json`.
    ///
    /// # Errors
    /// [`TrainError::Io`], or [`TrainError::Config`] when it is not what selvedge writes.
    pub fn read_config(&self) -> Result<RunConfig, TrainError> {
        let path = self.config();
        let text = fs::read_to_string(&path).map_err(TrainError::io(&path))?;
        let config: RunConfig = serde_json::from_str(&text).map_err(|e| TrainError::Config {
            path: path.clone(),
            problem: e.to_string(),
        })?;
        if config.model != "cnn" {
            return Err(TrainError::Config {
                path,
                problem: format!("the model '{}' is unknown; known: cnn", config.model),
            });
        }
        config.train.validate()?;
        Ok(config)
    }

    /// Writes `history.csv`: one line an epoch.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_history(&self, history: &[EpochRecord]) -> Result<(), TrainError> {
        let path = self.path.join("history.csv");
        write_atomically(&path, |file| {
            let mut writer = csv::Writer::from_writer(file);
            for record in history {
                writer.serialize(record)?;
            }
            writer.flush()
        })
        .map_err(TrainError::io(&path))
    }
}
