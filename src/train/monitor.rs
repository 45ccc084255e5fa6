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
            validation_loss: *loss,
            validation_accuracy: -loss,
            ema_validation_loss: None,
            ema_validation_accuracy: None,
            images_per_second: 1.0,
            seconds: 1.0,
        };
        losses.iter().enumerate().map(record).collect()
    }

    #[test]
    fn an_epoch_without_a_number_is_the_best_only_when_all_are() {
        let nan = f64::NAN;
        for (losses, best) in [
            (vec![nan, 0.5, 0.7], 2),
            (vec![-nan, 0.5, nan, 0.4], 4),
            (vec![0.5, nan, 0.5], 1),
            (vec![nan, f64::INFINITY], 2),
            (vec![nan, nan], 1),
        ] {
            for monitor in [Monitor::Loss, Monitor::Accuracy] {
                let history = history(&losses);
                assert_eq!(
                    monitor.best(&history).map(|record| record.epoch),
                    Some(best),
                    "{losses:?}"
                );
            }
        }
        assert_eq!(Monitor::Loss.best(&[]), None);
    }

    #[test]
    fn patience_counts_epochs_without_a_number() {
        assert_eq!(epochs_without_gain(&[f64::NAN, f64::NAN, 0.5, f64::NAN], 0.0), 1);
        assert_eq!(epochs_without_gain(&[f64::NAN, f64::NAN], 0.0), 2);
    }
}
