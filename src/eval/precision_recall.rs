//! Precision against recall as the threshold on one class's probability falls.

use serde::Serialize;

use super::Predictions;

/// The curve of one class against all others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrecisionRecall {
    /// One point per distinct probability, from the highest down.
    pub points: Vec<OperatingPoint>,
    /// The sum over the points of precision times the increase in recall: scikit-learn's `average_precision_score`. `None`
    /// for a class without images, which has no recall.
    pub average_precision: Option<f64>,
}

/// The result of assigning to a class all images for which its probability is at least the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OperatingPoint {
    /// The threshold.
    pub threshold: f32,
    /// Share of the assigned images that are of the class.
    pub precision: f64,
    /// Share of the class's images that are assigned.
    pub recall: f64,
}

impl PrecisionRecall {
    /// The curve of `class`.
    pub fn of_class(predictions: &Predictions, class: usize) -> Self {
        let mut scored: Vec<(f32, bool)> = predictions
            .rows()
            .zip(predictions.labels())
            .filter_map(|(row, label)| Some((*row.get(class)?, usize::from(*label) == class)))
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let of_class = scored.iter().filter(|(_, is)| *is).count();
        if of_class == 0 {
            return Self { points: Vec::new(), average_precision: None };
        }
        let mut points: Vec<OperatingPoint> = Vec::new();
        let (mut taken, mut right) = (0, 0);
        // Equal probabilities are handled together.
        for equal in scored.chunk_by(|a, b| a.0 == b.0) {
            taken += equal.len();
            right += equal.iter().filter(|(_, is)| *is).count();
            points.push(OperatingPoint {
                threshold: equal[0].0,
                precision: right as f64 / taken as f64,
                recall: right as f64 / of_class as f64,
            });
        }
        let mut before = 0.0;
        let mut area = 0.0;
        for point in &points {
            area += point.precision * (point.recall - before);
            before = point.recall;
        }
        Self { points, average_precision: Some(area) }
    }
}
