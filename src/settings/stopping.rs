//! Which epoch is the best, and when to stop.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::SettingsError;
use super::error::{check, check_not_negative};

/// The validation metric that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Monitor {
    /// Validation log loss: lower is better
    Loss,
    /// Validation accuracy: higher is better
    Accuracy,
    /// Mean F1 of the classes on the validation images, each class counting the same: higher is better
    #[serde(rename = "macro-f1")]
    MacroF1,
}

impl Monitor {
    /// What it is called in tables and pictures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "log loss",
            Self::Accuracy => "accuracy",
            Self::MacroF1 => "macro F1",
        }
    }
}

/// Which epoch is the best, and when to stop.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Args)]
#[serde(deny_unknown_fields)]
#[command(next_help_heading = "Optimisation")]
pub struct Stopping {
    /// What chooses the best epoch, and what plateau and patience watch; default loss
    #[arg(long, value_enum, value_name = "METRIC")]
    pub monitor: Monitor,
    /// Stop after this many epochs without a better metric
    #[arg(long, value_name = "EPOCHS")]
    pub patience: Option<usize>,
    /// Patience: how much better counts as better; default 0
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub min_delta: f64,
}

impl Stopping {
    /// Checks every number.
    ///
    /// # Errors
    /// [`SettingsError::Setting`] names the first one out of range and what is allowed.
    pub fn validate(&self) -> Result<(), SettingsError> {
        check(
            self.patience.is_none_or(|patience| patience > 0),
            "patience",
            self.patience.unwrap_or_default(),
            "at least 1 epoch",
        )?;
        check_not_negative("min-delta", self.min_delta)
    }
}
