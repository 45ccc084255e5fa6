//! Whether a classifier is right as often as it says (Guo et al. 2017, "On Calibration of Modern Neural Networks").

use serde::Serialize;

use super::Predictions;

/// Predictions binned by confidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Bins of equal width from 0 to 1, each excluding its lower end.
    pub bins: Vec<Bin>,
    /// The expected calibration error: the mean absolute difference of accuracy and confidence, each bin weighted by its
    /// predictions.
    pub error: f64,
}

/// Predictions whose largest probability is in a range.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// The range, excluding its lower end.
    pub range: [f64; 2],
    /// Number of predictions.
    pub count: usize,
    /// Mean of the largest probability; 0 without predictions.
    pub confidence: f64,
    /// Share of correct predictions; 0 without predictions.
    pub accuracy: f64,
}

impl Calibration {
    /// As many bins as in the paper.
    pub const BINS: usize = 15;

    /// Bins predictions into [`Calibration::BINS`] bins.
    pub fn from_predictions(predictions: &Predictions) -> Self {
        let width = 1.0 / Self::BINS as f64;
        let mut sums = vec![(0_usize, 0.0_f64, 0_usize); Self::BINS];
        for ((row, label), predicted) in predictions.rows().zip(predictions.labels()).zip(predictions.predicted()) {
            let confidence = f64::from(row[predicted]);
            let bin = (confidence / width).ceil() as usize;
            let (count, sum, right) = &mut sums[bin.clamp(1, Self::BINS) - 1];
            *count += 1;
            *sum += confidence;
            *right += usize::from(predicted == usize::from(*label));
        }
        let bins: Vec<Bin> = sums
            .iter()
            .enumerate()
            .map(|(i, &(count, sum, right))| {
                let share = |part: f64| if count == 0 { 0.0 } else { part / count as f64 };
                Bin {
                    range: [i as f64 * width, (i + 1) as f64 * width],
                    count,
                    confidence: share(sum),
                    accuracy: share(right as f64),
                }
            })
            .collect();
        let distances = bins.iter().map(|bin| bin.count as f64 * (bin.accuracy - bin.confidence).abs());
        let error = distances.sum::<f64>() / predictions.labels().len() as f64;
        Self { bins, error }
    }
}
