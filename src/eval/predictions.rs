//! What a classifier predicted for a labelled set.

use thiserror::Error;

/// Predictions that cannot be evaluated.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)] // each variant's message explains it and its fields
pub enum EvalError {
    #[error("there are no predictions to evaluate")]
    Empty,

    #[error("{probabilities} probabilities do not make rows of {classes} for {labels} labels")]
    Shape { probabilities: usize, classes: usize, labels: usize },

    #[error("label {index} is {label}, but there are only {classes} classes")]
    Label { index: usize, label: u16, classes: usize },

    #[error("these predictions cannot be combined: {problem}")]
    Different { problem: &'static str },

    #[error("an ensemble needs at least one member and as many weights as members, not {weights} for {members}")]
    Members { members: usize, weights: usize },

    #[error("{images} images are too few to fit an ensemble to: {folds}-fold cross-validation needs one in each fold")]
    Folds { images: usize, folds: usize },

    #[error("the probability of class {class} in row {row} is {value}, and should be from 0 to 1")]
    Probability { row: usize, class: usize, value: f32 },

    #[error("the probabilities of row {row} sum to {sum}, and should sum to 1")]
    Sum { row: usize, sum: f32 },
}

/// How far from 1 the sum of a row may be: probabilities may have been written with 4 decimals.
const ROUNDING: f32 = 1e-3;

/// Probabilities, one row per image and one column per class, with the true labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    probabilities: Vec<f32>,
    labels: Vec<u16>,
    class_names: Vec<String>,
}

impl Predictions {
    /// Pairs probabilities (row-major) with labels.
    ///
    /// # Errors
    /// [`EvalError`] when there are none, when the sizes do not match, when a number is below 0 or not finite, or when a row
    /// does not sum to 1 up to rounding.
    pub fn new(probabilities: Vec<f32>, labels: Vec<u16>, class_names: Vec<String>) -> Result<Self, EvalError> {
        let classes = class_names.len();
        if labels.is_empty() || classes == 0 {
            return Err(EvalError::Empty);
        }
        if probabilities.len() != labels.len() * classes {
            return Err(EvalError::Shape { probabilities: probabilities.len(), classes, labels: labels.len() });
        }
        if let Some(index) = labels.iter().position(|label| usize::from(*label) >= classes) {
            return Err(EvalError::Label { index, label: labels[index], classes });
        }
        for (row, values) in probabilities.chunks_exact(classes).enumerate() {
            if let Some(class) = values.iter().position(|p| !(p.is_finite() && *p >= 0.0)) {
                return Err(EvalError::Probability { row, class, value: values[class] });
            }
            let sum: f32 = values.iter().sum();
            if (sum - 1.0).abs() > ROUNDING {
                return Err(EvalError::Sum { row, sum });
            }
        }
        Ok(Self { probabilities, labels, class_names })
    }

    /// Other probabilities for the same images.
    pub(super) fn with_probabilities(&self, probabilities: Vec<f32>) -> Result<Self, EvalError> {
        Self::new(probabilities, self.labels.clone(), self.class_names.clone())
    }

    /// One row of probabilities per image.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.probabilities.chunks_exact(self.class_names.len())
    }

    /// The true classes.
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// Names of the classes, in the order of their labels.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The most probable class of each row; of equals the first, like NumPy's `argmax`.
    pub fn predicted(&self) -> impl Iterator<Item = usize> {
        self.rows().map(|row| {
            let mut best = 0;
            for (class, p) in row.iter().enumerate() {
                if *p > row[best] {
                    best = class;
                }
            }
            best
        })
    }

    /// The largest probability of each row.
    pub fn confidences(&self) -> impl Iterator<Item = f32> {
        self.rows().zip(self.predicted()).map(|(row, class)| row[class])
    }

    /// Whether each prediction is correct.
    pub fn hits(&self) -> impl Iterator<Item = bool> {
        let pairs = self.predicted().zip(&self.labels);
        pairs.map(|(predicted, label)| predicted == usize::from(*label))
    }

    /// Share of images whose true class is among the `k` most probable; of equal probabilities the first class counts as
    /// the more probable one, as in [`Predictions::predicted`].
    pub fn top_k_accuracy(&self, k: usize) -> f64 {
        let found = self.rows().zip(&self.labels).filter(|(row, label)| {
            let label = usize::from(**label);
            let own = row[label];
            let before = |(class, p): (usize, &f32)| *p > own || (*p == own && class < label);
            row.iter().enumerate().filter(|(class, p)| before((*class, *p))).count() < k
        });
        found.count() as f64 / self.labels.len() as f64
    }

    /// Refuses predictions for other images or classes than these.
    pub(super) fn must_match(&self, other: &Self) -> Result<(), EvalError> {
        let problem = if self.class_names != other.class_names {
            "they have different classes"
        } else if self.labels != other.labels {
            "they are of different images"
        } else {
            return Ok(());
        };
        Err(EvalError::Different { problem })
    }
}
