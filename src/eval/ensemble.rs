//! Combines several classifiers into one: averages, weights, votes.

use super::{EvalError, Predictions};

/// The weighted mean of the members' probabilities (soft voting).
///
/// # Errors
/// [`EvalError::Members`] when there are no members or a different number of weights; [`EvalError::Different`] when they are
/// not for the same images.
pub fn average(members: &[Predictions], weights: &[f64]) -> Result<Predictions, EvalError> {
    combine(members, weights, |row, _| row)
}

/// Each member has one vote, for its most probable class (hard voting). A tie goes to the tied class with the largest mean
/// probability.
///
/// The probability of a class is `(votes + mean probability) / (members + 1)`: it orders classes by votes, and by the mean
/// among equal votes.
///
/// # Errors
/// As [`average`].
pub fn vote(members: &[Predictions]) -> Result<Predictions, EvalError> {
    let count = members.len() as f64;
    combine(members, &vec![1.0; members.len()], |mut mean, votes| {
        for (mean, votes) in mean.iter_mut().zip(votes) {
            *mean = (*mean + votes) / (count + 1.0);
        }
        mean
    })
}

/// Weights of an average that give the smallest log loss on these predictions; they are at least 0 and sum to 1.
///
/// The loss is convex in the weights. They are found by expectation maximisation (Dempster, Laird and Rubin 1977, for a
/// mixture with known components): each step divides every image among the members by what they contribute to the
/// probability of its true class, and the new weights are the members' shares.
///
/// # Errors
/// As [`average`].
pub fn fit_weights(members: &[Predictions]) -> Result<Vec<f64>, EvalError> {
    /// The gain per step falls steadily; after this many, weights change only in digits that nobody prints.
    const STEPS: usize = 500;
    check(members, members.len())?;
    let labels = members[0].labels();
    let of_truth = |member: &Predictions| -> Vec<f64> {
        let rows = member.rows().zip(labels);
        rows.map(|(row, label)| f64::from(row[usize::from(*label)]).max(f64::from(f32::EPSILON))).collect()
    };
    let probabilities: Vec<Vec<f64>> = members.iter().map(of_truth).collect();
    let mut weights = vec![1.0 / members.len() as f64; members.len()];
    for _ in 0..STEPS {
        let mut shares = vec![0.0; members.len()];
        for image in 0..labels.len() {
            let parts = || weights.iter().zip(&probabilities).map(|(w, p)| w * p[image]);
            let whole: f64 = parts().sum();
            for (share, part) in shares.iter_mut().zip(parts()) {
                *share += part / whole;
            }
        }
        weights = shares.iter().map(|share| share / labels.len() as f64).collect();
    }
    Ok(weights)
}

/// Refuses members that do not belong together.
pub(super) fn check(members: &[Predictions], weights: usize) -> Result<(), EvalError> {
    let Some(first) = members.first().filter(|_| members.len() == weights) else {
        return Err(EvalError::Members { members: members.len(), weights });
    };
    members.iter().try_for_each(|member| first.must_match(member))
}

/// Applies `rule` to each image's weighted mean of the members' probabilities and to their votes.
fn combine(
    members: &[Predictions],
    weights: &[f64],
    rule: impl Fn(Vec<f64>, &[f64]) -> Vec<f64>,
) -> Result<Predictions, EvalError> {
    check(members, weights.len())?;
    let total: f64 = weights.iter().sum();
    let classes = members[0].class_names().len();
    let mut rows: Vec<_> = members.iter().map(|m| m.rows().zip(m.predicted())).collect();
    let mut combined = Vec::with_capacity(members[0].labels().len() * classes);
    for _ in members[0].labels() {
        let (mut mean, mut votes) = (vec![0.0; classes], vec![0.0; classes]);
        for (row, weight) in rows.iter_mut().zip(weights) {
            let Some((row, vote)) = row.next() else { continue };
            votes[vote] += 1.0;
            for (mean, p) in mean.iter_mut().zip(row) {
                *mean += weight / total * f64::from(*p);
            }
        }
        combined.extend(rule(mean, &votes).into_iter().map(|p| p as f32));
    }
    members[0].with_probabilities(combined)
}
