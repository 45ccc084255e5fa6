//! The figure of the validation split that decides: which epoch is the best, and when to stop.

use serde::{Deserialize, Serialize};

use super::EpochRecord;

/// Which figure decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Monitor {
    /// Validation log loss: lower is better.
    Loss,
    /// Validation accuracy: higher is better.
    Accuracy,
}

impl Monitor {
    /// The figure of an epoch, turned so that lower is better. It is the averaged weights' when there are any.
    pub fn figure(self, record: &EpochRecord) -> f64 {
        match self {
            Self::Loss => record.ema_validation_loss.unwrap_or(record.validation_loss),
            Self::Accuracy => -record.ema_validation_accuracy.unwrap_or(record.validation_accuracy),
        }
    }

    /// The epoch with the best figure, the first of equals. Every number is better than NaN.
    pub fn best(self, history: &[EpochRecord]) -> Option<&EpochRecord> {
        history.iter().reduce(|best, record| {
            let (known, figure) = (self.figure(best), self.figure(record));
            if figure < known || known.is_nan() && !figure.is_nan() {
                record
            } else {
                best
            }
        })
    }
}

/// How many epochs in a row, up to the last, were not better than the best before them by more than `min_delta`: what
/// Keras' `EarlyStopping` compares with its patience.
pub fn epochs_without_gain(figures: &[f64], min_delta: f64) -> usize {
    let mut best = f64::INFINITY;
    let mut waited = 0;
    for figure in figures {
        if *figure < best - min_delta {
            best = *figure;
            waited = 0;
        } else {
            waited += 1;
        }
    }
    waited
}
