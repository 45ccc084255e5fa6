//! Stacking (Wolpert 1992): a multinomial logistic regression on what the members of an ensemble say.

use serde::{Deserialize, Serialize};

use super::ensemble::check;
use super::lbfgs::minimise;
use super::{EvalError, Predictions};
use crate::data::{Split, stratified_folds};

/// A fitted regression: `softmax(weights x + intercepts)`, where x are the logarithms of all members' probabilities, one
/// member after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// One row a class, one column a member and class.
    pub weights: Vec<Vec<f64>>,
    /// One a class.
    pub intercepts: Vec<f64>,
    /// The penalty it was fitted with: `penalty / 2` times the sum of squared weights on top of the mean log loss.
    pub penalty: f64,
}

/// How a penalty does on images that a regression was not fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CrossValidation {
    /// The penalty.
    pub penalty: f64,
    /// Mean log loss over all images, each by the regression of the folds it is not in.
    pub log_loss: f64,
    /// Accuracy, likewise.
    pub accuracy: f64,
}

impl Stack {
    /// The penalties that cross-validation chooses from.
    pub const PENALTIES: [f64; 5] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0];
    /// Folds of the cross-validation.
    pub const FOLDS: usize = 5;

    /// Chooses the penalty by cross-validation (the smallest log loss), then fits all images with it. Also returns how each
    /// penalty did.
    ///
    /// # Errors
    /// [`EvalError::Members`], [`EvalError::Different`]; [`EvalError::Folds`] when there are too few images.
    pub fn fit(members: &[Predictions], seed: u64) -> Result<(Self, Vec<CrossValidation>), EvalError> {
        check(members, members.len())?;
        let problem = Problem::new(members);
        let folds = stratified_folds(problem.labels, Self::FOLDS, seed).map_err(|_| EvalError::Folds {
            images: problem.labels.len(),
            folds: Self::FOLDS,
        })?;
        let tried: Vec<CrossValidation> = Self::PENALTIES
            .iter()
            .map(|penalty| problem.cross_validate(*penalty, &folds))
            .collect();
        let best = tried.iter().min_by(|a, b| a.log_loss.total_cmp(&b.log_loss));
        let penalty = best.map_or(Self::PENALTIES[0], |best| best.penalty);
        Ok((problem.fit_all(penalty), tried))
    }

    /// Fits all images with this penalty.
    ///
    /// # Errors
    /// [`EvalError::Members`], [`EvalError::Different`].
    pub fn fit_with(members: &[Predictions], penalty: f64) -> Result<Self, EvalError> {
        check(members, members.len())?;
        Ok(Problem::new(members).fit_all(penalty))
    }

    /// What the regression makes of its members' predictions.
    ///
    /// # Errors
    /// [`EvalError::Members`] when it was fitted to another number of members or classes; [`EvalError::Different`] when they
    /// are not of the same images.
    pub fn apply(&self, members: &[Predictions]) -> Result<Predictions, EvalError> {
        check(members, members.len())?;
        let problem = Problem::new(members);
        let fits = self.weights.len() == problem.classes
            && self.intercepts.len() == problem.classes
            && self.weights.iter().all(|row| row.len() == problem.width);
        if !fits {
            return Err(EvalError::Members {
                members: members.len(),
                weights: self.weights.first().map_or(0, Vec::len) / problem.classes.max(1),
            });
        }
        let theta = self.parameters();
        let probabilities = (0..problem.labels.len()).flat_map(|image| problem.probabilities(&theta, image));
        members[0].with_probabilities(probabilities.map(|p| p as f32).collect())
    }

    /// Weights and intercept of each class, one class after the other.
    fn parameters(&self) -> Vec<f64> {
        let rows = self.weights.iter().zip(&self.intercepts);
        rows.flat_map(|(row, intercept)| row.iter().chain([intercept]))
            .copied()
            .collect()
    }
}

/// What a regression is fitted to.
struct Problem<'a> {
    /// Row-major `[images, width]`.
    features: Vec<f64>,
    /// Members times classes.
    width: usize,
    labels: &'a [u8],
    classes: usize,
}

impl<'a> Problem<'a> {
    fn new(members: &'a [Predictions]) -> Self {
        let classes = members[0].class_names().len();
        let labels = members[0].labels();
        let width = members.len() * classes;
        let mut features = vec![0.0; labels.len() * width];
        for (m, member) in members.iter().enumerate() {
            for (image, row) in member.rows().enumerate() {
                let to = &mut features[image * width + m * classes..][..classes];
                for (to, p) in to.iter_mut().zip(row) {
                    *to = f64::from(p.max(f32::EPSILON)).ln();
                }
            }
        }
        Self {
            features,
            width,
            labels,
            classes,
        }
    }

    fn row(&self, image: usize) -> &[f64] {
        &self.features[image * self.width..][..self.width]
    }

    /// Of each class, by the parameters `[classes, width + 1]`.
    fn probabilities(&self, theta: &[f64], image: usize) -> Vec<f64> {
        let x = self.row(image);
        let logit = |row: &[f64]| -> f64 {
            let (weights, intercept) = row.split_at(self.width);
            intercept[0] + weights.iter().zip(x).map(|(w, x)| w * x).sum::<f64>()
        };
        let logits: Vec<f64> = theta.chunks_exact(self.width + 1).map(logit).collect();
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = logits.iter().map(|l| (l - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.iter().map(|p| p / sum).collect()
    }

    /// Mean log loss of these images with the penalty, and its gradient.
    fn loss(&self, theta: &[f64], images: &[u32], penalty: f64) -> (f64, Vec<f64>) {
        let (mut loss, mut gradient) = (0.0, vec![0.0; theta.len()]);
        for image in images.iter().map(|i| *i as usize) {
            let mut errors = self.probabilities(theta, image);
            let label = usize::from(self.labels[image]);
            loss -= errors[label].max(f64::MIN_POSITIVE).ln();
            errors[label] -= 1.0;
            let x = self.row(image);
            for (row, error) in gradient.chunks_exact_mut(self.width + 1).zip(errors) {
                for (g, x) in row.iter_mut().zip(x.iter().chain([&1.0])) {
                    *g += error * x;
                }
            }
        }
        let n = images.len().max(1) as f64;
        loss /= n;
        gradient.iter_mut().for_each(|g| *g /= n);
        let rows = theta
            .chunks_exact(self.width + 1)
            .zip(gradient.chunks_exact_mut(self.width + 1));
        for (weights, gradient) in rows {
            for (w, g) in weights.iter().zip(gradient).take(self.width) {
                loss += penalty / 2.0 * w * w;
                *g += penalty * w;
            }
        }
        (loss, gradient)
    }

    fn fit_all(&self, penalty: f64) -> Stack {
        let all: Vec<u32> = (0..self.labels.len() as u32).collect();
        self.fit(&all, penalty)
    }

    fn fit(&self, images: &[u32], penalty: f64) -> Stack {
        let start = vec![0.0; self.classes * (self.width + 1)];
        let theta = minimise(start, |theta| self.loss(theta, images, penalty));
        let rows = || theta.chunks_exact(self.width + 1);
        Stack {
            weights: rows().map(|row| row[..self.width].to_vec()).collect(),
            intercepts: rows().map(|row| row[self.width]).collect(),
            penalty,
        }
    }

    fn cross_validate(&self, penalty: f64, folds: &[Split]) -> CrossValidation {
        let (mut loss, mut right) = (0.0, 0);
        for fold in folds {
            let theta = self.fit(&fold.train, penalty).parameters();
            for image in fold.validation.iter().map(|i| *i as usize) {
                let p = self.probabilities(&theta, image);
                let truth = p[usize::from(self.labels[image])];
                loss -= truth.max(f64::MIN_POSITIVE).ln();
                right += usize::from(p.iter().all(|other| *other <= truth));
            }
        }
        let n = self.labels.len() as f64;
        CrossValidation {
            penalty,
            log_loss: loss / n,
            accuracy: right as f64 / n,
        }
    }
}
