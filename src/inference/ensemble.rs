//! Several trained networks as one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::classifier::name_of;
use super::{Classifier, InferenceError, Views};
use crate::data::{Dataset, Form, ImageSet};
use crate::eval::{CrossValidation, Predictions, Stack, ensemble};
use crate::files::{FileError, FileTask, read_text, write_json};
use crate::gpu::Gpu;
use crate::ranks::Ranks;

/// How members are combined, without the fitted part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RuleKind {
    /// The mean of the probabilities (soft voting)
    Mean,
    /// Their weighted mean; the weights have the smallest log loss on the validation split
    Weighted,
    /// Each model has one vote (hard voting); a tie goes to the tied class with the largest mean probability
    Vote,
    /// A logistic regression on the models' probabilities, fitted on the validation split
    Stack,
}

impl RuleKind {
    /// Whether part of it is fitted to validation images.
    pub fn is_fitted(self) -> bool {
        matches!(self, Self::Weighted | Self::Stack)
    }
}

/// How members are combined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Rule {
    /// The mean of the probabilities: soft voting.
    Mean,
    /// Their weighted mean: [`ensemble::fit_weights`].
    Weighted {
        /// One per member.
        weights: Vec<f64>,
    },
    /// Hard voting: [`ensemble::vote`].
    Vote,
    /// A logistic regression on them: [`Stack`].
    Stack(Stack),
}

impl Rule {
    /// Its name on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Weighted { .. } => "weighted",
            Self::Vote => "vote",
            Self::Stack(_) => "stack",
        }
    }

    /// The rule without its fitted part.
    pub fn kind(&self) -> RuleKind {
        match self {
            Self::Mean => RuleKind::Mean,
            Self::Weighted { .. } => RuleKind::Weighted,
            Self::Vote => RuleKind::Vote,
            Self::Stack(_) => RuleKind::Stack,
        }
    }

    /// Fits the rule to predictions for images that no member was trained on. Also returns the result of cross-validation.
    ///
    /// # Errors
    /// When the predictions do not belong together.
    pub fn fit(
        kind: RuleKind,
        members: &[Predictions],
        seed: u64,
    ) -> Result<(Self, Vec<CrossValidation>), InferenceError> {
        Ok(match kind {
            RuleKind::Mean => (Self::Mean, Vec::new()),
            RuleKind::Vote => (Self::Vote, Vec::new()),
            RuleKind::Weighted => {
                let weights = ensemble::fit_weights(members)?;
                (Self::Weighted { weights }, Vec::new())
            }
            RuleKind::Stack => {
                let (stack, tried) = Stack::fit(members, seed)?;
                (Self::Stack(stack), tried)
            }
        })
    }

    /// The combined predictions of the members.
    ///
    /// # Errors
    /// When their predictions do not belong together, or the rule was fitted to another number of members.
    pub fn combine(&self, members: &[Predictions]) -> Result<Predictions, InferenceError> {
        Ok(match self {
            Self::Mean => ensemble::average(members, &vec![1.0; members.len()])?,
            Self::Weighted { weights } => ensemble::average(members, weights)?,
            Self::Vote => ensemble::vote(members)?,
            Self::Stack(stack) => stack.apply(members)?,
        })
    }
}

/// A member as stored in the ensemble's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Run folder or weight file, relative to the ensemble's folder.
    pub path: PathBuf,
    /// [`Classifier::checksum`].
    pub checksum: u32,
}

/// `ensemble.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnsembleFile {
    version: String,
    rule: Rule,
    members: Vec<Member>,
}

/// Several trained networks and how they are combined.
pub struct Ensemble {
    name: String,
    rule: Rule,
    members: Vec<Classifier>,
}

impl Ensemble {
    /// The name of its file in a folder.
    pub const FILE: &'static str = "ensemble.json";
    /// The smallest number of validation images that a rule should be fitted to.
    pub const FEWEST_TO_FIT: usize = 200;

    /// The ensemble's file, if the path is such a file or a folder with one.
    pub fn file_at(path: &Path) -> Option<PathBuf> {
        let inside = path.join(Self::FILE);
        if inside.is_file() {
            return Some(inside);
        }
        (path.is_file() && path.extension().is_some_and(|e| e == "json")).then(|| path.to_owned())
    }

    /// Reads an ensemble and opens its members.
    ///
    /// # Errors
    /// [`InferenceError::Ensemble`] when it is not an ensemble, [`InferenceError::Changed`] when a member's weights have changed
    /// since it was made; otherwise what is wrong with a member.
    pub fn open(gpu: &Arc<Gpu>, path: &Path) -> Result<Self, InferenceError> {
        let wrong = |problem: String| InferenceError::Ensemble { path: path.to_owned(), problem };
        let text = read_text(path)?;
        let file: EnsembleFile = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if let Rule::Weighted { weights } = &file.rule {
            let sound = weights.iter().all(|w| w.is_finite() && *w >= 0.0) && weights.iter().sum::<f64>() > 0.0;
            if !sound || weights.len() != file.members.len() {
                return Err(wrong("its weights must be numbers from 0 up, one a member".to_owned()));
            }
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut members = Vec::new();
        for member in &file.members {
            let classifier = Classifier::open(gpu, &folder.join(&member.path))?;
            if classifier.checksum()? != member.checksum {
                return Err(InferenceError::Changed { path: classifier.path().to_owned() });
            }
            members.push(classifier);
        }
        let of_folder = path.file_name().is_some_and(|name| name == Self::FILE);
        let named = if of_folder { folder } else { path };
        Self::new(members, file.rule, name_of(named))
    }

    /// Combines classifiers.
    ///
    /// # Errors
    /// [`InferenceError::FewMembers`]; [`InferenceError::OtherForm`] when they take different images or know different classes.
    pub fn new(members: Vec<Classifier>, rule: Rule, name: String) -> Result<Self, InferenceError> {
        if members.len() < 2 {
            return Err(InferenceError::FewMembers { members: members.len() });
        }
        let first = members[0].run();
        let is_other = |member: &&Classifier| {
            let run = member.run();
            run.form != first.form || !run.train.reading.is_same_images(&first.train.reading)
        };
        if let Some(other) = members.iter().find(is_other) {
            return Err(InferenceError::OtherForm {
                first: members[0].path().to_owned(),
                other: other.path().to_owned(),
            });
        }
        Ok(Self { name, rule, members })
    }

    /// Writes `ensemble.json` into a folder; the members' paths are relative to it.
    ///
    /// # Errors
    /// [`InferenceError::File`].
    pub fn save(&self, folder: &Path) -> Result<(), InferenceError> {
        let here = absolute(folder)?;
        let mut members = Vec::new();
        for member in &self.members {
            let path = absolute(member.path())?;
            members.push(Member {
                path: pathdiff::diff_paths(&path, &here).unwrap_or(path),
                checksum: member.checksum()?,
            });
        }
        let file = EnsembleFile { version: env!("CARGO_PKG_VERSION").to_owned(), rule: self.rule.clone(), members };
        Ok(write_json(&folder.join(Self::FILE), &file)?)
    }

    /// The name of its folder or file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the members are combined.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The form of the data that it takes.
    pub fn form(&self) -> &Form {
        self.members[0].network().form()
    }

    /// The members.
    pub fn members(&self) -> &[Classifier] {
        &self.members
    }

    /// The combined predictions of the members.
    ///
    /// # Errors
    /// Those of the device.
    pub fn predict(&self, set: &ImageSet, views: Views) -> Result<Predictions, InferenceError> {
        self.predict_with(&Ranks::alone(), set, views)
    }

    /// As [`Ensemble::predict`], each rank for its part of the set.
    ///
    /// # Errors
    /// Those of the device; [`InferenceError::Ranks`].
    pub fn predict_with(&self, ranks: &Ranks, set: &ImageSet, views: Views) -> Result<Predictions, InferenceError> {
        let members = self.members.iter().map(|member| member.predict_with(ranks, set, views));
        self.rule.combine(&members.collect::<Result<Vec<_>, _>>()?)
    }

    /// The images of the data's training set that no member was trained on and all were validated on: at least `fewest`.
    ///
    /// # Errors
    /// [`InferenceError::FewCommonImages`]; as [`Classifier::validation_images`].
    pub fn common_validation_images(
        members: &[&Classifier],
        data: &Dataset,
        fewest: usize,
    ) -> Result<Vec<u32>, InferenceError> {
        let mut common: Option<Vec<u32>> = None;
        for member in members {
            let own = member.validation_images(data)?;
            common = Some(match common {
                // Both are in ascending order.
                Some(mut common) => {
                    common.retain(|image| own.binary_search(image).is_ok());
                    common
                }
                None => own,
            });
        }
        let common = common.unwrap_or_default();
        if common.len() < fewest {
            return Err(InferenceError::FewCommonImages { images: common.len(), wanted: fewest });
        }
        Ok(common)
    }
}

fn absolute(path: &Path) -> Result<PathBuf, InferenceError> {
    Ok(fs::canonicalize(path).map_err(FileError::io(path, FileTask::Read))?)
}
