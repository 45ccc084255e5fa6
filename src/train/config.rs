//! The settings of a training.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::TrainError;
use crate::models::Cnn4Settings;
use crate::nn::Role;
use crate::optim::{Group, Rule, Schedule};

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

/// What a person chooses about a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Where the data came from; `None` looks in the usual places.
    pub data: Option<PathBuf>,
    /// Passes over the training images.
    pub epochs: usize,
    /// Images a step.
    pub batch_size: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// The rule that moves the weights.
    pub optimiser: OptimiserKind,
    /// Weight decay of convolution and dense weights; biases and batch norm are never decayed.
    pub weight_decay: f32,
    /// As Keras' `kernel_regularizer=l2(x)` on dense weights: `x * sum of w^2` on top of the loss.
    pub dense_l2: f32,
    /// Share of the target spread over all classes.
    pub label_smoothing: f32,
    /// Dropout after the hidden dense layers.
    pub dropout: f32,
    /// Decides initial weights, split, order and dropout.
    pub seed: u64,
    /// Use only this many images of the training set, a fifth of them for validation.
    pub limit: Option<usize>,
}

impl Default for TrainConfig {
    /// What works well on Fashion-MNIST; docs/results.md says where it comes from and what it gave.
    fn default() -> Self {
        Self {
            data: None,
            epochs: 15,
            batch_size: 128,
            learning_rate: 3e-3,
            schedule: Schedule::OneCycle,
            optimiser: OptimiserKind::AdamW,
            weight_decay: 0.05,
            dense_l2: 0.0,
            label_smoothing: 0.1,
            dropout: 0.3,
            seed: 1,
            limit: None,
        }
    }
}

/// Images are presented as `(byte / 255 - mean) / deviation`, in training, validation and test alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Mean of the training split, in 0 to 1.
    pub mean: f32,
    /// Standard deviation of the training split, in 0 to 1.
    pub deviation: f32,
}

/// Everything that is needed to repeat a run or to use its weights: `config.json` of a run folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version of selvedge that wrote it.
    pub version: String,
    /// The network, `cnn`.
    pub model: String,
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
}

impl TrainConfig {
    /// Checks every number.
    ///
    /// # Errors
    /// [`TrainError::Option`] names the first one out of range and what is allowed.
    pub fn validate(&self) -> Result<(), TrainError> {
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
        check(
            self.learning_rate.is_finite() && self.learning_rate > 0.0,
            "--lr",
            self.learning_rate.to_string(),
            "a number above 0",
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
        let decayed = matches!(role, Role::ConvWeight | Role::LinearWeight);
        let weight_decay = if decayed { self.weight_decay } else { 0.0 };
        let (coupled, decoupled) = match self.optimiser {
            OptimiserKind::AdamW => (0.0, weight_decay),
            OptimiserKind::Sgd | OptimiserKind::Adam => (weight_decay, 0.0),
        };
        // The gradient of x * |w|^2 is 2 x w.
        let dense = if role == Role::LinearWeight {
            2.0 * self.dense_l2
        } else {
            0.0
        };
        Group {
            rate: 1.0,
            l2: coupled + dense,
            decay: decoupled,
        }
    }

    pub(super) fn cnn4(&self) -> Cnn4Settings {
        Cnn4Settings { dropout: self.dropout }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_decay_spares_biases_and_is_decoupled_for_adamw_only() {
        let mut config = TrainConfig {
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
        assert!(broken(|c| c.learning_rate = f64::NAN).contains("--lr is NaN"));
        assert!(broken(|c| c.learning_rate = -1.0).contains("--lr is -1"));
        assert!(broken(|c| c.weight_decay = f32::INFINITY).contains("--weight-decay is inf"));
        assert!(broken(|c| c.dense_l2 = -0.5).contains("--dense-l2 is -0.5"));
        assert!(broken(|c| c.label_smoothing = 1.0).contains("--label-smoothing is 1"));
        assert!(broken(|c| c.dropout = -0.1).contains("--dropout is -0.1"));
        assert!(broken(|c| c.limit = Some(5)).contains("--limit is 5"));
        TrainConfig::default().validate().unwrap();
    }

    #[test]
    fn a_configuration_survives_json() {
        let config = TrainConfig::default();
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<TrainConfig>(&text).unwrap(), config);
    }
}
