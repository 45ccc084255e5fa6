//! The settings of a training.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{FineTune, Monitor, Recipe, TrainError};
use crate::data::{CLASSES, DataError, Dataset, ImageSet, Split, stratified_split};
use crate::models::{
    Architecture, Cnn4, Cnn4Settings, InceptionSettings, InceptionV3, ResNet, ResNetSettings, Shortcut,
};
use crate::nn::{Model, ParameterBuilder, Role};
use crate::optim::{Group, LearningRate, Rule, Schedule};
use crate::tensor::ops::Augment;

/// An optimiser by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimiserKind {
    /// Nesterov momentum 0.9; weight decay is added to the gradient.
    Sgd,
    /// Weight decay is added to the gradient.
    Adam,
    /// Weight decay is decoupled from the gradient.
    AdamW,
}

/// How pixels are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PixelScale {
    /// To 0 to 1.
    Unit,
    /// To mean 0 and deviation 1 over the training split.
    Standard,
    /// To -1 to 1: what the published weights of Inception V3 were trained with.
    Symmetric,
}

/// What a person chooses about a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// The network.
    pub model: Architecture,
    /// Weights to start the base from; the head is trained alone first. `None` trains everything from scratch.
    pub weights: Option<PathBuf>,
    /// What follows the training of the head, when the base has given weights.
    pub fine_tune: Option<FineTune>,
    /// Where the data came from; `None` looks in the usual places.
    pub data: Option<PathBuf>,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images that go through the network at once.
    pub batch_size: usize,
    /// Batches whose gradients make one step.
    pub accumulate: usize,
    /// How the learning rate moves.
    pub learning_rate: LearningRate,
    /// The rule that moves the weights.
    pub optimiser: OptimiserKind,
    /// Weight decay of convolution and dense weights; biases and batch norm are never decayed.
    pub weight_decay: f32,
    /// As Keras' `kernel_regularizer=l2(x)` on the hidden dense layers: `x * sum of w^2` on top of the loss.
    pub dense_l2: f32,
    /// The same on convolutions.
    pub conv_l2: f32,
    /// Gradients whose norm, of all together, is above this are made that long.
    pub clip_norm: Option<f32>,
    /// Share of the target spread over all classes.
    pub label_smoothing: f32,
    /// Dropout after the hidden dense layers.
    pub dropout: f32,
    /// Units of the first hidden dense layer.
    pub dense: usize,
    /// Slope below zero of a residual network's activations, or of that in Inception's head; 0 is ReLU.
    pub slope: f32,
    /// How a residual block's input reaches its output where the shape changes.
    pub shortcut: Shortcut,
    /// Whether a residual block begins as its shortcut.
    pub zero_last_scale: bool,
    /// Pixels a side that Inception sees.
    pub image_size: usize,
    /// Whether Inception's average pooling counts the zeros around the image.
    pub count_padding: bool,
    /// Decay of an exponential moving average of the weights; validation, test and weight files are then the average's.
    pub ema: Option<f64>,
    /// Images are mixed by shares drawn from Beta(x, x); 0 for not. With CutMix too, each step takes one of the two.
    pub mixup: f32,
    /// Rectangles are exchanged, of shares drawn from Beta(x, x); 0 for not.
    pub cutmix: f32,
    /// How images are changed at random.
    pub augment: Augment,
    /// How pixels are scaled.
    pub pixels: PixelScale,
    /// The figure of the validation split that chooses the best epoch, and that plateaus and early stopping watch.
    pub monitor: Monitor,
    /// Stop after so many epochs without a better figure.
    pub patience: Option<usize>,
    /// How much better counts as better for early stopping.
    pub min_delta: f64,
    /// Decides initial weights, split, order, dropout and augmentation.
    pub seed: u64,
    /// Decides the split in place of the seed: runs of several seeds that are to be put together validate on the same images.
    pub split_seed: Option<u64>,
    /// Use only this many images of the training set, a fifth of them for validation.
    pub limit: Option<usize>,
}

impl Default for TrainConfig {
    /// [`Recipe::Standard`]'s.
    fn default() -> Self {
        Recipe::Standard.config()
    }
}

/// Images are presented as `(byte / 255 - mean) / deviation`, in training, validation and test alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean of the training split in 0 to 1, or 0.
    pub mean: f32,
    /// Standard deviation of the training split in 0 to 1, or 1.
    pub deviation: f32,
}

impl Normalisation {
    /// Pixels in 0 to 1 as they are.
    pub const UNIT: Self = Self {
        mean: 0.0,
        deviation: 1.0,
    };
}

/// Everything that is needed to repeat a run or to use its weights: `config.json` of a run folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version of selvedge that wrote it.
    pub version: String,
    /// The adapter it was trained on. A repetition is exact on the same adapter only.
    pub adapter: String,
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

impl TrainConfig {
    /// Checks every number, and that the layers named are there.
    ///
    /// # Errors
    /// [`TrainError::Option`] names the first one out of range and what is allowed.
    pub fn validate(&self) -> Result<(), TrainError> {
        let phases = self.phases();
        for (number, phase) in phases.iter().enumerate() {
            phase.config.validate_phase().map_err(|error| match error {
                TrainError::Option { option, value, allowed } if number > 0 => TrainError::Option {
                    option: of_fine_tuning(option),
                    value,
                    allowed,
                },
                error => error,
            })?;
        }
        let mut builder = ParameterBuilder::default();
        self.declare(&mut builder);
        let names = builder.names();
        phases
            .iter()
            .try_for_each(|phase| phase.learned.frozen(&names).map(|_| ()))
    }

    fn validate_phase(&self) -> Result<(), TrainError> {
        let check = |ok: bool, option, value: String, allowed: &str| {
            if ok {
                Ok(())
            } else {
                Err(TrainError::Option {
                    option,
                    value,
                    allowed: allowed.to_owned(),
                })
            }
        };
        let share = |x: f32| (0.0..1.0).contains(&x);
        let finite = |x: f32| x.is_finite() && x >= 0.0;
        check(
            (1..=100_000).contains(&self.epochs),
            "--epochs",
            self.epochs.to_string(),
            "between 1 and 100000",
        )?;
        check(
            (2..=65_536).contains(&self.batch_size),
            "--batch-size",
            self.batch_size.to_string(),
            "between 2 and 65536 (batch norm needs more than one image)",
        )?;
        let LearningRate {
            peak,
            floor,
            warm_up,
            cycle_start,
            ..
        } = self.learning_rate;
        check(
            peak.is_finite() && peak > 0.0,
            "--lr",
            peak.to_string(),
            "a number above 0",
        )?;
        check(
            (0.0..=peak).contains(&floor),
            "--lr-floor",
            floor.to_string(),
            "at least 0 and at most the learning rate",
        )?;
        check(
            (0.0..=self.epochs.saturating_sub(cycle_start) as f64).contains(&warm_up),
            "--warmup",
            warm_up.to_string(),
            "a number of epochs, at most that of the training or of its fresh cycle; more --epochs make room for it",
        )?;
        check(
            cycle_start < self.epochs,
            "cycle_start",
            cycle_start.to_string(),
            "less than the epochs of the training",
        )?;
        let falls = |factor: f64| factor > 0.0 && factor < 1.0;
        match &self.learning_rate.schedule {
            Schedule::Step { factor, .. } => {
                check(falls(*factor), "--lr-factor", factor.to_string(), "above 0 and below 1")?
            }
            Schedule::Plateau(plateau) => {
                check(
                    falls(plateau.factor),
                    "--lr-factor",
                    plateau.factor.to_string(),
                    "above 0 and below 1",
                )?;
                check(
                    plateau.patience > 0,
                    "--plateau-patience",
                    plateau.patience.to_string(),
                    "at least 1 epoch",
                )?;
                check(
                    plateau.min_delta.is_finite() && plateau.min_delta >= 0.0,
                    "--plateau-delta",
                    plateau.min_delta.to_string(),
                    "a number from 0 up",
                )?;
            }
            Schedule::InverseTime { decay } => check(
                decay.is_finite() && *decay >= 0.0,
                "--lr-decay",
                decay.to_string(),
                "a number from 0 up",
            )?,
            Schedule::Constant | Schedule::Cosine | Schedule::OneCycle | Schedule::Triangular => {}
        }
        check(
            (1..=1024).contains(&self.accumulate),
            "--accumulate",
            self.accumulate.to_string(),
            "between 1 and 1024",
        )?;
        check(
            share(self.slope),
            "--leaky",
            self.slope.to_string(),
            "at least 0 and below 1",
        )?;
        check(
            (InceptionV3::SMALLEST_IMAGE..=1024).contains(&self.image_size),
            "--image-size",
            self.image_size.to_string(),
            "between 75 and 1024 pixels",
        )?;
        check(
            finite(self.conv_l2),
            "--conv-l2",
            self.conv_l2.to_string(),
            "a number from 0 up",
        )?;
        check(
            finite(self.weight_decay),
            "--weight-decay",
            self.weight_decay.to_string(),
            "a number from 0 up",
        )?;
        check(
            finite(self.dense_l2),
            "--dense-l2",
            self.dense_l2.to_string(),
            "a number from 0 up",
        )?;
        check(
            share(self.label_smoothing),
            "--label-smoothing",
            self.label_smoothing.to_string(),
            "at least 0 and below 1",
        )?;
        check(
            share(self.dropout),
            "--dropout",
            self.dropout.to_string(),
            "at least 0 and below 1",
        )?;
        check(
            self.clip_norm.is_none_or(|limit| limit.is_finite() && limit > 0.0),
            "--clip-norm",
            self.clip_norm.unwrap_or_default().to_string(),
            "a number above 0",
        )?;
        check(
            (1..=65_536).contains(&self.dense),
            "--dense",
            self.dense.to_string(),
            "between 1 and 65536",
        )?;
        check(
            self.ema.is_none_or(|decay| (0.0..1.0).contains(&decay)),
            "--ema",
            self.ema.unwrap_or_default().to_string(),
            "at least 0 and below 1",
        )?;
        for (option, alpha) in [("--mixup", self.mixup), ("--cutmix", self.cutmix)] {
            check(finite(alpha), option, alpha.to_string(), "a number from 0 up")?;
        }
        check(
            self.patience.is_none_or(|patience| patience > 0),
            "--patience",
            self.patience.unwrap_or_default().to_string(),
            "at least 1 epoch",
        )?;
        check(
            self.min_delta.is_finite() && self.min_delta >= 0.0,
            "--min-delta",
            self.min_delta.to_string(),
            "a number from 0 up",
        )?;
        self.augment.validate("augment")?;
        check(
            self.limit.is_none_or(|n| n >= 50),
            "--limit",
            self.limit.unwrap_or_default().to_string(),
            "at least 50, to have every class in training and validation",
        )
    }

    /// The rule that moves the parameters.
    pub fn rule(&self) -> Rule {
        match self.optimiser {
            OptimiserKind::Sgd => Rule::SGD,
            OptimiserKind::Adam | OptimiserKind::AdamW => Rule::ADAM,
        }
    }

    /// The settings of parameters with this role.
    pub fn group(&self, role: Role) -> Group {
        let decayed = matches!(role, Role::ConvWeight | Role::LinearWeight | Role::OutputWeight);
        let weight_decay = if decayed { self.weight_decay } else { 0.0 };
        let (coupled, decoupled) = match self.optimiser {
            OptimiserKind::AdamW => (0.0, weight_decay),
            OptimiserKind::Sgd | OptimiserKind::Adam => (weight_decay, 0.0),
        };
        // The gradient of x * |w|^2 is 2 x w.
        let penalty = match role {
            Role::LinearWeight => 2.0 * self.dense_l2,
            Role::ConvWeight => 2.0 * self.conv_l2,
            Role::OutputWeight | Role::Channel | Role::Statistic => 0.0,
        };
        Group {
            rate: 1.0,
            l2: coupled + penalty,
            decay: decoupled,
        }
    }

    /// The images that are split for training and validation: all of the training set, or as many as the limit says.
    pub fn images(&self, data: &Dataset) -> ImageSet {
        data.train.take(self.limit.unwrap_or(usize::MAX))
    }

    /// Sets a fifth of the images aside for validation, the same share of every class.
    ///
    /// # Errors
    /// [`DataError::Split`] when there are too few.
    pub fn split(&self, images: &ImageSet) -> Result<Split, DataError> {
        stratified_split(images.labels(), images.len() / 5, self.split_seed())
    }

    /// What decides the split.
    pub fn split_seed(&self) -> u64 {
        self.split_seed.unwrap_or(self.seed)
    }

    /// Declares the network's parameters.
    pub(super) fn declare(&self, builder: &mut ParameterBuilder) -> Box<dyn Model> {
        if let Some(shape) = self.model.resnet_shape() {
            let settings = ResNetSettings {
                shortcut: self.shortcut,
                zero_last_scale: self.zero_last_scale,
                slope: self.slope,
            };
            return Box::new(ResNet::new(builder, shape, settings, 1, CLASSES));
        }
        if self.model == Architecture::Inception {
            let settings = InceptionSettings {
                image_size: self.image_size,
                count_padding: self.count_padding,
                dense: self.dense,
                slope: self.slope,
                dropout: self.dropout,
            };
            return Box::new(InceptionV3::new(builder, settings, CLASSES));
        }
        let settings = Cnn4Settings {
            dropout: self.dropout,
            dense: self.dense,
        };
        Box::new(Cnn4::new(builder, settings, CLASSES))
    }

    /// Images a step: all batches whose gradients are added up.
    pub fn images_per_step(&self) -> usize {
        self.batch_size * self.accumulate
    }

    /// How images are changed at random, and the seed of it; nothing when they are not.
    pub(super) fn augmentation(&self) -> Option<(&Augment, u32)> {
        (self.augment != Augment::NONE).then_some((&self.augment, self.seed_word()))
    }

    /// The seed in one word, for random numbers on the device: both halves count.
    pub(super) fn seed_word(&self) -> u32 {
        (self.seed ^ (self.seed >> 32)) as u32
    }

    /// Whether images are mixed in pairs.
    pub(super) fn mixes(&self) -> bool {
        self.mixup > 0.0 || self.cutmix > 0.0
    }
}

/// The option of the second phase for one of the first.
fn of_fine_tuning(option: &'static str) -> &'static str {
    match option {
        "--epochs" => "--fine-tune-epochs",
        "--batch-size" => "--fine-tune-batch-size",
        "--lr" => "--fine-tune-lr",
        "--lr-decay" => "--fine-tune-decay",
        "--weight-decay" => "--fine-tune-weight-decay",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_decay_spares_biases_and_is_decoupled_for_adamw_only() {
        let mut config = TrainConfig {
            optimiser: OptimiserKind::AdamW,
            weight_decay: 0.5,
            dense_l2: 0.01,
            ..TrainConfig::default()
        };
        assert_eq!(
            config.group(Role::ConvWeight),
            Group {
                rate: 1.0,
                l2: 0.0,
                decay: 0.5
            }
        );
        assert_eq!(
            config.group(Role::LinearWeight),
            Group {
                rate: 1.0,
                l2: 0.02,
                decay: 0.5
            }
        );
        assert_eq!(config.group(Role::OutputWeight), config.group(Role::ConvWeight));
        assert_eq!(config.group(Role::Channel), Group::PLAIN);
        config.optimiser = OptimiserKind::Sgd;
        assert_eq!(
            config.group(Role::ConvWeight),
            Group {
                rate: 1.0,
                l2: 0.5,
                decay: 0.0
            }
        );
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let broken = |change: fn(&mut TrainConfig)| {
            let mut config = TrainConfig::default();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        assert!(broken(|c| c.epochs = 0).contains("--epochs is 0"));
        assert!(broken(|c| c.batch_size = 1).contains("--batch-size is 1"));
        assert!(broken(|c| c.learning_rate.peak = f64::NAN).contains("--lr is NaN"));
        assert!(broken(|c| c.learning_rate.peak = -1.0).contains("--lr is -1"));
        assert!(broken(|c| c.weight_decay = f32::INFINITY).contains("--weight-decay is inf"));
        assert!(broken(|c| c.dense_l2 = -0.5).contains("--dense-l2 is -0.5"));
        assert!(broken(|c| c.label_smoothing = 1.0).contains("--label-smoothing is 1"));
        assert!(broken(|c| c.dropout = -0.1).contains("--dropout is -0.1"));
        assert!(broken(|c| c.limit = Some(5)).contains("--limit is 5"));
        assert!(broken(|c| c.learning_rate.floor = 9.0).contains("--lr-floor is 9"));
        assert!(broken(|c| c.learning_rate.warm_up = 99.0).contains("--warmup is 99"));
        assert!(broken(|c| c.clip_norm = Some(0.0)).contains("--clip-norm is 0"));
        assert!(broken(|c| c.ema = Some(1.0)).contains("--ema is 1"));
        assert!(broken(|c| c.mixup = f32::NAN).contains("--mixup is NaN"));
        assert!(broken(|c| c.patience = Some(0)).contains("--patience is 0"));
        assert!(broken(|c| c.augment.rotation = 200.0).contains("rotation is 200"));
        TrainConfig::default().validate().unwrap();
    }

    #[test]
    fn a_configuration_survives_json() {
        let config = Recipe::IcdssCnn.config();
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<TrainConfig>(&text).unwrap(), config);
    }
}
