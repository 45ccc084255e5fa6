//! Stacking (Wolpert 1992): a multinomial logistic regression on the predictions of an ensemble's members.

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
    /// One row per class, one column per member and class.
    pub weights: Vec<Vec<f64>>,
    /// One per class.
    pub intercepts: Vec<f64>,
    /// The penalty it was fitted with: `penalty / 2` times the sum of squared weights is added to the mean log loss.
    pub penalty: f64,
}

/// The results of a penalty on images that the regression was not fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CrossValidation {
    /// The penalty.
    pub penalty: f64,
    /// Mean log loss over all images, each predicted by the regression fitted to the folds without it.
    pub log_loss: f64,
    /// Accuracy, likewise.
    pub accuracy: f64,
}

impl Stack {
    /// The penalties that cross-validation chooses from.
    pub const PENALTIES: [f64; 5] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4];
    /// Folds of the cross-validation.
    pub const FOLDS: usize = 5;

    /// Chooses the penalty by cross-validation (the smallest log loss), then fits to all images with it. Also returns the
    /// results of each penalty.
    ///
    /// # Errors
    /// [`EvalError::Members`], [`EvalError::Different`]; [`EvalError::Folds`] when there are too few images.
    pub fn fit(members: &[Predictions], seed: u64) -> Result<(Self, Vec<CrossValidation>), EvalError> {
        check(members, members.len())?;
        let problem = Problem::new(members);
        let folds = stratified_folds(problem.labels, Self::FOLDS, seed)
            .map_err(|_| EvalError::Folds { images: problem.labels.len(), folds: Self::FOLDS })?;
        let tried = problem.cross_validate(&Self::PENALTIES, &folds);
        let best = tried.iter().min_by(|a, b| a.log_loss.total_cmp(&b.log_loss));
        let penalty = best.map_or(Self::PENALTIES[0], |best| best.penalty);
        Ok((problem.fit_all(penalty), tried))
    }

    /// Fits to all images with this penalty.
    ///
    /// # Errors
    /// [`EvalError::Members`], [`EvalError::Different`].
    pub fn fit_with(members: &[Predictions], penalty: f64) -> Result<Self, EvalError> {
        check(members, members.len())?;
        Ok(Problem::new(members).fit_all(penalty))
    }

    /// The regression's predictions, given those of its members.
    ///
    /// # Errors
    /// [`EvalError::Members`] when it was fitted to another number of members or classes; [`EvalError::Different`] when they
    /// are not for the same images.
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
        let mut p = vec![0.0; problem.classes];
        let mut probabilities = Vec::with_capacity(problem.labels.len() * problem.classes);
        for image in 0..problem.labels.len() {
            problem.probabilities(&theta, image, &mut p);
            probabilities.extend(p.iter().map(|p| *p as f32));
        }
        members[0].with_probabilities(probabilities)
    }

    /// In the layout that [`Problem`] uses.
    fn parameters(&self) -> Vec<f64> {
        let features = self.weights.first().map_or(0, Vec::len);
        let of_feature = |feature: usize| self.weights.iter().map(move |row| row[feature]);
        let weights = (0..features).flat_map(of_feature);
        weights.chain(self.intercepts.iter().copied()).collect()
    }
}

/// The data that a regression is fitted to.
struct Problem<'a> {
    /// Row-major `[images, width]`.
    features: Vec<f64>,
    /// Members times classes.
    width: usize,
    labels: &'a [u16],
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
        Self { features, width, labels, classes }
    }

    fn row(&self, image: usize) -> &[f64] {
        &self.features[image * self.width..][..self.width]
    }

    /// The probabilities of each class. Parameters are stored feature by feature (`[width, classes]`, then the intercepts):
    /// the work for a feature is done for all classes side by side, which a processor does at once.
    fn probabilities(&self, theta: &[f64], image: usize, p: &mut [f64]) {
        let (weights, intercepts) = theta.split_at(self.width * self.classes);
        p.copy_from_slice(intercepts);
        for (x, weights) in self.row(image).iter().zip(weights.chunks_exact(self.classes)) {
            for (logit, weight) in p.iter_mut().zip(weights) {
                *logit += x * weight;
            }
        }
        let largest = p.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        p.iter_mut().for_each(|logit| *logit = (*logit - largest).exp());
        let sum: f64 = p.iter().sum();
        p.iter_mut().for_each(|power| *power /= sum);
    }

    /// Mean log loss of these images plus the penalty, and its gradient.
    fn loss(&self, theta: &[f64], images: &[u32], penalty: f64) -> (f64, Vec<f64>) {
        let (mut loss, mut gradient) = (0.0, vec![0.0; theta.len()]);
        let mut errors = vec![0.0; self.classes];
        let n = images.len().max(1) as f64;
        for image in images.iter().map(|i| *i as usize) {
            self.probabilities(theta, image, &mut errors);
            let label = usize::from(self.labels[image]);
            loss -= errors[label].max(f64::MIN_POSITIVE).ln() / n;
            errors[label] -= 1.0;
            let features = self.row(image).iter().chain([&1.0]);
            for (x, gradient) in features.zip(gradient.chunks_exact_mut(self.classes)) {
                for (g, error) in gradient.iter_mut().zip(&errors) {
                    *g += x * error;
                }
            }
        }
        gradient.iter_mut().for_each(|g| *g /= n);
        let penalised = self.width * self.classes;
        for (w, g) in theta.iter().zip(&mut gradient).take(penalised) {
            loss += penalty / 2.0 * w * w;
            *g += penalty * w;
        }
        (loss, gradient)
    }

    /// The best parameters for these images, searched from `start`.
    fn fit(&self, images: &[u32], penalty: f64, start: Vec<f64>, tolerance: f64) -> Vec<f64> {
        minimise(start, tolerance, |theta| self.loss(theta, images, penalty))
    }

    fn zeros(&self) -> Vec<f64> {
        vec![0.0; (self.width + 1) * self.classes]
    }

    fn fit_all(&self, penalty: f64) -> Stack {
        let all: Vec<u32> = (0..self.labels.len() as u32).collect();
        let theta = self.fit(&all, penalty, self.zeros(), 1e-6);
        let (weights, intercepts) = theta.split_at(self.width * self.classes);
        let of_class = |class: usize| weights.iter().skip(class).step_by(self.classes).copied().collect();
        Stack { weights: (0..self.classes).map(of_class).collect(), intercepts: intercepts.to_vec(), penalty }
    }

    /// The results of each penalty.
    fn cross_validate(&self, penalties: &[f64], folds: &[Split]) -> Vec<CrossValidation> {
        let mut tried: Vec<CrossValidation> = penalties.iter().map(|penalty| CrossValidation::of(*penalty)).collect();
        let n = self.labels.len() as f64;
        let mut p = vec![0.0; self.classes];
        for fold in folds {
            let mut theta = self.zeros();
            for tried in &mut tried {
                // Starts from the solution for the previous penalty, which is near, and goes no further than the comparison
                // needs.
                theta = self.fit(&fold.train, tried.penalty, theta, 1e-4);
                for image in fold.validation.iter().map(|i| *i as usize) {
                    self.probabilities(&theta, image, &mut p);
                    let truth = p[usize::from(self.labels[image])];
                    tried.log_loss -= truth.max(f64::MIN_POSITIVE).ln() / n;
                    tried.accuracy += f64::from(u8::from(p.iter().all(|other| *other <= truth))) / n;
                }
            }
        }
        tried
    }
}

impl CrossValidation {
    /// Before any image.
    fn of(penalty: f64) -> Self {
        Self { penalty, log_loss: 0.0, accuracy: 0.0 }
    }
}
