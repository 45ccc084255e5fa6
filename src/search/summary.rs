//! What a search has found so far: settings ordered by score, and the effect of each option on the score.

use std::collections::BTreeMap;
use std::path::Path;

use super::{FitKey, FitResult, Plan, Score, SearchError};
use crate::files::write_atomically;
use crate::plot::{Effect, Effects, save_png, save_svg};
use crate::settings::Monitor;

/// One setting with its scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number in the plan.
    pub setting: usize,
    /// Epochs of the fits below: those of the highest rung the setting has reached.
    pub epochs: usize,
    /// Scores of its folds so far.
    pub scores: Vec<Score>,
    /// Why fits failed.
    pub failures: Vec<String>,
}

impl Row {
    /// A setting with its results for this many epochs.
    fn new(setting: usize, epochs: usize, results: &BTreeMap<FitKey, FitResult>) -> Self {
        let mut row = Self { setting, epochs, scores: Vec::new(), failures: Vec::new() };
        for (key, result) in results {
            if (key.setting, key.epochs) != (setting, epochs) {
                continue;
            }
            match result {
                FitResult::Scored(score) => row.scores.push(*score),
                FitResult::Failed { reason } => row.failures.push(reason.clone()),
            }
        }
        row
    }

    /// Mean and standard deviation over the folds (the population deviation, as scikit-learn reports it).
    pub fn mean_and_deviation(&self, metric: impl Fn(&Score) -> f64) -> Option<(f64, f64)> {
        let n = self.scores.len() as f64;
        if self.scores.is_empty() {
            return None;
        }
        let mean = self.scores.iter().map(&metric).sum::<f64>() / n;
        let variance = self.scores.iter().map(|s| (metric(s) - mean).powi(2)).sum::<f64>() / n;
        Some((mean, variance.sqrt()))
    }

    /// The mean score, negated if necessary so that lower is better; infinite when a fit failed or none is done.
    fn rank(&self, score: Monitor) -> f64 {
        let mean = match score {
            Monitor::Loss => self.mean_and_deviation(|s| s.log_loss),
            Monitor::Accuracy => self.mean_and_deviation(|s| -s.accuracy),
            Monitor::MacroF1 => self.mean_and_deviation(|s| -s.macro_f1.unwrap_or(f64::NAN)),
        };
        match mean {
            Some((mean, _)) if self.failures.is_empty() && !mean.is_nan() => mean,
            _ => f64::INFINITY,
        }
    }
}

/// The state of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Settings, best first: those with more epochs come before those that were dropped earlier.
    pub rows: Vec<Row>,
    /// Settings in the order of the plan, with the scores at the smallest number of epochs: the rung that all settings have
    /// been on.
    pub first: Vec<Row>,
    /// Fits that are done.
    pub done: usize,
}

impl Summary {
    /// From the results so far.
    pub fn new(plan: &Plan, results: &BTreeMap<FitKey, FitResult>) -> Self {
        let row = |setting: usize, latest: bool| {
            let epochs = results.keys().filter(|key| key.setting == setting).map(|key| key.epochs);
            let epochs = if latest { epochs.max() } else { epochs.min() };
            Row::new(setting, epochs.unwrap_or(0), results)
        };
        let all = 0..plan.settings.len();
        let mut rows: Vec<Row> = all.clone().map(|setting| row(setting, true)).collect();
        // Without halving all settings train for the epochs they ask for, and more epochs do not rank higher.
        let rung = |row: &Row| if plan.halving.is_some() { row.epochs } else { 0 };
        rows.sort_by(|a, b| rung(b).cmp(&rung(a)).then(a.rank(plan.score).total_cmp(&b.rank(plan.score))));
        Self { rows, first: all.map(|setting| row(setting, false)).collect(), done: results.len() }
    }

    /// The best setting that has been tried on all folds, if any has.
    pub fn winner(&self, plan: &Plan) -> Option<&Row> {
        self.rows.iter().find(|row| row.rank(plan.score).is_finite() && row.scores.len() == plan.folds)
    }

    /// The command that trains a setting on the whole training split.
    pub fn command(&self, plan: &Plan, row: &Row) -> String {
        let mut command = plan.command.clone();
        for (option, value) in &plan.settings[row.setting].options {
            command.push_str(&format!(" --{option} {value}"));
        }
        command
    }

    /// Writes `results.csv`, `effects.png` and `effects.svg` into the search's folder.
    ///
    /// # Errors
    /// [`SearchError`].
    pub fn write(&self, plan: &Plan, folder: &Path) -> Result<(), SearchError> {
        let path = folder.join("results.csv");
        write_atomically(&path, |file| {
            let mut writer = csv::Writer::from_writer(file);
            let options = plan.settings.first().map_or(&[][..], |setting| &setting.options);
            let names = options.iter().map(|(option, _)| option.as_str());
            let metrics = [
                "epochs",
                "folds_done",
                "mean_log_loss",
                "deviation_log_loss",
                "mean_accuracy",
                "deviation_accuracy",
                "seconds",
                "failures",
            ];
            writer.write_record(names.chain(metrics))?;
            for row in &self.rows {
                let values = plan.settings[row.setting].options.iter().map(|(_, value)| value.clone());
                writer.write_record(values.chain(row.cells()))?;
            }
            writer.flush()
        })?;

        let effects = self.effects(plan);
        let picture = Effects { score: plan.score.name(), effects: &effects };
        save_png(&picture, &folder.join("effects.png"))?;
        Ok(save_svg(&picture, &folder.join("effects.svg"))?)
    }

    /// For each option with more than one value: the mean score of every setting, by value, all for the same number of epochs.
    fn effects(&self, plan: &Plan) -> Vec<Effect> {
        let options = plan.settings.first().map_or(0, |setting| setting.options.len());
        let effect = |i: usize| {
            let mut values: Vec<(String, Vec<f64>)> = Vec::new();
            for row in &self.first {
                let score = row.rank(plan.score);
                let (_, value) = &plan.settings[row.setting].options[i];
                let place = values.iter().position(|(known, _)| known == value).unwrap_or_else(|| {
                    values.push((value.clone(), Vec::new()));
                    values.len() - 1
                });
                if score.is_finite() {
                    values[place].1.push(score.abs());
                }
            }
            // Numbers are sorted, names stay in the given order.
            let number = |text: &str| text.parse::<f64>().ok();
            if values.iter().all(|(value, _)| number(value).is_some()) {
                values.sort_by(|a, b| number(&a.0).partial_cmp(&number(&b.0)).unwrap_or(std::cmp::Ordering::Equal));
            }
            Effect { parameter: plan.settings[0].options[i].0.clone(), values }
        };
        (0..options).map(effect).filter(|effect| effect.values.len() > 1).collect()
    }
}

impl Row {
    /// The metrics of `results.csv`.
    fn cells(&self) -> [String; 8] {
        let metric = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
        let loss = self.mean_and_deviation(|s| s.log_loss);
        let accuracy = self.mean_and_deviation(|s| s.accuracy);
        [
            self.epochs.to_string(),
            self.scores.len().to_string(),
            metric(loss.map(|l| l.0)),
            metric(loss.map(|l| l.1)),
            metric(accuracy.map(|a| a.0)),
            metric(accuracy.map(|a| a.1)),
            format!("{:.1}", self.scores.iter().fold(0.0, |sum, s| sum + s.seconds)),
            self.failures.join("; "),
        ]
    }
}
