//! Accuracy, log loss and scikit-learn's classification report.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::Predictions;

/// Precision, recall and F1 of one class, or their average.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// Name of the class, or of the average.
    pub name: String,
    /// Share of correct ones among those predicted to be of the class; 0 when there are none.
    pub precision: f64,
    /// Share of correct ones among those that are of the class; 0 when there are none.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Number of images of the class.
    pub support: usize,
}

/// The metrics of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Share of correct predictions.
    pub accuracy: f64,
    /// Mean of `-ln(probability of the true class)`.
    pub log_loss: f64,
    /// One score per class, in the order of the labels.
    pub classes: Vec<ClassScore>,
    /// Mean over classes.
    pub macro_avg: ClassScore,
    /// Mean over classes, each weighted by its support.
    pub weighted_avg: ClassScore,
}

impl Report {
    /// Evaluates predictions. Precision, recall and F1 are those of scikit-learn with `zero_division=0`; the log loss
    /// is its `log_loss`: probabilities are clipped at the precision of `f32`.
    pub fn from_predictions(predictions: &Predictions) -> Self {
        let matrix = predictions.confusion_matrix();
        let ratio = |a: usize, b: usize| if b == 0 { 0.0 } else { a as f64 / b as f64 };
        let classes: Vec<ClassScore> = predictions
            .class_names()
            .iter()
            .enumerate()
            .map(|(class, name)| {
                let right = matrix[class][class];
                let support = matrix[class].iter().sum();
                let predicted = matrix.iter().map(|row| row[class]).sum();
                ClassScore {
                    name: name.clone(),
                    precision: ratio(right, predicted),
                    recall: ratio(right, support),
                    f1: ratio(2 * right, support + predicted),
                    support,
                }
            })
            .collect();
        let total = predictions.labels().len();
        let right: usize = (0..classes.len()).map(|class| matrix[class][class]).sum();
        Self {
            accuracy: ratio(right, total),
            log_loss: log_loss(predictions),
            macro_avg: average("macro avg", &classes, |_| 1),
            weighted_avg: average("weighted avg", &classes, |c| c.support),
            classes,
        }
    }

    /// The text of scikit-learn's `classification_report` with this number of digits.
    pub fn to_text(&self, digits: usize) -> String {
        let averages = [&self.macro_avg, &self.weighted_avg];
        let names = self.classes.iter().chain(averages).map(|c| c.name.chars().count());
        let width = names.max().unwrap_or_default().max(digits);
        let support = self.macro_avg.support;

        let mut text = format!("{:>width$} ", "");
        for heading in ["precision", "recall", "f1-score", "support"] {
            let _ = write!(text, " {heading:>9}"); // writing to a String cannot fail
        }
        text.push_str("\n\n");
        let row = |text: &mut String, c: &ClassScore| {
            let _ = writeln!(
                text,
                "{:>width$}  {:>9.digits$} {:>9.digits$} {:>9.digits$} {:>9}",
                c.name, c.precision, c.recall, c.f1, c.support
            );
        };
        for class in &self.classes {
            row(&mut text, class);
        }
        let _ =
            writeln!(text, "\n{:>width$}  {:>9} {:>9} {:>9.digits$} {support:>9}", "accuracy", "", "", self.accuracy);
        for average in averages {
            row(&mut text, average);
        }
        text
    }
}

fn average(name: &str, classes: &[ClassScore], weight: fn(&ClassScore) -> usize) -> ClassScore {
    let total: usize = classes.iter().map(weight).sum();
    let mean = |value: fn(&ClassScore) -> f64| {
        let weighted: Vec<f64> = classes.iter().map(|c| value(c) * weight(c) as f64).collect();
        sum_as_numpy(&weighted) / total as f64
    };
    ClassScore {
        name: name.to_owned(),
        precision: mean(|c| c.precision),
        recall: mean(|c| c.recall),
        f1: mean(|c| c.f1),
        support: classes.iter().map(|c| c.support).sum(),
    }
}

/// The sum in NumPy's order of additions (`pairwise_sum` in its `loops_utils.h`), so that a mean halfway between two
/// decimals is rounded to the same one.
fn sum_as_numpy(values: &[f64]) -> f64 {
    const LANES: usize = 8;
    if values.len() < LANES {
        return values.iter().sum();
    }
    if values.len() > 128 {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % LANES);
        return sum_as_numpy(left) + sum_as_numpy(right);
    }
    let mut lanes = [0.0; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    rest.iter().fold(sum, |sum, value| sum + value)
}

fn log_loss(predictions: &Predictions) -> f64 {
    // scikit-learn clips at the machine epsilon of the probabilities' type.
    let (low, high) = (f64::from(f32::EPSILON), 1.0 - f64::from(f32::EPSILON));
    let rows = predictions.rows().zip(predictions.labels());
    let losses = rows.map(|(row, label)| -f64::from(row[usize::from(*label)]).clamp(low, high).ln());
    losses.sum::<f64>() / predictions.labels().len() as f64
}
