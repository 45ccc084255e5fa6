//! The optimiser and its learning rate.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::SettingsError;
use super::error::check;
use crate::optim::{LearningRate, Rule};

/// An optimiser by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum OptimiserKind {
    /// Nesterov momentum 0.9
    // Weight decay is added to the gradient.
    Sgd,
    /// Weight decay is added to the gradient
    Adam,
    /// Weight decay is decoupled from the gradient
    AdamW,
    /// Momentum made orthogonal for weights with 16 inputs and units or more, but for the last layer; AdamW at 0.15 of the rate for
    /// the rest
    Muon,
}

impl OptimiserKind {
    /// Its update rule.
    pub fn rule(self) -> Rule {
        match self {
            Self::Sgd => Rule::SGD,
            Self::Adam | Self::AdamW => Rule::ADAM,
            Self::Muon => Rule::MUON,
        }
    }

    /// A learning rate and a weight decay that suit it: those of one optimiser do not suit another.
    pub fn usual_rate_and_decay(self) -> (f64, f32) {
        match self {
            Self::Sgd => (0.1, 5e-4),
            Self::Adam => (1e-3, 0.0),
            Self::AdamW => (3e-3, 0.05),
            Self::Muon => (0.02, 0.05),
        }
    }
}

/// The optimiser and its learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
#[serde(deny_unknown_fields)]
#[command(next_help_heading = "Optimisation")]
pub struct Optimisation {
    /// The optimiser; default cnn muon, ResNets adamw
    #[arg(id = "optimizer", long = "optimizer", value_enum, value_name = "NAME")]
    pub optimiser: OptimiserKind,
    /// The learning rate and its schedule
    #[command(flatten)]
    pub learning_rate: LearningRate,
    /// Limit the norm of all gradients together to X
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub clip_norm: Option<f32>,
    /// Average the weights with this decay, such as 0.999; validation, test and weight files then use the average
    #[arg(long, value_name = "DECAY", allow_negative_numbers = true)]
    pub ema: Option<f64>,
}

impl Optimisation {
    /// Checks every number, for a training of `epochs` epochs.
    ///
    /// # Errors
    /// [`SettingsError::Setting`] names the first one out of range and what is allowed.
    pub fn validate(&self, epochs: usize) -> Result<(), SettingsError> {
        super::learning_rate::validate(&self.learning_rate, epochs)?;
        check(
            self.clip_norm.is_none_or(|limit| limit.is_finite() && limit > 0.0),
            "clip-norm",
            self.clip_norm.unwrap_or_default(),
            "a number above 0",
        )?;
        check(
            self.ema.is_none_or(|decay| (0.0..1.0).contains(&decay)),
            "ema",
            self.ema.unwrap_or_default(),
            "at least 0 and below 1",
        )
    }
}
