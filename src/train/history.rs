//! What is known about a training: during an epoch, and after each.

use serde::{Deserialize, Serialize};

use crate::plot::{Curves, Panel};

/// What is known in the middle of an epoch.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Images of this epoch that have been submitted.
    pub images: usize,
    /// Mean loss of the epoch so far, as far as it has arrived.
    pub loss: f64,
    /// Share of right predictions of the epoch so far, in training mode.
    pub accuracy: f64,
}

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
    /// Mean of the loss that is minimised, with label smoothing, dropout and mixed labels.
    pub train_loss: f64,
    /// In training mode, so with dropout, augmentation and batch statistics.
    pub train_accuracy: f64,
    /// Mean log loss, without label smoothing.
    pub validation_loss: f64,
    /// Share of right predictions on the validation split.
    pub validation_accuracy: f64,
    /// The averaged weights' log loss, when weights are averaged.
    pub ema_validation_loss: Option<f64>,
    /// The averaged weights' share of right predictions, when weights are averaged.
    pub ema_validation_accuracy: Option<f64>,
    /// Of the training part, without validation.
    pub images_per_second: f64,
    /// Of the whole epoch.
    pub seconds: f64,
}

/// Loss, accuracy and learning rate of each epoch, to draw.
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
                    ("validation", line(|r| Some(r.validation_loss))),
                    (averaged, line(|r| r.ema_validation_loss)),
                ],
            },
            Panel {
                title: "accuracy",
                rises: true,
                lines: vec![
                    ("training", line(|r| Some(r.train_accuracy))),
                    ("validation", line(|r| Some(r.validation_accuracy))),
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
