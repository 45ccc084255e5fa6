//! The settings of a run, as they stand in its folder and in its weight files.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data::Normalisation;
use crate::files::read_text;
use crate::settings::{SettingsError, TrainConfig};

/// Everything that is needed to repeat a run or to use its weights: `config.json` of a run folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version of selvedge that wrote it.
    pub version: String,
    /// The adapter it was trained on. A repetition is exact on the same adapter only.
    pub adapter: String,
    /// The name of a network of one's own, in whose place the settings name another that has no meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_network: Option<String>,
    /// The choices.
    pub train: TrainConfig,
    /// How bytes become numbers.
    pub normalisation: Normalisation,
    /// Images trained with.
    pub train_images: usize,
    /// Images validated with.
    pub validation_images: usize,
    /// A checksum of the training images and labels.
    pub data_checksum: u32,
}

impl RunConfig {
    /// Reads the `config.json` of a run.
    ///
    /// # Errors
    /// [`SettingsError::File`], or [`SettingsError::Unreadable`] when it is not what selvedge writes.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        Self::from_json(&read_text(path)?, path)
    }

    /// From the text that stands in the `config.json` of a run, and in its weight files; `path` is for the error.
    ///
    /// # Errors
    /// [`SettingsError::Unreadable`] when it is not what selvedge writes.
    pub fn from_json(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let config: Self = serde_json::from_str(text).map_err(|e| SettingsError::unreadable(path, &e))?;
        config.train.validate()?;
        Ok(config)
    }

    /// What [`RunConfig::from_json`] reads.
    pub fn to_json(&self) -> String {
        // Numbers, texts and lists of them: nothing that JSON has no form for.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether `other` is the same training, if perhaps with more epochs: what a checkpoint must be of to be resumed from.
    pub(crate) fn is_same_training(&self, other: &Self) -> bool {
        self.without_length() == other.without_length()
    }

    fn without_length(&self) -> Self {
        let mut run = self.clone();
        run.train.epochs = 0;
        run.train.optimisation.learning_rate.cycle_start = 0;
        if let Some(tune) = &mut run.train.transfer.fine_tune {
            (tune.epochs, tune.learning_rate.cycle_start) = (0, 0);
        }
        run
    }
}
