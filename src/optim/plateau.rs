//! Lowering the learning rate when a metric stops getting better.

use serde::{Deserialize, Serialize};

/// Settings of PyTorch's and Keras' `ReduceLROnPlateau`. Epochs are counted as PyTorch does; `patience` is Keras', which is
/// PyTorch's plus one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "training", derive(clap::Args))]
pub struct Plateau {
    /// what the rate is multiplied by; default 0.1
    #[cfg_attr(
        feature = "training",
        arg(id = "lr_factor", long = "lr-factor", value_name = "X", allow_negative_numbers = true)
    )]
    pub factor: f64,
    /// epochs without a better metric; default 5
    #[cfg_attr(feature = "training", arg(id = "plateau_patience", long = "plateau-patience", value_name = "EPOCHS"))]
    pub patience: usize,
    /// how much better counts as better; default 0.0001
    #[cfg_attr(
        feature = "training",
        arg(id = "plateau_delta", long = "plateau-delta", value_name = "X", allow_negative_numbers = true)
    )]
    pub min_delta: f64,
    /// epochs after a reduction that do not count; default 0
    #[cfg_attr(feature = "training", arg(id = "plateau_cooldown", long = "plateau-cooldown", value_name = "EPOCHS"))]
    pub cooldown: usize,
}

/// The state of a [`Plateau`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlateauState {
    /// The learning rate as a share of its peak.
    pub reduction: f64,
    best: Option<f64>,
    waited: usize,
    cooling: usize,
}

impl Default for PlateauState {
    fn default() -> Self {
        Self { reduction: 1.0, best: None, waited: 0, cooling: 0 }
    }
}

impl PlateauState {
    /// Records an epoch's metric. Lower is better; NaN is never better.
    pub fn epoch_ended(&mut self, plateau: &Plateau, metric: f64) {
        if metric < self.best.unwrap_or(f64::INFINITY) - plateau.min_delta {
            self.best = Some(metric);
            self.waited = 0;
        } else {
            self.waited += 1;
        }
        if self.cooling > 0 {
            self.cooling -= 1;
            self.waited = 0;
        }
        if self.waited >= plateau.patience.max(1) {
            self.reduction *= plateau.factor;
            self.cooling = plateau.cooldown;
            self.waited = 0;
        }
    }
}
