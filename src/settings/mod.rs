//! The settings of a training, and the files they are stored in.
//!
//! A setting is declared once, as a field of its struct. Its default is in [`Recipe`], its check in the struct's `validate`;
//! its form in `config.json` comes from serde, and its option from clap, whose help text is the field's documentation.

mod class_weights;
mod error;
mod kinds;
mod learning_rate;
mod network;
mod old;
mod optimisation;
mod recipe;
mod regularisation;
mod stopping;
mod transfer;

use std::path::PathBuf;

use clap::{ArgAction, Args};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::data::{DataError, Dataset, ImageSet, PixelScale, Reading, Split, stratified_split};
use crate::nn::Role;
use crate::optim::{Group, Schedule};
use crate::tensor::ops::Augment;

pub use class_weights::ClassWeights;
pub use error::SettingsError;
use error::check;
use network::one_of;
pub use network::{Architecture, Cnn4Settings, InceptionSettings, NetworkSettings, ResNetSettings, Shortcut};
pub use optimisation::{Optimisation, OptimiserKind};
pub use recipe::{PAPER_ERASING, Policy, Recipe, STUDY_ERASING};
pub use regularisation::Regularisation;
pub use stopping::{Monitor, Stopping};
pub use transfer::{FineTune, Learned, Transfer};

/// The settings of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
#[serde(remote = "Self", deny_unknown_fields)]
#[command(next_help_heading = "Training")]
pub struct TrainConfig {
    /// Data: a folder, an archive or a file; default data/, else the Debian package of Fashion-MNIST
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// How the data is read.
    #[command(flatten)]
    #[serde(default, skip_serializing_if = "Reading::is_default")]
    pub reading: Reading,
    /// Passes over the training images; default 15
    #[arg(long, value_name = "N")]
    pub epochs: usize,
    /// Images that go through the network at once, or auto for as many as fit; default cnn 256, ResNets 128
    #[arg(long, visible_alias = "batch", value_name = "N", value_parser = batch_size)]
    pub batch_size: usize,
    /// Batches whose gradients are combined for one step, as if they were one; default 1
    #[arg(long, value_name = "N")]
    pub accumulate: usize,
    /// Whether batch norm takes the statistics of all processes' images, where several train together, or of each one's own; default no
    #[arg(long, value_name = "yes|no", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "yes",
        value_parser = one_of("no", "yes"))]
    #[serde(default, skip_serializing_if = "is_false")]
    pub sync_batch_norm: bool,
    /// Decides initial weights, split, order, dropout and augmentation; default 1
    #[arg(long, value_name = "N")]
    pub seed: u64,
    /// Decides which images are for validation, instead of the seed; give the same to runs with several seeds that will form an
    /// ensemble
    #[arg(long, value_name = "N")]
    pub split_seed: Option<u64>,
    /// Use only the first N training images, some of them for validation
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Share of the training images that is held out for validation; with 0 all are trained on, and the last weights are the result;
    /// default 0.2
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    #[serde(default = "fifth", skip_serializing_if = "is_fifth")]
    pub validation_share: f64,
    /// How pixels are scaled; default standard
    #[arg(long, value_enum, value_name = "SCALE")]
    pub pixels: PixelScale,
    /// The network.
    #[command(flatten)]
    pub network: NetworkSettings,
    /// Weights to start from, and what is trained on them.
    #[command(flatten)]
    pub transfer: Transfer,
    /// The optimiser and its learning rate.
    #[command(flatten)]
    pub optimisation: Optimisation,
    /// Which epoch is the best, and when to stop.
    #[command(flatten)]
    pub stopping: Stopping,
    /// Penalties on weights, label smoothing, and mixing of images.
    #[command(flatten)]
    pub regularisation: Regularisation,
    /// How much the images of each class count in the loss: balanced, so that every class counts the same, or a file with lines
    /// such as 'rose 2.5'; default all the same
    #[arg(long, value_name = "balanced|FILE", value_parser = ClassWeights::parse, help_heading = "Regularisation")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
    /// How images are changed at random.
    #[arg(skip = Augment::NONE)]
    pub augment: Augment,
}

/// One phase: its settings, and what it trains.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    pub config: TrainConfig,
    pub learned: Learned,
}

fn fifth() -> f64 {
    TrainConfig::VALIDATION_SHARE
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_fifth(share: &f64) -> bool {
    *share == TrainConfig::VALIDATION_SHARE
}

fn batch_size(text: &str) -> Result<usize, String> {
    match text {
        "auto" => Ok(TrainConfig::AUTOMATIC),
        number => number
            .parse()
            .ok()
            .filter(|size| *size != TrainConfig::AUTOMATIC)
            .ok_or_else(|| "a number of images or auto is needed".to_owned()),
    }
}

impl Default for TrainConfig {
    /// [`Recipe::Standard`]'s.
    fn default() -> Self {
        Recipe::Standard.config()
    }
}

impl Serialize for TrainConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for TrainConfig {
    /// From the current form, or that of older versions.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = old::regrouped(serde_json::Map::deserialize(deserializer)?);
        Self::deserialize(serde_json::Value::Object(fields)).map_err(serde::de::Error::custom)
    }
}

impl TrainConfig {
    /// A placeholder for the largest batch size that fits; it must be replaced before training.
    pub const AUTOMATIC: usize = usize::MAX;
    /// The share of the training images that is held out for validation unless the settings say otherwise.
    pub const VALIDATION_SHARE: f64 = 0.2;

    /// Checks every number.
    ///
    /// # Errors
    /// [`SettingsError::Setting`] names the first one out of range and what is allowed.
    pub fn validate(&self) -> Result<(), SettingsError> {
        for (number, phase) in self.phases().iter().enumerate() {
            phase.config.validate_phase().map_err(|error| match number {
                0 => error,
                _ => error.of_fine_tuning(),
            })?;
        }
        Ok(())
    }

    fn validate_phase(&self) -> Result<(), SettingsError> {
        check((1..=100_000).contains(&self.epochs), "epochs", self.epochs, "between 1 and 100000")?;
        check(
            (2..=65_536).contains(&self.batch_size),
            "batch-size",
            self.batch_size,
            "between 2 and 65536 (batch norm needs more than one image)",
        )?;
        check((1..=1024).contains(&self.accumulate), "accumulate", self.accumulate, "between 1 and 1024")?;
        check(
            self.limit.is_none_or(|n| n >= 50),
            "limit",
            self.limit.unwrap_or_default(),
            "at least 50, to have images of every class",
        )?;
        check(
            (0.0..=0.9).contains(&self.validation_share),
            "validation-share",
            self.validation_share,
            "between 0 and 0.9",
        )?;
        check(
            self.is_validated() || self.stopping.patience.is_none(),
            "patience",
            self.stopping.patience.unwrap_or_default(),
            "left out without validation images (`validation-share` 0): nothing tells when to stop",
        )?;
        check(
            self.is_validated() || !matches!(self.optimisation.learning_rate.schedule, Schedule::Plateau(_)),
            "schedule",
            "plateau",
            "another one without validation images (`validation-share` 0): nothing tells when to lower the rate",
        )?;
        check(
            self.reading.test_share.is_none_or(|share| share > 0.0 && share < 1.0),
            "test-share",
            self.reading.test_share.unwrap_or_default(),
            "above 0 and below 1",
        )?;
        self.optimisation.validate(self.epochs)?;
        self.network.validate()?;
        self.regularisation.validate()?;
        let Regularisation { dense_l2, conv_l2, .. } = self.regularisation;
        check(
            self.optimisation.optimiser != OptimiserKind::Muon || (dense_l2 == 0.0 && conv_l2 == 0.0),
            "optimizer",
            "muon",
            "another one with `dense-l2` and `conv-l2`, which change gradients, of which it takes the direction alone; `weight-decay` \
             is for it too",
        )?;
        check(
            self.class_weights.is_none() || !self.regularisation.mixes(),
            "class-weights",
            "given",
            "left out with `mixup` and `cutmix`: mixed images are of two classes",
        )?;
        self.stopping.validate()?;
        Ok(self.augment.validate("augment")?)
    }

    /// The settings of parameters with this role.
    pub fn group(&self, role: Role) -> Group {
        let Regularisation { weight_decay, dense_l2, conv_l2, .. } = self.regularisation;
        let decayed = matches!(role, Role::ConvWeight | Role::LinearWeight | Role::OutputWeight);
        let weight_decay = if decayed { weight_decay } else { 0.0 };
        let (coupled, decoupled) = match self.optimisation.optimiser {
            OptimiserKind::AdamW | OptimiserKind::Muon => (0.0, weight_decay),
            OptimiserKind::Sgd | OptimiserKind::Adam => (weight_decay, 0.0),
        };
        // The gradient of x * |w|^2 is 2 x w.
        let penalty = match role {
            Role::LinearWeight => 2.0 * dense_l2,
            Role::ConvWeight => 2.0 * conv_l2,
            Role::OutputWeight | Role::Channel | Role::Statistic => 0.0,
        };
        Group { rate: 1.0, l2: coupled + penalty, decay: decoupled }
    }

    /// The images that are split for training and validation: the whole training set, or as many images as the limit allows.
    pub fn images(&self, data: &Dataset) -> ImageSet {
        data.train.take(self.limit.unwrap_or(usize::MAX))
    }

    /// Sets images with these labels aside for validation, with the same share of every class; none if no share is held out.
    ///
    /// # Errors
    /// [`DataError::Split`] when there are too few.
    pub fn split(&self, labels: &[u16]) -> Result<Split, DataError> {
        match self.is_validated() {
            true => stratified_split(labels, self.validation_images(labels.len()), self.split_seed()),
            false => Ok(Split::without_validation(labels.len())),
        }
    }

    /// Whether images are held out for validation.
    pub fn is_validated(&self) -> bool {
        self.validation_share > 0.0
    }

    /// How many of this many images are held out.
    fn validation_images(&self, images: usize) -> usize {
        (images as f64 * self.validation_share) as usize
    }

    /// How many of this many images are trained on.
    pub fn trained_images(&self, images: usize) -> usize {
        images.saturating_sub(self.validation_images(images))
    }

    /// The seed of the split.
    pub fn split_seed(&self) -> u64 {
        self.split_seed.unwrap_or(self.seed)
    }

    /// Images per step: those of all batches whose gradients are combined.
    pub fn images_per_step(&self) -> usize {
        self.batch_size * self.accumulate
    }

    /// How images are changed at random, and the seed for it; `None` when they are not changed.
    pub(crate) fn augmentation(&self) -> Option<(&Augment, u32)> {
        (self.augment != Augment::NONE).then_some((&self.augment, self.seed_word()))
    }

    /// The seed as one 32-bit word, for random numbers on the device; it depends on both halves.
    pub(crate) fn seed_word(&self) -> u32 {
        (self.seed ^ (self.seed >> 32)) as u32
    }

    /// The settings of one phase, from 1, and what it learns.
    ///
    /// # Errors
    /// [`SettingsError::Setting`] when the training has no such phase.
    pub fn phase(&self, number: usize) -> Result<(TrainConfig, Learned), SettingsError> {
        let mut phases = self.phases();
        let count = phases.len();
        check(
            (1..=count).contains(&number),
            "phase",
            number,
            &format!("between 1 and {count}, the phases of this training"),
        )?;
        let Phase { config, learned } = phases.swap_remove(number - 1);
        Ok((config, learned))
    }

    /// The phases of a training with these settings, one after the other.
    pub(crate) fn phases(&self) -> Vec<Phase> {
        // Without given weights there is nothing to freeze.
        if self.transfer.weights.is_none() {
            return vec![Phase { config: self.clone(), learned: Learned::All }];
        }
        let mut phases = vec![Phase { config: self.clone(), learned: Learned::Head }];
        phases.extend(self.transfer.fine_tune.as_ref().map(|tune| Phase {
            config: TrainConfig {
                epochs: tune.epochs,
                batch_size: tune.batch_size,
                optimisation: Optimisation {
                    optimiser: tune.optimiser,
                    learning_rate: tune.learning_rate.clone(),
                    ..self.optimisation
                },
                regularisation: Regularisation { weight_decay: tune.weight_decay, ..self.regularisation },
                ..self.clone()
            },
            learned: tune.learned.clone(),
        }));
        phases
    }

    /// The number of epochs that are planned for each phase.
    pub fn phase_lengths(&self) -> Vec<usize> {
        self.phases().iter().map(|phase| phase.config.epochs).collect()
    }

    /// The same settings for a training from the start: without the past cycles of an extended training.
    pub fn from_the_start(mut self) -> Self {
        self.optimisation.learning_rate.cycle_start = 0;
        if let Some(tune) = &mut self.transfer.fine_tune {
            tune.learning_rate.cycle_start = 0;
        }
        self
    }

    /// Gives a second phase without a batch size of its own the first one's.
    pub fn settle_batch_size(&mut self) {
        if let Some(tune) = &mut self.transfer.fine_tune
            && tune.batch_size == Self::AUTOMATIC
        {
            tune.batch_size = self.batch_size;
        }
    }
}

impl Phase {
    /// Whether it is enough to run the base once per image: it is frozen, and no epoch changes the stored images.
    pub fn trains_on_features(&self) -> bool {
        self.learned == Learned::Head && self.config.augmentation().is_none() && !self.config.regularisation.mixes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_decay_spares_biases_and_is_decoupled_for_adamw_only() {
        let mut config = TrainConfig::default();
        config.optimisation.optimiser = OptimiserKind::AdamW;
        config.regularisation.weight_decay = 0.5;
        config.regularisation.dense_l2 = 0.01;
        let group = |l2, decay| Group { rate: 1.0, l2, decay };
        assert_eq!(config.group(Role::ConvWeight), group(0.0, 0.5));
        assert_eq!(config.group(Role::LinearWeight), group(0.02, 0.5));
        assert_eq!(config.group(Role::OutputWeight), config.group(Role::ConvWeight));
        assert_eq!(config.group(Role::Channel), Group::PLAIN);
        config.optimisation.optimiser = OptimiserKind::Sgd;
        assert_eq!(config.group(Role::ConvWeight), group(0.5, 0.0));
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let broken = |change: fn(&mut TrainConfig)| {
            let mut config = TrainConfig::default();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        assert!(broken(|c| c.epochs = 0).contains("`epochs` is 0"));
        assert!(broken(|c| c.batch_size = 1).contains("`batch-size` is 1"));
        assert!(broken(|c| c.optimisation.learning_rate.peak = f64::NAN).contains("`lr` is NaN"));
        assert!(broken(|c| c.optimisation.learning_rate.peak = -1.0).contains("`lr` is -1"));
        assert!(broken(|c| c.regularisation.weight_decay = f32::INFINITY).contains("`weight-decay` is inf"));
        assert!(broken(|c| c.regularisation.dense_l2 = -0.5).contains("`dense-l2` is -0.5"));
        assert!(broken(|c| c.regularisation.label_smoothing = 1.0).contains("`label-smoothing` is 1"));
        assert!(broken(|c| c.limit = Some(5)).contains("`limit` is 5"));
        assert!(broken(|c| c.optimisation.learning_rate.floor = 9.0).contains("`lr-floor` is 9"));
        assert!(broken(|c| c.optimisation.learning_rate.warm_up = 99.0).contains("`warmup` is 99"));
        assert!(broken(|c| c.optimisation.clip_norm = Some(0.0)).contains("`clip-norm` is 0"));
        assert!(broken(|c| c.optimisation.ema = Some(1.0)).contains("`ema` is 1"));
        assert!(broken(|c| c.regularisation.mixup = f32::NAN).contains("`mixup` is NaN"));
        assert!(broken(|c| c.stopping.patience = Some(0)).contains("`patience` is 0"));
        assert!(broken(|c| c.augment.rotation = 200.0).contains("rotation is 200"));
        let dropout = |dropout| Cnn4Settings { dropout, ..Cnn4Settings::default() };
        let network = NetworkSettings::Cnn(dropout(-0.1));
        assert!(network.validate().unwrap_err().to_string().contains("`dropout` is -0.1"));
        TrainConfig::default().validate().unwrap();
    }

    #[test]
    fn the_share_for_validation_is_a_fifth_unless_given() {
        let labels: Vec<u16> = (0..60_003).map(|i| i % 10).collect();
        let sizes = |share| {
            let config = TrainConfig { validation_share: share, ..TrainConfig::default() };
            let split = config.split(&labels).unwrap();
            assert_eq!(split.train.len(), config.trained_images(labels.len()));
            (split.train.len(), split.validation.len())
        };
        assert_eq!(sizes(0.2), (48_003, 12_000));
        assert_eq!(sizes(0.5), (30_002, 30_001));
        assert_eq!(sizes(0.0), (60_003, 0));
        // Runs of earlier versions do not say.
        let text = serde_json::to_string(&TrainConfig::default()).unwrap();
        assert!(!text.contains("validation_share"), "{text}");
    }

    #[test]
    fn muon_takes_weight_decay_alone() {
        let mut config = TrainConfig::default();
        config.optimisation.optimiser = OptimiserKind::Muon;
        config.validate().unwrap();
        assert_eq!(config.group(Role::ConvWeight), Group { rate: 1.0, l2: 0.0, decay: 0.05 });
        config.regularisation.dense_l2 = 0.01;
        assert!(config.validate().unwrap_err().to_string().contains("`optimizer` is muon"));
    }

    #[test]
    fn every_recipe_survives_json() {
        for recipe in <Recipe as clap::ValueEnum>::value_variants() {
            let config = recipe.config();
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<TrainConfig>(&text).unwrap(), config);
        }
    }
}
