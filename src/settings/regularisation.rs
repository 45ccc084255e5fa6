//! Regularisation: penalties on weights, label smoothing, and mixing of images.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::SettingsError;
use super::error::{check_not_negative, check_share};

/// Penalties on weights, label smoothing, and mixing of images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Args)]
#[serde(deny_unknown_fields)]
#[command(next_help_heading = "Regularisation")]
pub struct Regularisation {
    /// Weight decay of convolution and dense weights; default muon and adamw 0.05, adam 0, sgd 0.0005
    // Biases and batch norm are never decayed.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub weight_decay: f32,
    /// L2 penalty X * sum of squares on the hidden dense weights of cnn and inception, as Keras' l2(X); default 0
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub dense_l2: f32,
    /// The same on convolution weights; default 0
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub conv_l2: f32,
    /// Share of the target spread over all classes; default 0.1
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub label_smoothing: f32,
    /// Mix images in pairs, with shares drawn from Beta(X, X); default 0
    // If CutMix is on too, each step uses one of the two.
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub mixup: f32,
    /// Exchange rectangles between images, with shares drawn from Beta(X, X); default 0
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub cutmix: f32,
}

impl Regularisation {
    /// Whether images are mixed in pairs.
    pub fn mixes(&self) -> bool {
        self.mixup > 0.0 || self.cutmix > 0.0
    }

    /// Checks every number.
    ///
    /// # Errors
    /// [`SettingsError::Setting`] names the first one out of range and what is allowed.
    pub fn validate(&self) -> Result<(), SettingsError> {
        check_share("label-smoothing", self.label_smoothing)?;
        for (setting, value) in [
            ("weight-decay", self.weight_decay),
            ("dense-l2", self.dense_l2),
            ("conv-l2", self.conv_l2),
            ("mixup", self.mixup),
            ("cutmix", self.cutmix),
        ] {
            check_not_negative(setting, value.into())?;
        }
        Ok(())
    }
}
