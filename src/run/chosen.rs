//! What validation chose in a run, for a final training on the training and validation images together.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{RunConfig, RunError, RunFolder, best};
use crate::settings::{SettingsError, TrainConfig};

/// The epochs that validation chose in a complete run, and how they went.
///
/// A final training has no validation images that could say when to stop. It repeats the run, rate by rate, up to the epoch
/// that was the best there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// The folder of the run.
    pub run: PathBuf,
    /// The epochs of each phase, up to the phase with the best epoch.
    pub epochs: Vec<usize>,
    /// The run's monitored metric after each epoch of its phases, lower is better: a plateau schedule follows it.
    pub monitored: Vec<Vec<Option<f64>>>,
}

impl Chosen {
    /// Reads a complete run: its settings, and what its validation chose.
    ///
    /// # Errors
    /// [`RunError::NotFinal`] when it is not complete, was trained on all images already, or was extended with a fresh cycle, which a
    /// training from the start cannot repeat; otherwise what is wrong with its files.
    pub fn by(folder: &RunFolder) -> Result<(RunConfig, Self), RunError> {
        let run = folder.read_config()?;
        let history = folder.read_history()?;
        let refuse = |problem: String| RunError::NotFinal { path: folder.path().to_owned(), problem };
        if run.chosen.is_some() {
            return Err(refuse("it is such a training itself".to_owned()));
        }
        if !run.is_validated() {
            return Err(refuse("it was trained on all images, so validation chose nothing".to_owned()));
        }
        if folder.read_result()?.is_none() {
            let path = crate::files::shown(folder.path());
            return Err(refuse(format!("it is not complete; `selvedge train --resume {path}` resumes it")));
        }
        if run.train.clone().from_the_start() != run.train {
            return Err(refuse("its learning rate was started anew within the training".to_owned()));
        }
        let monitor = run.train.stopping.monitor;
        let Some(best) = best(&history, monitor) else {
            return Err(refuse("it has no epochs".to_owned()));
        };
        let is_whole = history.iter().zip(1..).all(|(record, number)| record.epoch == number)
            && history.is_sorted_by_key(|record| record.phase)
            && history.iter().all(|record| (1..=run.train.phase_lengths().len()).contains(&record.phase));
        if !is_whole {
            return Err(refuse("its history.csv has not every epoch once".to_owned()));
        }
        // Each phase starts from the best weights of all before it: of these epochs, and no others, the best weights are made.
        let (mut epochs, mut monitored) = (Vec::new(), Vec::new());
        for phase in 1..=best.phase {
            let of_phase: Vec<_> = history.iter().filter(|record| record.phase == phase).cloned().collect();
            let best = super::best(&of_phase, monitor).map(|record| record.epoch);
            let last = of_phase.iter().position(|record| Some(record.epoch) == best).map_or(0, |place| place + 1);
            epochs.push(last);
            monitored.push(of_phase[..last].iter().map(|record| record.monitored(monitor)).collect());
        }
        let path = folder.path();
        let chosen = Self { run: path.canonicalize().unwrap_or_else(|_| path.to_owned()), epochs, monitored };
        chosen.check(&run.train, &folder.file("history.csv"))?;
        Ok((run, chosen))
    }

    /// Refuses what no run can have chosen for these settings.
    pub(super) fn check(&self, train: &TrainConfig, path: &Path) -> Result<(), SettingsError> {
        let lengths: Vec<usize> = train.phase_lengths();
        let fits = self.epochs.len() <= lengths.len()
            && !self.epochs.is_empty()
            && self.epochs.iter().zip(&lengths).all(|(chosen, planned)| (1..=*planned).contains(chosen))
            && self.monitored.len() == self.epochs.len()
            && self.monitored.iter().zip(&self.epochs).all(|(metrics, epochs)| metrics.len() == *epochs);
        match fits {
            true => Ok(()),
            false => {
                Err(SettingsError::unreadable(path, &"the epochs that were chosen are not among those of the run"))
            }
        }
    }
}
