use serde::{Deserialize, Serialize};

use crate::eval::Report;

/// `result.json` of a run folder that is complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunResult {
    /// The epoch whose weights are `best.safetensors`, from 1.
    pub best_epoch: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// Whether early stopping ended it.
    pub stopped_early: bool,
    /// Of all epochs together.
    pub seconds: f64,
    /// The best weights on the test split, which nothing before has looked at.
    pub test: Report,
}
