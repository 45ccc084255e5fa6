//! The classification report and log loss against scikit-learn's own output (`tests/interop/sklearn_report.py`).

use selvedge::eval::{EvalError, Predictions, Report};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    names: Vec<String>,
    labels: Vec<u16>,
    digits: usize,
    text: String,
    probabilities: Vec<f32>,
    log_loss: f64,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../golden/reports.json")).unwrap()
}

#[test]
fn the_report_is_scikit_learns_to_the_letter() {
    assert_eq!(cases().len(), 9);
    for case in cases() {
        let predictions = Predictions::new(case.probabilities, case.labels, case.names).unwrap();
        let report = Report::from_predictions(&predictions);
        assert_eq!(report.to_text(case.digits), case.text, "{}", case.name);
        approx::assert_relative_eq!(report.log_loss, case.log_loss, max_relative = 1e-6);
    }
}

#[test]
fn the_confusion_matrix_counts_truth_by_prediction() {
    let names = ["a", "b"].map(str::to_owned).to_vec();
    let probabilities = vec![0.9, 0.1, 0.2, 0.8, 0.7, 0.3];
    let predictions = Predictions::new(probabilities, vec![0, 1, 1], names).unwrap();
    assert_eq!(predictions.confusion_matrix(), [[1, 0], [1, 1]]);
}

#[test]
fn impossible_predictions_are_refused() {
    let new = |probabilities: &[f32], labels: &[u16]| {
        let names = ["a", "b"].map(str::to_owned).to_vec();
        Predictions::new(probabilities.to_vec(), labels.to_vec(), names).unwrap_err()
    };
    assert_eq!(new(&[], &[]), EvalError::Empty);
    assert!(matches!(new(&[0.5, 0.5, 1.0], &[0]), EvalError::Shape { .. }));
    assert!(new(&[0.5, 0.5], &[2]).to_string().contains("label 0 is 2"));
    assert!(new(&[f32::NAN, 0.5], &[1]).to_string().contains("class 0 in row 0 is NaN"));
    for (probabilities, part) in [
        ([1.5, -0.5, 0.5, 0.5], "class 1 in row 0 is -0.5"),
        ([0.5, 0.5, f32::INFINITY, 0.0], "class 0 in row 1 is inf"),
        ([0.5, 0.5, 0.9, 0.9], "row 1 sum to 1.8"),
        ([0.0, 0.0, 0.5, 0.5], "row 0 sum to 0"),
        ([3.0e38, 3.0e38, 0.5, 0.5], "row 0 sum to inf"),
        ([0.5, 0.5, 0.497, 0.5], "row 1 sum to 0.997"),
    ] {
        let message = new(&probabilities, &[0, 1]).to_string();
        assert!(message.contains(part), "{part}: {message}");
    }
}
