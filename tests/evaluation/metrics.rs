//! Metrics and ensembles against scikit-learn and SciPy (`tests/interop/sklearn_metrics.py`).

use approx::{assert_abs_diff_eq, assert_relative_eq};
use selvedge::eval::{
    Calibration, Comparison, EvalError, Gain, Metrics, PrecisionRecall, Predictions, Report, Stack, ensemble,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    labels: Vec<u16>,
    classes: usize,
    members: Vec<Vec<f32>>,
    coarse: Vec<f32>,
    top_2: Vec<f64>,
    calibration_error: Vec<f64>,
    average_precision: Vec<Vec<f64>>,
    coarse_curve: Vec<[f64; 3]>,
    only: [usize; 2],
    p_value: f64,
    mean_log_loss: f64,
    weights: Vec<f64>,
    stacks: Vec<GoldenStack>,
}

#[derive(Deserialize)]
struct GoldenStack {
    penalty: f64,
    probabilities: Vec<Vec<f64>>,
}

impl Golden {
    fn read() -> Self {
        serde_json::from_str(include_str!("../golden/metrics.json")).unwrap()
    }

    fn predictions(&self, probabilities: &[f32]) -> Predictions {
        let names = (0..self.classes).map(|class| format!("class {class}")).collect();
        Predictions::new(probabilities.to_vec(), self.labels.clone(), names).unwrap()
    }

    fn members(&self) -> Vec<Predictions> {
        self.members.iter().map(|member| self.predictions(member)).collect()
    }
}

/// Predictions for two classes, given the probability of the second.
fn of_two(second: &[f32], labels: &[u16]) -> Predictions {
    let probabilities = second.iter().flat_map(|p| [1.0 - p, *p]).collect();
    Predictions::new(probabilities, labels.to_vec(), ["a", "b"].map(str::to_owned).to_vec()).unwrap()
}

#[test]
fn figures_are_scikit_learns() {
    let golden = Golden::read();
    for (i, member) in golden.members().iter().enumerate() {
        let metrics = Metrics::from_predictions(member);
        assert_relative_eq!(metrics.top_2_accuracy, golden.top_2[i], max_relative = 1e-12);
        assert_abs_diff_eq!(metrics.calibration_error, golden.calibration_error[i], epsilon = 1e-7);
        for (found, wanted) in metrics.average_precision.iter().zip(&golden.average_precision[i]) {
            assert_relative_eq!(found.unwrap(), *wanted, max_relative = 1e-9);
        }
    }
}

#[test]
fn equal_probabilities_are_one_point_of_the_curve() {
    let golden = Golden::read();
    // One class against all others: rows rounded to so few digits do not sum to 1.
    let of_others: Vec<f32> = golden.coarse.iter().step_by(golden.classes).map(|p| 1.0 - p).collect();
    let labels: Vec<u16> = golden.labels.iter().map(|label| u16::from(*label != 0)).collect();
    let curve = PrecisionRecall::of_class(&of_two(&of_others, &labels), 0);
    assert_relative_eq!(curve.average_precision.unwrap(), golden.average_precision[3][0], max_relative = 1e-9);
    // scikit-learn leaves out the points after recall has reached 1.
    for (point, [threshold, precision, recall]) in curve.points.iter().zip(&golden.coarse_curve) {
        assert_abs_diff_eq!(f64::from(point.threshold), *threshold, epsilon = 1e-6);
        assert_relative_eq!(point.precision, *precision, max_relative = 1e-9);
        assert_relative_eq!(point.recall, *recall, max_relative = 1e-9);
    }
    assert!(golden.coarse_curve.len() > 5);
}

#[test]
fn a_class_without_images_has_no_curve() {
    let predictions = of_two(&[0.3, 0.6], &[0, 0]);
    let curve = PrecisionRecall::of_class(&predictions, 1);
    assert_eq!((curve.points.len(), curve.average_precision), (0, None));
    assert_eq!(PrecisionRecall::of_class(&predictions, 0).average_precision, Some(1.0));
}

#[test]
fn top_k_counts_the_first_of_equals_first() {
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    let third = [1.0 / 3.0; 9].to_vec();
    let predictions = Predictions::new(third, vec![0, 1, 2], names).unwrap();
    assert_eq!(predictions.top_k_accuracy(1), 1.0 / 3.0);
    assert_eq!(predictions.top_k_accuracy(2), 2.0 / 3.0);
    assert_eq!(predictions.top_k_accuracy(3), 1.0);
}

#[test]
fn certain_predictions_are_in_the_last_bin() {
    let predictions = of_two(&[1.0, 1.0, 0.0, 0.52], &[1, 0, 0, 1]);
    let calibration = Calibration::from_predictions(&predictions);
    let last = &calibration.bins[Calibration::BINS - 1];
    assert_eq!((last.count, last.confidence), (3, 1.0));
    assert_relative_eq!(last.accuracy, 2.0 / 3.0);
    assert_eq!(calibration.bins[7].count, 1);
    assert_abs_diff_eq!(calibration.error, (3.0 / 3.0 + 0.48) / 4.0, epsilon = 1e-6);
}

#[test]
fn confused_pairs_are_sorted_by_number() {
    let predictions = of_two(&[0.9, 0.8, 0.1, 0.1, 0.9], &[0, 0, 0, 1, 1]);
    let pairs = predictions.confused_pairs();
    let found: Vec<_> = pairs.iter().map(|p| (p.truth.as_str(), p.predicted.as_str(), p.count, p.support)).collect();
    assert_eq!(found, [("a", "b", 2, 3), ("b", "a", 1, 2)]);
}

#[test]
fn disagreements_are_counted_and_tested() {
    let golden = Golden::read();
    let members = golden.members();
    let comparison = Comparison::between(&members[0], &members[1]).unwrap();
    assert_eq!([comparison.only_first, comparison.only_second], golden.only);
    assert_relative_eq!(comparison.p_value, golden.p_value, max_relative = 1e-9);
    let all = comparison.both_right + comparison.both_wrong + comparison.only_first + comparison.only_second;
    assert_eq!(all, golden.labels.len());
}

#[test]
fn the_bootstrap_interval_is_that_of_the_normal_approximation() {
    let golden = Golden::read();
    let members = golden.members();
    let gain = Gain::of(&members[0], &members[1], 7).unwrap();
    let n = golden.labels.len() as f64;
    let [a, b] = golden.only.map(|count| count as f64);
    let mean = (a - b) / n;
    assert_relative_eq!(gain.mean, mean, max_relative = 1e-12);
    let deviation = (((a + b) / n - mean * mean) / n).sqrt();
    assert_abs_diff_eq!(gain.interval[0], mean - 1.96 * deviation, epsilon = 0.012);
    assert_abs_diff_eq!(gain.interval[1], mean + 1.96 * deviation, epsilon = 0.012);
    assert_eq!(Gain::of(&members[0], &members[1], 7).unwrap(), gain, "the seed decides");
    let none = Gain::of(&members[0], &members[0], 7).unwrap();
    assert_eq!((none.mean, none.interval), (0.0, [0.0, 0.0]));
}

#[test]
fn weights_have_the_smallest_log_loss() {
    let golden = Golden::read();
    let members = golden.members();
    let equal = ensemble::average(&members, &[1.0; 3]).unwrap();
    let mean_loss = Report::from_predictions(&equal).log_loss;
    assert_relative_eq!(mean_loss, golden.mean_log_loss, max_relative = 1e-6);
    let weights = ensemble::fit_weights(&members).unwrap();
    for (found, wanted) in weights.iter().zip(&golden.weights) {
        assert_abs_diff_eq!(*found, *wanted, epsilon = 2e-3);
    }
    let loss_of = |weights: &[f64]| Report::from_predictions(&ensemble::average(&members, weights).unwrap()).log_loss;
    assert!(loss_of(&weights) <= loss_of(&golden.weights) + 1e-6);
    assert!(loss_of(&weights) < mean_loss);
}

#[test]
fn a_tied_vote_goes_to_the_larger_mean() {
    let names = || ["a", "b", "c"].map(str::to_owned).to_vec();
    let member = |p: [f32; 3]| Predictions::new(p.to_vec(), vec![0], names()).unwrap();
    // One vote for a, one for b; b has the larger mean, and c, without votes, the largest of all.
    let members = [member([0.51, 0.0, 0.49]), member([0.0, 0.52, 0.48])];
    let voted = ensemble::vote(&members).unwrap();
    assert_eq!(voted.predicted().collect::<Vec<_>>(), [1]);
    let mean = ensemble::average(&members, &[1.0, 1.0]).unwrap();
    assert_eq!(mean.predicted().collect::<Vec<_>>(), [2]);
    let sum: f32 = voted.rows().flatten().sum();
    assert_abs_diff_eq!(sum, 1.0, epsilon = 1e-6);
    // Two votes win against any mean.
    let members = [member([0.4, 0.3, 0.3]), member([0.4, 0.3, 0.3]), member([0.0, 1.0, 0.0])];
    assert_eq!(ensemble::vote(&members).unwrap().predicted().collect::<Vec<_>>(), [0]);
}

#[test]
fn a_stack_is_scikit_learns_logistic_regression() {
    let golden = Golden::read();
    let members = golden.members();
    for wanted in &golden.stacks {
        let fitted = Stack::fit_with(&members, wanted.penalty).unwrap();
        let found = fitted.apply(&members).unwrap();
        for (row, wanted) in found.rows().zip(&wanted.probabilities) {
            for (p, wanted) in row.iter().zip(wanted) {
                assert_abs_diff_eq!(f64::from(*p), *wanted, epsilon = 1e-4);
            }
        }
    }
}

#[test]
fn cross_validation_chooses_the_penalty() {
    let golden = Golden::read();
    let members = golden.members();
    let (stack, tried) = Stack::fit(&members, 3).unwrap();
    let best = tried.iter().min_by(|a, b| a.log_loss.total_cmp(&b.log_loss)).unwrap();
    assert_eq!(stack.penalty, best.penalty);
    assert_eq!(tried.len(), Stack::PENALTIES.len());
    // On 120 images, 48 free parameters per class overfit without a penalty, as the loss on unseen images shows.
    assert!(tried[tried.len() - 1].log_loss > best.log_loss);
    let seen = Report::from_predictions(&stack.apply(&members).unwrap()).log_loss;
    assert!(best.log_loss > seen, "unseen images are harder than seen ones");
    assert_eq!(Stack::fit(&members, 3).unwrap().0, stack, "the seed decides");
}

#[test]
fn members_that_do_not_belong_together_are_refused() {
    let two = of_two(&[0.3, 0.6], &[0, 1]);
    let other_labels = of_two(&[0.3, 0.6], &[1, 1]);
    let fewer = of_two(&[0.3], &[0]);
    for other in [other_labels, fewer] {
        let members = [two.clone(), other.clone()];
        for error in [
            ensemble::average(&members, &[1.0, 1.0]).unwrap_err(),
            ensemble::vote(&members).unwrap_err(),
            ensemble::fit_weights(&members).unwrap_err(),
            Stack::fit(&members, 0).unwrap_err(),
            Comparison::between(&two, &other).unwrap_err(),
            Gain::of(&two, &other, 0).unwrap_err(),
        ] {
            assert!(matches!(error, EvalError::Different { .. }), "{error}");
        }
    }
    let names = ["a", "c"].map(str::to_owned).to_vec();
    let renamed = Predictions::new(vec![0.5; 4], vec![0, 1], names).unwrap();
    let error = ensemble::vote(&[two.clone(), renamed]).unwrap_err();
    assert!(error.to_string().contains("different classes"), "{error}");
    assert!(matches!(ensemble::average(&[], &[]), Err(EvalError::Members { .. })));
    assert!(matches!(ensemble::average(std::slice::from_ref(&two), &[0.5, 0.5]), Err(EvalError::Members { .. })));
    assert!(matches!(Stack::fit(std::slice::from_ref(&two), 0), Err(EvalError::Folds { images: 2, .. })));
    let golden = Golden::read();
    let stack = Stack::fit_with(&golden.members(), 0.1).unwrap();
    assert!(matches!(stack.apply(&golden.members()[..2]), Err(EvalError::Members { .. })));
    assert!(matches!(stack.apply(&[two]), Err(EvalError::Members { .. })));
}

/// Of many classes those are shown that are confused most, and every row still counts all of its images.
#[test]
fn a_table_of_few_of_many_classes_counts_all_images() {
    let names: Vec<String> = (0..40).map(|class| format!("class {class}")).collect();
    // Class 7 is taken for 33 once, 12 for 7 twice, all others for themselves.
    let pairs: Vec<(u16, usize)> =
        (0..40).map(|class| (class, usize::from(class))).chain([(7, 33), (12, 7), (12, 7)]).collect();
    let row = |predicted: usize| (0..40).map(move |class| if class == predicted { 1.0 } else { 0.0 });
    let probabilities: Vec<f32> = pairs.iter().flat_map(|(_, predicted)| row(*predicted)).collect();
    let labels = pairs.iter().map(|(label, _)| *label).collect();
    let predictions = Predictions::new(probabilities, labels, names).unwrap();
    let table = predictions.confusion_table(2);
    assert_eq!((table.classes, table.rows), (vec![7, 12], vec!["class 7".to_owned(), "class 12".to_owned()]));
    assert_eq!(table.columns.last().unwrap(), "others");
    assert_eq!(table.counts, [[1, 0, 1], [2, 1, 0]]);
    let whole = predictions.confusion_table(40);
    assert_eq!((whole.counts, whole.columns), (predictions.confusion_matrix(), predictions.class_names().to_vec()));
}
