//! The metrics of each epoch, which epoch is the best, and when early stopping ends the training.

use std::ops::Neg;

use serde::{Deserialize, Serialize};

use crate::plot::{Curves, Panel};
use crate::settings::{Monitor, Stopping};

/// One line of `history.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRecord {
    /// From 1, over all phases.
    pub epoch: usize,
    /// The phase of the training, from 1.
    pub phase: usize,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Mean of the loss that is minimised, so with label smoothing, dropout and mixed labels.
    pub train_loss: f64,
    /// In training mode, so with dropout, augmentation and batch statistics.
    pub train_accuracy: f64,
    /// Mean log loss on the validation split, without label smoothing; a training on all images has no such split.
    pub validation_loss: Option<f64>,
    /// Share of correct predictions on the validation split.
    pub validation_accuracy: Option<f64>,
    /// The averaged weights' log loss, when weights are averaged.
    pub ema_validation_loss: Option<f64>,
    /// The averaged weights' share of correct predictions, when weights are averaged.
    pub ema_validation_accuracy: Option<f64>,
    /// The mean F1 of the classes on the validation split, by the averaged weights when weights are averaged. Files of older
    /// versions do not say.
    #[serde(default)]
    pub macro_f1: Option<f64>,
    /// Throughput of the training part, without validation.
    pub images_per_second: f64,
    /// Duration of the whole epoch.
    pub seconds: f64,
}

impl EpochRecord {
    /// Log loss on the validation split of the weights that are kept: the averaged ones when weights are averaged.
    pub fn kept_loss(&self) -> Option<f64> {
        self.ema_validation_loss.or(self.validation_loss)
    }

    /// Accuracy on the validation split of the weights that are kept.
    pub fn kept_accuracy(&self) -> Option<f64> {
        self.ema_validation_accuracy.or(self.validation_accuracy)
    }

    /// The monitored metric of the weights that are kept, negated if necessary so that lower is better.
    pub fn monitored(&self, monitor: Monitor) -> Option<f64> {
        match monitor {
            Monitor::Loss => self.kept_loss(),
            Monitor::Accuracy => self.kept_accuracy().map(f64::neg),
            Monitor::MacroF1 => self.macro_f1.map(f64::neg),
        }
    }
}

/// The epoch with the best metric, the first one in case of a tie. Every number is better than NaN. Without validation it is the
/// last.
pub fn best(history: &[EpochRecord], monitor: Monitor) -> Option<&EpochRecord> {
    history.iter().reduce(|best, record| match (best.monitored(monitor), record.monitored(monitor)) {
        (None, _) => record,
        (Some(known), Some(metric)) if metric < known || known.is_nan() && !metric.is_nan() => record,
        _ => best,
    })
}

/// Whether early stopping ends a training with this history.
pub fn is_stopped(history: &[EpochRecord], stopping: &Stopping) -> bool {
    let metrics: Vec<f64> = history.iter().filter_map(|r| r.monitored(stopping.monitor)).collect();
    let waited = epochs_without_gain(&metrics, stopping.min_delta);
    stopping.patience.is_some_and(|patience| waited >= patience)
}

/// How many epochs in a row, up to the last, did not improve on the best before them by more than `min_delta`: the number
/// that Keras' `EarlyStopping` compares with its patience.
pub fn epochs_without_gain(metrics: &[f64], min_delta: f64) -> usize {
    let mut best = f64::INFINITY;
    let mut waited = 0;
    for metric in metrics {
        if *metric < best - min_delta {
            best = *metric;
            waited = 0;
        } else {
            waited += 1;
        }
    }
    waited
}

/// Curves of loss, accuracy and learning rate, to draw.
pub fn curves(history: &[EpochRecord]) -> Curves {
    let line = |value: fn(&EpochRecord) -> Option<f64>| history.iter().map(value).collect();
    let averaged = "validation, averaged weights";
    Curves {
        panels: vec![
            Panel {
                title: "loss",
                rises: false,
                lines: vec![
                    ("training", line(|r| Some(r.train_loss))),
                    ("validation", line(|r| r.validation_loss)),
                    (averaged, line(|r| r.ema_validation_loss)),
                ],
            },
            Panel {
                title: "accuracy",
                rises: true,
                lines: vec![
                    ("training", line(|r| Some(r.train_accuracy))),
                    ("validation", line(|r| r.validation_accuracy)),
                    (averaged, line(|r| r.ema_validation_accuracy)),
                ],
            },
            Panel {
                title: "learning rate at the end of an epoch",
                rises: false,
                lines: vec![("learning rate", line(|r| Some(r.learning_rate)))],
            },
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(losses: &[f64]) -> Vec<EpochRecord> {
        let record = |(epoch, loss): (usize, &f64)| EpochRecord {
            epoch: epoch + 1,
            phase: 1,
            learning_rate: 0.1,
            train_loss: 1.0,
            train_accuracy: 0.5,
            validation_loss: Some(*loss),
            validation_accuracy: Some(-loss),
            ema_validation_loss: None,
            ema_validation_accuracy: None,
            macro_f1: Some(-loss),
            images_per_second: 1.0,
            seconds: 1.0,
        };
        losses.iter().enumerate().map(record).collect()
    }

    #[test]
    fn an_epoch_without_a_number_is_the_best_only_when_all_are() {
        let nan = f64::NAN;
        for (losses, expected) in [
            (vec![nan, 0.5, 0.7], 2),
            (vec![-nan, 0.5, nan, 0.4], 4),
            (vec![0.5, nan, 0.5], 1),
            (vec![nan, f64::INFINITY], 2),
            (vec![nan, nan], 1),
        ] {
            for monitor in [Monitor::Loss, Monitor::Accuracy, Monitor::MacroF1] {
                let history = history(&losses);
                assert_eq!(best(&history, monitor).map(|record| record.epoch), Some(expected), "{losses:?}");
            }
        }
        assert_eq!(best(&[], Monitor::Loss), None);
    }

    #[test]
    fn patience_counts_epochs_without_a_number() {
        assert_eq!(epochs_without_gain(&[f64::NAN, f64::NAN, 0.5, f64::NAN], 0.0), 1);
        assert_eq!(epochs_without_gain(&[f64::NAN, f64::NAN], 0.0), 2);
    }
}
