//! Whether one classifier is better than another on the same images, or merely luckier.

use rand::RngExt;
use rand_pcg::Pcg64;
use serde::Serialize;

use super::{EvalError, Predictions};

/// Two classifiers on the same images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Images that both get right.
    pub both_right: usize,
    /// Images that only the first gets right.
    pub only_first: usize,
    /// Images that only the second gets right.
    pub only_second: usize,
    /// Images that both get wrong.
    pub both_wrong: usize,
    /// How likely the two would disagree in favour of either at least as clearly as here if they were equally good: the
    /// exact two-sided test of McNemar (1947) on the images that only one of them gets right.
    pub p_value: f64,
}

impl Comparison {
    /// Compares them image by image.
    ///
    /// # Errors
    /// [`EvalError::Different`] when they are not for the same images.
    pub fn between(first: &Predictions, second: &Predictions) -> Result<Self, EvalError> {
        first.must_match(second)?;
        let (mut counts, hits) = ([[0; 2]; 2], first.hits().zip(second.hits()));
        for (first, second) in hits {
            counts[usize::from(first)][usize::from(second)] += 1;
        }
        let [[both_wrong, only_second], [only_first, both_right]] = counts;
        Ok(Self { both_right, only_first, only_second, both_wrong, p_value: sign_test(only_first, only_second) })
    }
}

/// Twice the probability of at most `min(a, b)` heads in `a + b` tosses of a fair coin.
fn sign_test(a: usize, b: usize) -> f64 {
    let n = a + b;
    // C(n, k) / 2^n through logarithms: neither part fits a float for large n.
    let mut ln = -(n as f64) * std::f64::consts::LN_2;
    let mut sum = 0.0;
    for k in 0..=a.min(b) {
        sum += ln.exp();
        ln += ((n - k) as f64 / (k + 1) as f64).ln();
    }
    (2.0 * sum).min(1.0)
}

/// The difference of two accuracies, with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gain {
    /// Accuracy of the first minus that of the second.
    pub mean: f64,
    /// The 2.5th and the 97.5th percentile of the bootstrap.
    pub interval: [f64; 2],
}

impl Gain {
    /// Number of resamplings.
    const SAMPLES: usize = 10_000;

    /// The gain of `better` over `other`, with the interval of the paired bootstrap (Efron 1979): images are resampled with
    /// replacement, the same ones for both, so that images that are hard for both do not widen it.
    ///
    /// # Errors
    /// [`EvalError::Different`] when they are not for the same images.
    pub fn of(better: &Predictions, other: &Predictions, seed: u64) -> Result<Self, EvalError> {
        better.must_match(other)?;
        let gains: Vec<i32> = better.hits().zip(other.hits()).map(|(a, b)| i32::from(a) - i32::from(b)).collect();
        let n = gains.len();
        let mean = |sum: i32| f64::from(sum) / n as f64;
        let mut rng = Pcg64::new(u128::from(seed), 0);
        let mut sums: Vec<i32> = (0..Self::SAMPLES)
            .map(|_| {
                // The high half of a 64-bit product of a 32-bit number and n is uniform below n, to within 1 in a million.
                let mut draw = || (u64::from(rng.random::<u32>()) * n as u64) >> 32;
                (0..n).map(|_| gains[draw() as usize]).sum()
            })
            .collect();
        sums.sort_unstable();
        let percentile = |share: f64| mean(sums[(share * (Self::SAMPLES - 1) as f64).round() as usize]);
        Ok(Self { mean: mean(gains.iter().sum()), interval: [percentile(0.025), percentile(0.975)] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_test_is_the_binomial_sum() {
        // 2 (C(10, 0) + C(10, 1) + C(10, 2)) / 2^10
        approx::assert_relative_eq!(sign_test(2, 8), 2.0 * 56.0 / 1024.0, max_relative = 1e-12);
        approx::assert_relative_eq!(sign_test(0, 0), 1.0);
        approx::assert_relative_eq!(sign_test(5, 5), 1.0);
        // SciPy's `binomtest(4700, 10000)`.
        approx::assert_relative_eq!(sign_test(4700, 5300), 2.076033695920612e-09, max_relative = 1e-9);
    }
}
