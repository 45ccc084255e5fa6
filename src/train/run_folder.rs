//! The folder of a run: settings, history, weights, checkpoints and result.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::{EpochRecord, RunConfig, RunResult, TrainError};
use crate::files::{create_numbered, write_atomically, write_json};

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
    /// [`TrainError::FolderInUse`], so that no run is ever overwritten; [`TrainError::Io`].
    pub fn create(path: &Path) -> Result<Self, TrainError> {
        fs::create_dir_all(path).map_err(TrainError::io(path))?;
        for entry in fs::read_dir(path).map_err(TrainError::io(path))? {
            let name = entry.map_err(TrainError::io(path))?.file_name();
            let name = name.to_string_lossy();
            if name != LOCK && !name.ends_with(".tmp") {
                return Err(TrainError::FolderInUse { path: path.to_owned() });
            }
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Keeps other processes from training in this folder, until the file is dropped or this process ends.
    ///
    /// # Errors
    /// [`TrainError::Locked`] when another process trains there; [`TrainError::Io`].
    pub fn lock(&self) -> Result<File, TrainError> {
        let path = self.file(LOCK);
        let lock = File::create(&path).map_err(TrainError::io(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(TrainError::Locked {
                path: self.path.clone(),
            }),
            Err(TryLockError::Error(e)) => Err(TrainError::io(&path)(e)),
        }
    }

    /// Makes the first of `runs/MODEL-1`, `runs/MODEL-2`, ... that does not exist.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn create_numbered(model: &str) -> Result<Self, TrainError> {
        let runs = Path::new("runs");
        let path = create_numbered(runs, model).map_err(TrainError::io(runs))?;
        Ok(Self { path })
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
    /// [`TrainError::Io`].
    pub fn write_config(&self, config: &RunConfig) -> Result<(), TrainError> {
        let path = self.file("config.json");
        write_json(&path, config).map_err(TrainError::io(&path))
    }

    /// Reads `config.json`.
    ///
    /// # Errors
    /// [`TrainError::Io`], or [`TrainError::Config`] when it is not what selvedge writes.
    pub fn read_config(&self) -> Result<RunConfig, TrainError> {
        RunConfig::read(&self.file("config.json"))
    }

    /// Writes `history.csv`: one line an epoch.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_history(&self, history: &[EpochRecord]) -> Result<(), TrainError> {
        let path = self.file("history.csv");
        write_atomically(&path, |file| {
            let mut writer = csv::Writer::from_writer(file);
            for record in history {
                writer.serialize(record)?;
            }
            writer.flush()
        })
        .map_err(TrainError::io(&path))
    }

    /// Reads `history.csv`; a run that has no epoch behind it has no such file.
    ///
    /// # Errors
    /// [`TrainError::Config`] when it is not what selvedge writes.
    pub fn read_history(&self) -> Result<Vec<EpochRecord>, TrainError> {
        let path = self.file("history.csv");
        if !path.exists() {
            return Ok(Vec::new());
        }
        let wrong = |e: csv::Error| TrainError::Config {
            path: path.clone(),
            problem: e.to_string(),
        };
        let mut reader = csv::Reader::from_path(&path).map_err(wrong)?;
        reader.deserialize().collect::<Result<_, _>>().map_err(wrong)
    }

    /// Writes `result.json`.
    ///
    /// # Errors
    /// [`TrainError::Io`].
    pub fn write_result(&self, result: &RunResult) -> Result<(), TrainError> {
        let path = self.file("result.json");
        write_json(&path, result).map_err(TrainError::io(&path))
    }

    /// Reads `result.json`, which only a complete run has.
    ///
    /// # Errors
    /// [`TrainError::Config`] when it is not what selvedge writes.
    pub fn read_result(&self) -> Result<Option<RunResult>, TrainError> {
        let path = self.file("result.json");
        if path.exists() {
            read_json(&path).map(Some)
        } else {
            Ok(None)
        }
    }
}

impl RunConfig {
    /// Reads the `config.json` of a run.
    ///
    /// # Errors
    /// [`TrainError::Io`], or [`TrainError::Config`] when it is not what selvedge writes.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let text = fs::read_to_string(path).map_err(TrainError::io(path))?;
        Self::from_json(&text, path)
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

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, TrainError> {
    parse(&fs::read_to_string(path).map_err(TrainError::io(path))?, path)
}

fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, TrainError> {
    serde_json::from_str(text).map_err(|e| TrainError::Config {
        path: path.to_owned(),
        problem: e.to_string(),
    })
}
