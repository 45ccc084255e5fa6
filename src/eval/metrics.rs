//! All metrics of an evaluation together.

use serde::Serialize;

use super::{Calibration, ConfusedPair, PrecisionRecall, Predictions, Report};

/// The classification report and further metrics; the JSON that `selvedge evaluate` writes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metrics {
    /// Accuracy, log loss, precision and recall.
    #[serde(flatten)]
    pub report: Report,
    /// Share of images whose true class is one of the two most probable.
    pub top_2_accuracy: f64,
    /// [`Calibration::error`].
    pub calibration_error: f64,
    /// [`PrecisionRecall::average_precision`] of each class.
    pub average_precision: Vec<Option<f64>>,
    /// [`Predictions::confused_pairs`].
    pub confused_pairs: Vec<ConfusedPair>,
}

impl Metrics {
    /// Computes all of them.
    pub fn from_predictions(predictions: &Predictions) -> Self {
        let classes = 0..predictions.class_names().len();
        Self {
            report: Report::from_predictions(predictions),
            top_2_accuracy: predictions.top_k_accuracy(2),
            calibration_error: Calibration::from_predictions(predictions).error,
            average_precision: classes
                .map(|class| PrecisionRecall::of_class(predictions, class).average_precision)
                .collect(),
            confused_pairs: predictions.confused_pairs(),
        }
    }
}
