//! More epochs for a run, finished or not.

use crate::optim::LearningRate;
use crate::run::RunConfig;
use crate::settings::SettingsError;

/// A larger number of epochs than a run was planned with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extension {
    /// Total epochs of the training, or of its first phase.
    pub epochs: Option<usize>,
    /// Total epochs of its second phase.
    pub fine_tune_epochs: Option<usize>,
    /// The schedule starts anew after the epochs that are complete, over those that remain.
    pub fresh_cycle: bool,
}

impl Extension {
    /// The settings of `run`, of which `done` epochs of the phase `phase` (from 0) are complete, with more epochs for it.
    ///
    /// The rates of a constant, step, inverse-time or plateau schedule do not depend on where a training ends, so these schedules
    /// simply continue. Cosine, one-cycle and triangular schedules are fitted to the last epoch: with more epochs, the past rates
    /// would have been different, so only a fresh cycle extends them.
    ///
    /// # Errors
    /// [`SettingsError::Setting`] when the number is not larger, when its phase is over or does not exist, or when the schedule
    /// cannot be extended.
    pub(super) fn apply(&self, run: &RunConfig, phase: usize, done: usize) -> Result<RunConfig, SettingsError> {
        if run.chosen.is_some() {
            let allowed = "left out: another run's validation chose the epochs of this one";
            return Err(SettingsError::new("epochs", self.epochs.or(self.fine_tune_epochs).unwrap_or(0), allowed));
        }
        let mut extended = run.clone();
        let train = &mut extended.train;
        if let Some(epochs) = self.epochs {
            if phase > 0 {
                let allowed = "left out: the first phase is over; `fine-tune-epochs` extends the second";
                return Err(SettingsError::new("epochs", epochs, allowed));
            }
            let rate = &mut train.optimisation.learning_rate;
            self.extend("epochs", epochs, done, &mut train.epochs, rate)?;
        }
        if let Some(epochs) = self.fine_tune_epochs {
            let setting = "fine-tune-epochs";
            let Some(tune) = &mut train.transfer.fine_tune else {
                let allowed = "left out: this run has no second phase";
                return Err(SettingsError::new(setting, epochs, allowed));
            };
            let done = if phase > 0 { done } else { 0 };
            self.extend(setting, epochs, done, &mut tune.epochs, &mut tune.learning_rate)?;
        }
        extended.train.validate()?;
        Ok(extended)
    }

    fn extend(
        &self,
        setting: &str,
        wanted: usize,
        done: usize,
        planned: &mut usize,
        rate: &mut LearningRate,
    ) -> Result<(), SettingsError> {
        let refuse = |allowed: String| Err(SettingsError::new(setting, wanted, allowed));
        let least = done.max(*planned);
        if wanted <= least {
            return refuse(format!("more than the {least} epochs that the run has already"));
        }
        if self.fresh_cycle {
            rate.cycle_start = done;
        } else if done > 0 && rate.schedule.ends_with_the_training() {
            return refuse(format!(
                "left out: a {} schedule comes down to its last epoch and cannot be extended. With `fresh-cycle` it starts \
                 anew from the last weights, over the {} epochs that remain",
                rate.schedule.name(),
                wanted - done
            ));
        }
        *planned = wanted;
        Ok(())
    }
}
