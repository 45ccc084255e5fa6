//! What a search will do: its settings, and which fits come next.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{FitKey, FitResult, SearchError, Summary};
use crate::files::{self, create_folder, list_folder, wait_for_lock, write_json};
use crate::optim::{Schedule, Step};
use crate::settings::{Monitor, TrainConfig};

/// One setting: the values of the searched options, and the resulting training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Searched options of `selvedge train`, without dashes, with their values.
    pub options: Vec<(String, String)>,
    /// All settings of its fits.
    pub config: TrainConfig,
}

/// Successive halving (Jamieson and Talwalkar 2016): all settings train for a few epochs, the best of them for more, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halving {
    /// One of this many settings is kept, and trained for this many times the epochs; at least 2.
    pub factor: usize,
}

/// `search.json`: everything that all processes of a search must agree on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The settings, numbered by their position.
    pub settings: Vec<Setting>,
    /// Number of parts of the training split, each held out once.
    pub folds: usize,
    /// The metric that settings are compared by.
    pub score: Monitor,
    /// Whether and how poor settings are dropped along the way.
    pub halving: Option<Halving>,
    /// The command line that trains a setting, without the searched options.
    pub command: String,
    /// A checksum of the images and labels.
    pub data_checksum: u32,
}

impl Plan {
    /// Writes the plan into a search's folder; a plan that is already there must be the same.
    ///
    /// # Errors
    /// [`SearchError::OtherSearch`], [`SearchError::Files`].
    pub fn settle(&self, folder: &Path) -> Result<(), SearchError> {
        Self::refuse_used(folder)?;
        create_folder(folder)?;
        let path = folder.join("search.json");
        // Of several processes that start at once, one writes the plan and the others compare theirs with it.
        let _lock = wait_for_lock(&folder.join("search.lock"))?;
        if !files::exists(&path)? {
            return Ok(write_json(&path, self)?);
        }
        let (other, own) = (Self::read(folder)?.essence(), self.essence());
        let what = if other.data_checksum != own.data_checksum {
            "data"
        } else if other.settings != own.settings {
            "settings"
        } else if other != own {
            "folds, score or halving"
        } else {
            return Ok(());
        };
        Err(SearchError::OtherSearch { path: folder.to_owned(), what })
    }

    /// Refuses a folder with files other than a search's, and creates nothing.
    ///
    /// # Errors
    /// [`SearchError::FolderInUse`]; [`SearchError::Files`].
    pub fn refuse_used(folder: &Path) -> Result<(), SearchError> {
        if !files::exists(folder)? || files::exists(&folder.join("search.json"))? {
            return Ok(());
        }
        // The lock and temporary files of processes that start at the same moment do not count.
        let is_other = |path: &PathBuf| path.extension().is_none_or(|e| e != "lock" && e != "tmp");
        match list_folder(folder)?.iter().any(is_other) {
            true => Err(SearchError::FolderInUse { path: folder.to_owned() }),
            false => Ok(()),
        }
    }

    /// The part that must be equal for two plans to be the same: not how the command was typed, nor where a machine stores the
    /// data, which has a checksum.
    fn essence(&self) -> Self {
        let mut essence = self.clone();
        essence.command.clear();
        essence.settings.iter_mut().for_each(|setting| setting.config.data = None);
        essence
    }

    /// Reads the plan of a search's folder.
    ///
    /// # Errors
    /// [`SearchError::Files`], [`SearchError::File`].
    pub fn read(folder: &Path) -> Result<Self, SearchError> {
        let path = folder.join("search.json");
        let text = files::read_text(&path)?;
        let wrong = |problem: String| SearchError::File { path: path.clone(), problem };
        let plan: Self = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        plan.validate().map_err(|e| wrong(e.to_string()))?;
        Ok(plan)
    }

    /// Checks what the rest of the search relies on.
    ///
    /// # Errors
    /// [`SearchError::Plan`] describes the first problem.
    pub fn validate(&self) -> Result<(), SearchError> {
        let refuse = |problem: String| Err(SearchError::Plan { problem });
        if !(2..=1000).contains(&self.folds) {
            return refuse(format!("`folds` is {}, but must be between 2 and 1000", self.folds));
        }
        if self.settings.is_empty() {
            return refuse("there are no settings to try; give `grid` OPTION=VALUES".to_owned());
        }
        if self.halving.is_some_and(|halving| halving.factor < 2) {
            return refuse("halving needs a factor of at least 2".to_owned());
        }
        let names = |setting: &Setting| setting.options.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        if self.settings.windows(2).any(|pair| names(&pair[0]) != names(&pair[1])) {
            return refuse("its settings differ in their options".to_owned());
        }
        self.settings.iter().try_for_each(|setting| {
            let checked = setting.config.validate();
            checked.map_err(|e| SearchError::Plan { problem: e.to_string() })
        })
    }

    /// The settings of a fit.
    ///
    /// When a fit has fewer epochs than the setting asks for, its warm-up and milestones are at the same share of the training.
    pub fn config_of(&self, key: FitKey) -> TrainConfig {
        let mut config = self.settings[key.setting].config.clone();
        let share = key.epochs as f64 / config.epochs as f64;
        config.epochs = key.epochs;
        config.optimisation.learning_rate.warm_up *= share;
        if let Schedule::Step(Step { milestones, .. }) = &mut config.optimisation.learning_rate.schedule {
            for milestone in milestones {
                *milestone = (*milestone as f64 * share).round() as usize;
            }
        }
        config
    }

    /// The epochs of each rung of successive halving; without halving there is a single rung.
    fn rungs(&self, setting: usize) -> Vec<usize> {
        let full = self.settings[setting].config.epochs;
        let Some(Halving { factor }) = self.halving else {
            return vec![full];
        };
        // As many rungs as it takes to get down to one setting, counted as in scikit-learn.
        let mut rungs = vec![full];
        let mut left = self.settings.len() / factor;
        while left > 0 {
            rungs.push(rungs[rungs.len() - 1].div_ceil(factor));
            left /= factor;
        }
        rungs.reverse();
        rungs
    }

    /// The fits that can be done, given the results so far: all those of the first incomplete rung, or else of the last rung.
    pub fn next_fits(&self, results: &BTreeMap<FitKey, FitResult>) -> Vec<FitKey> {
        let mut alive: Vec<usize> = (0..self.settings.len()).collect();
        let rungs = alive.first().map_or(0, |first| self.rungs(*first).len());
        let mut fits = Vec::new();
        for rung in 0..rungs {
            let of_setting = |setting: usize| {
                let epochs = self.rungs(setting)[rung];
                (0..self.folds).map(move |fold| FitKey { setting, fold, epochs })
            };
            fits = alive.iter().copied().flat_map(of_setting).collect();
            if fits.iter().any(|key| !results.contains_key(key)) {
                break;
            }
            if let Some(Halving { factor }) = self.halving {
                let of_rung: BTreeMap<FitKey, FitResult> =
                    fits.iter().map(|key| (*key, results[key].clone())).collect();
                let ranked = Summary::new(self, &of_rung);
                let keep = alive.len().div_ceil(factor);
                let mut best: Vec<usize> = ranked.rows.iter().take(keep).map(|row| row.setting).collect();
                best.sort_unstable();
                alive = best;
            }
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::super::Score;
    use super::*;

    fn plan(settings: usize, halving: Option<Halving>) -> Plan {
        let setting = |i: usize| Setting {
            options: vec![("lr".to_owned(), i.to_string())],
            config: TrainConfig { epochs: 9, ..TrainConfig::default() },
        };
        Plan {
            settings: (0..settings).map(setting).collect(),
            folds: 2,
            score: Monitor::Loss,
            halving,
            command: "selvedge train cnn".to_owned(),
            data_checksum: 1,
        }
    }

    /// Does fits until there are none left; settings with higher numbers are better.
    fn play(plan: &Plan) -> Vec<Vec<FitKey>> {
        let mut results = BTreeMap::new();
        let mut rounds = Vec::new();
        loop {
            let fits: Vec<FitKey> = plan.next_fits(&results).into_iter().filter(|k| !results.contains_key(k)).collect();
            if fits.is_empty() {
                return rounds;
            }
            for key in &fits {
                let score = Score {
                    log_loss: 1.0 / (1 + key.setting) as f64,
                    accuracy: 0.5,
                    macro_f1: None,
                    best_epoch: 1,
                    epochs: key.epochs,
                    seconds: 1.0,
                };
                results.insert(*key, FitResult::Scored(score));
            }
            rounds.push(fits);
        }
    }

    #[test]
    fn a_grid_is_one_round_of_all_folds() {
        let rounds = play(&plan(5, None));
        assert_eq!(rounds.len(), 1);
        assert_eq!(rounds[0].len(), 10);
        assert!(rounds[0].iter().all(|key| key.epochs == 9));
    }

    #[test]
    fn halving_keeps_the_best_third_for_three_times_the_epochs() {
        let rounds = play(&plan(9, Some(Halving { factor: 3 })));
        let shape: Vec<(usize, usize)> = rounds.iter().map(|fits| (fits.len() / 2, fits[0].epochs)).collect();
        assert_eq!(shape, [(9, 1), (3, 3), (1, 9)]);
        assert!(rounds[1].iter().all(|key| key.setting >= 6));
        assert!(rounds[2].iter().all(|key| key.setting == 8));
        // One setting needs no comparison.
        assert_eq!(play(&plan(1, Some(Halving { factor: 3 }))).len(), 1);
        let two: Vec<usize> = play(&plan(2, Some(Halving { factor: 2 }))).iter().map(Vec::len).collect();
        assert_eq!(two, [4, 2]);
    }

    #[test]
    fn a_folder_keeps_one_plan() {
        let folder = tempfile::tempdir().unwrap();
        plan(3, None).settle(folder.path()).unwrap();
        plan(3, None).settle(folder.path()).unwrap();
        let other = plan(4, None).settle(folder.path()).unwrap_err().to_string();
        assert!(other.contains("its settings"), "{other}");
        let folds = Plan { folds: 3, ..plan(3, None) };
        assert!(folds.settle(folder.path()).unwrap_err().to_string().contains("folds"));
    }

    #[test]
    fn plans_that_nobody_can_carry_out_are_refused() {
        let broken = |change: fn(&mut Plan)| {
            let mut plan = plan(3, Some(Halving { factor: 2 }));
            change(&mut plan);
            let folder = tempfile::tempdir().unwrap();
            write_json(&folder.path().join("search.json"), &plan).unwrap();
            Plan::read(folder.path()).unwrap_err().to_string()
        };
        assert!(broken(|p| p.folds = 1).contains("`folds` is 1"));
        assert!(broken(|p| p.halving = Some(Halving { factor: 1 })).contains("factor"));
        assert!(broken(|p| p.settings[1].options.clear()).contains("options"));
        assert!(broken(|p| p.settings[2].config.batch_size = 0).contains("`batch-size` is 0"));
    }
}
