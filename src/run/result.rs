use serde::{Deserialize, Serialize};

use crate::eval::Report;

/// `result.json` of a complete run folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunResult {
    /// The epoch, from 1, whose weights are in `best.safetensors`.
    pub best_epoch: usize,
    /// Number of epochs trained.
    pub epochs: usize,
    /// Whether early stopping ended it.
    pub stopped_early: bool,
    /// Duration of all epochs together.
    pub seconds: f64,
    /// The best weights on the test split, which nothing has used before.
    pub test: Report,
}
