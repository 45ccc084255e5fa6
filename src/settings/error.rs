use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::files::{FileError, shown};
use crate::tensor::TensorError;

/// What is wrong with the training settings.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum SettingsError {
    /// A setting that is out of range. `setting` is its name on the command line, without dashes. As in all messages, a
    /// setting is in backquotes, so that a command can turn it into an option.
    #[error("{} is {value}, but must be {allowed}", quoted(setting))]
    Setting { setting: String, value: String, allowed: String },

    #[error("{path} is no configuration of a run: {problem}", path = shown(path))]
    Unreadable { path: PathBuf, problem: String },

    #[error(transparent)]
    Augment(#[from] TensorError),
    #[error(transparent)]
    File(#[from] FileError),
}

/// The setting in backquotes, unless the text describes several settings.
fn quoted(setting: &str) -> String {
    match setting.contains(' ') {
        true => setting.to_owned(),
        false => format!("`{setting}`"),
    }
}

impl SettingsError {
    /// The setting with this name has a value that is not `allowed`.
    pub fn new(setting: &str, value: impl fmt::Display, allowed: impl Into<String>) -> Self {
        Self::Setting { setting: setting.to_owned(), value: value.to_string(), allowed: allowed.into() }
    }

    /// The file is not what selvedge writes.
    pub(crate) fn unreadable(path: &Path, problem: &impl fmt::Display) -> Self {
        Self::Unreadable { path: path.to_owned(), problem: problem.to_string() }
    }

    /// The same problem, for the setting of the same name in the second phase.
    pub(super) fn of_fine_tuning(self) -> Self {
        match self {
            Self::Setting { setting, value, allowed } => {
                let namesake = match setting.as_str() {
                    "lr-decay" => "fine-tune-decay".to_owned(),
                    "epochs" | "batch-size" | "lr" | "optimizer" | "weight-decay" => format!("fine-tune-{setting}"),
                    _ => setting,
                };
                Self::Setting { setting: namesake, value, allowed }
            }
            other => other,
        }
    }
}

/// Refuses a value that is not `allowed`.
pub(crate) fn check(
    is_allowed: bool,
    setting: &str,
    value: impl fmt::Display,
    allowed: &str,
) -> Result<(), SettingsError> {
    match is_allowed {
        true => Ok(()),
        false => Err(SettingsError::new(setting, value, allowed)),
    }
}

/// Refuses a number that is negative, infinite or NaN.
pub(crate) fn check_not_negative(setting: &str, value: f64) -> Result<(), SettingsError> {
    check(value.is_finite() && value >= 0.0, setting, value, "a number from 0 up")
}

/// Refuses a value that is not a share below one.
pub(crate) fn check_share(setting: &str, value: f32) -> Result<(), SettingsError> {
    check((0.0..1.0).contains(&value), setting, value, "at least 0 and below 1")
}
