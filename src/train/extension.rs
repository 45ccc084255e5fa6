//! More epochs for a run, finished or not.

use super::{RunConfig, TrainConfig, TrainError};
use crate::optim::LearningRate;

/// More epochs than a run was planned with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extension {
    /// Epochs of the training, or of its first phase.
    pub epochs: Option<usize>,
    /// Epochs of its second phase.
    pub fine_tune_epochs: Option<usize>,
    /// The schedule starts anew after the epochs that are complete, over those that remain.
    pub fresh_cycle: bool,
}

impl Extension {
    /// The settings of `run`, of which `done` epochs of the phase `phase` (from 0) are complete, with more epochs for it.
    ///
    /// The rates of a constant, step, inverse-time or plateau schedule do not depend on where a training ends, so they carry
    /// on. Cosine, one-cycle and triangular come down to the last epoch: their past would have been another, so only a fresh
    /// cycle extends them.
    ///
    /// # Errors
    /// [`TrainError::Option`] when the number is not larger, is of a phase that is over or not there, or when the schedule
    /// cannot be extended.
    pub(super) fn apply(&self, run: &RunConfig, phase: usize, done: usize) -> Result<RunConfig, TrainError> {
        let mut extended = run.clone();
        let refuse = |option, value: String, allowed: &str| TrainError::Option {
            option,
            value,
            allowed: allowed.to_owned(),
        };
        let train = &mut extended.train;
        if let Some(epochs) = self.epochs {
            if phase > 0 {
                let allowed = "left out: the first phase is over; --fine-tune-epochs extends the second";
                return Err(refuse("--epochs", epochs.to_string(), allowed));
            }
            self.extend("--epochs", epochs, done, &mut train.epochs, &mut train.learning_rate)?;
        }
        if let Some(epochs) = self.fine_tune_epochs {
            let Some(tune) = &mut train.fine_tune else {
                let allowed = "left out: this run has no second phase";
                return Err(refuse("--fine-tune-epochs", epochs.to_string(), allowed));
            };
            let done = if phase > 0 { done } else { 0 };
            let option = "--fine-tune-epochs";
            self.extend(option, epochs, done, &mut tune.epochs, &mut tune.learning_rate)?;
        }
        extended.train.validate()?;
        Ok(extended)
    }

    fn extend(
        &self,
        option: &'static str,
        wanted: usize,
        done: usize,
        planned: &mut usize,
        rate: &mut LearningRate,
    ) -> Result<(), TrainError> {
        let refuse = |allowed: String| TrainError::Option {
            option,
            value: wanted.to_string(),
            allowed,
        };
        let least = done.max(*planned);
        if wanted <= least {
            return Err(refuse(format!("more than the {least} epochs that the run has already")));
        }
        if self.fresh_cycle {
            rate.cycle_start = done;
        } else if done > 0 && rate.schedule.ends_with_the_training() {
            return Err(refuse(format!(
                "left out: a {} schedule comes down to its last epoch and cannot be extended. With --fresh-cycle it starts \
                 anew from the last weights, over the {} epochs that remain",
                rate.schedule.name(),
                wanted - done
            )));
        }
        *planned = wanted;
        Ok(())
    }
}

impl TrainConfig {
    /// The same settings for a training that starts anew: without the cycles that an extended one has behind it.
    pub fn from_the_start(mut self) -> Self {
        self.learning_rate.cycle_start = 0;
        if let Some(tune) = &mut self.fine_tune {
            tune.learning_rate.cycle_start = 0;
        }
        self
    }
}

impl RunConfig {
    /// Whether `other` is the same training, if perhaps with more epochs: what a checkpoint must be of to be resumed from.
    pub(super) fn is_same_training(&self, other: &Self) -> bool {
        self.without_length() == other.without_length()
    }

    fn without_length(&self) -> Self {
        let mut run = self.clone();
        let of_phase = |epochs: &mut usize, rate: &mut LearningRate| (*epochs, rate.cycle_start) = (0, 0);
        of_phase(&mut run.train.epochs, &mut run.train.learning_rate);
        if let Some(tune) = &mut run.train.fine_tune {
            of_phase(&mut tune.epochs, &mut tune.learning_rate);
        }
        run
    }
}
