//! Which classes are mistaken for which.

use serde::Serialize;

use super::Predictions;

/// Images of one class that are mistaken for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfusedPair {
    /// The true class.
    pub truth: String,
    /// The predicted class.
    pub predicted: String,
    /// Number of these images.
    pub count: usize,
    /// Number of images of the true class.
    pub support: usize,
}

impl Predictions {
    /// How often each class (row) was predicted to be each class (column).
    pub fn confusion_matrix(&self) -> Vec<Vec<usize>> {
        let classes = self.class_names().len();
        let mut matrix = vec![vec![0; classes]; classes];
        for (truth, predicted) in self.labels().iter().zip(self.predicted()) {
            matrix[usize::from(*truth)][predicted] += 1;
        }
        matrix
    }

    /// Pairs of classes that are confused at all, the most frequent first.
    pub fn confused_pairs(&self) -> Vec<ConfusedPair> {
        let names = self.class_names();
        let mut pairs = Vec::new();
        for (truth, row) in self.confusion_matrix().iter().enumerate() {
            for (predicted, count) in row.iter().enumerate() {
                if truth != predicted && *count > 0 {
                    pairs.push(ConfusedPair {
                        truth: names[truth].clone(),
                        predicted: names[predicted].clone(),
                        count: *count,
                        support: row.iter().sum(),
                    });
                }
            }
        }
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.count));
        pairs
    }
}
