//! The settings of a run, as stored in its folder and in its weight files.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Chosen;
use crate::data::{Form, Normalisation};
use crate::files::read_text;
use crate::settings::{SettingsError, TrainConfig};

/// Everything needed to repeat a run or to use its weights: `config.json` of a run folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version of selvedge that wrote it.
    pub version: String,
    /// The adapter it was trained on. A repetition is bit-identical only on the same adapter with the same driver.
    pub adapter: String,
    /// The adapter's driver with its version; empty in runs that do not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub driver: String,
    /// Shader files that were taken from a folder instead of those built in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_shaders: Vec<String>,
    /// The name of a custom network. The network that the settings name then has no meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_network: Option<String>,
    /// The settings of the training.
    pub train: TrainConfig,
    /// The form of the data; Fashion-MNIST's in runs that do not say.
    #[serde(default)]
    pub form: Form,
    /// How the bytes of pixels become floats.
    pub normalisation: Normalisation,
    /// Number of training images.
    pub train_images: usize,
    /// Number of validation images.
    pub validation_images: usize,
    /// A checksum of the training images and labels.
    pub data_checksum: u32,
    /// Ranks that train together, each on a batch of its own.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub ranks: usize,
    /// For a final training, on training and validation images together: what validation chose in the run that it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Chosen>,
}

fn one() -> usize {
    1
}

fn is_one(ranks: &usize) -> bool {
    *ranks == 1
}

impl RunConfig {
    /// Reads the `config.json` of a run.
    ///
    /// # Errors
    /// [`SettingsError::File`], or [`SettingsError::Unreadable`] when it is not what selvedge writes.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        Self::from_json(&read_text(path)?, path)
    }

    /// Parses the text stored in the `config.json` of a run and in its weight files; `path` is for the error.
    ///
    /// # Errors
    /// [`SettingsError::Unreadable`] when it is not what selvedge writes.
    pub fn from_json(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let config: Self = serde_json::from_str(text).map_err(|e| SettingsError::unreadable(path, &e))?;
        config.train.validate()?;
        if let Some(chosen) = &config.chosen {
            chosen.check(&config.train, path)?;
        }
        if config.own_network.is_none() {
            config.form.check().map_err(|problem| SettingsError::unreadable(path, &problem))?;
        }
        Ok(config)
    }

    /// The text that [`RunConfig::from_json`] reads.
    pub fn to_json(&self) -> String {
        // Numbers, strings and lists of them: all of it can be represented in JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The number of epochs of each phase that is trained.
    pub fn phase_lengths(&self) -> Vec<usize> {
        match &self.chosen {
            Some(chosen) => chosen.epochs.clone(),
            None => self.train.phase_lengths(),
        }
    }

    /// Whether images were held out for validation.
    pub fn is_validated(&self) -> bool {
        self.chosen.is_none() && self.train.is_validated()
    }

    /// Epochs of all phases together.
    pub fn total_epochs(&self) -> usize {
        self.phase_lengths().iter().sum()
    }

    /// Whether the run was on data of this form. Old runs of custom networks do not say and have the form of none.
    pub(crate) fn is_of(&self, form: &Form) -> bool {
        self.form == *form || (self.own_network.is_some() && self.form == Form::default())
    }

    /// Whether `other` is the same training, except perhaps for the numbers of epochs and of ranks: required of a checkpoint to resume from.
    pub(crate) fn is_same_training(&self, other: &Self) -> bool {
        self.without_extent() == other.without_extent()
    }

    fn without_extent(&self) -> Self {
        let mut run = self.clone();
        run.ranks = 1;
        run.train.epochs = 0;
        run.train.optimisation.learning_rate.cycle_start = 0;
        if let Some(tune) = &mut run.train.transfer.fine_tune {
            (tune.epochs, tune.learning_rate.cycle_start) = (0, 0);
        }
        run
    }
}
