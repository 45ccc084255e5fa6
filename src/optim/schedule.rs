//! How the learning rate moves during training.

use serde::{Deserialize, Serialize};

/// The learning rate as a share of its peak, over the steps of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Always the peak.
    Constant,
    /// Up in a straight line during the first quarter of the steps, then down along half a cosine to zero
    /// (Smith and Topin 2018; the cosine of Loshchilov and Hutter 2017).
    OneCycle,
}

impl Schedule {
    /// The factor for step `step` (from 0) of `total`.
    pub fn factor(self, step: u64, total: u64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::OneCycle => {
                let warm_up = (total as f64 / 4.0).max(1.0);
                // The middle of the step, so that neither the first nor the last has rate zero.
                let at = step as f64 + 0.5;
                if at < warm_up {
                    at / warm_up
                } else {
                    let rest = ((at - warm_up) / (total as f64 - warm_up).max(1.0)).min(1.0);
                    0.5 * (1.0 + (std::f64::consts::PI * rest).cos())
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cycle_rises_for_a_quarter_and_falls_to_zero() {
        let factor = |step| Schedule::OneCycle.factor(step, 1000);
        assert!(factor(0) > 0.0 && factor(0) < 0.01);
        assert!((1..250).all(|s| factor(s) > factor(s - 1)));
        assert!((factor(250) - 1.0).abs() < 0.01);
        assert!((251..1000).all(|s| factor(s) < factor(s - 1)));
        // Half-way down the cosine.
        assert!((factor(625) - 0.5).abs() < 0.01);
        assert!(factor(999) > 0.0 && factor(999) < 1e-4);
    }

    #[test]
    fn a_training_of_one_step_has_a_rate() {
        assert!(Schedule::OneCycle.factor(0, 1) > 0.0);
    }
}
