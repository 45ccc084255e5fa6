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

/// A confusion matrix that can be read: of many classes, those that are confused most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionTable {
    /// The classes shown, in the order of their labels, by their numbers.
    pub classes: Vec<usize>,
    /// The names of the rows, the true classes.
    pub rows: Vec<String>,
    /// The names of the columns, the predicted classes; `others` for all that are not shown.
    pub columns: Vec<String>,
    /// How often each class (row) was predicted to be each class (column).
    pub counts: Vec<Vec<usize>>,
}

impl Predictions {
    /// The confusion matrix of at most `most` classes: those with the most images that are taken for another class, or that others
    /// are taken for.
    pub fn confusion_table(&self, most: usize) -> ConfusionTable {
        let (names, matrix) = (self.class_names(), self.confusion_matrix());
        let mistakes = |class: usize| -> usize {
            let taken: usize = matrix[class].iter().sum();
            let given: usize = matrix.iter().map(|row| row[class]).sum();
            taken + given - 2 * matrix[class][class]
        };
        let mut classes: Vec<usize> = (0..names.len()).collect();
        classes.sort_by_key(|class| std::cmp::Reverse(mistakes(*class)));
        classes.truncate(most);
        classes.sort_unstable();
        let rows: Vec<String> = classes.iter().map(|class| names[*class].clone()).collect();
        let mut columns = rows.clone();
        let mut counts: Vec<Vec<usize>> =
            classes.iter().map(|row| classes.iter().map(|column| matrix[*row][*column]).collect()).collect();
        if classes.len() < names.len() {
            columns.push("others".to_owned());
            for (row, counts) in classes.iter().zip(&mut counts) {
                let shown: usize = counts.iter().sum();
                counts.push(matrix[*row].iter().sum::<usize>() - shown);
            }
        }
        ConfusionTable { classes, rows, columns, counts }
    }

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
