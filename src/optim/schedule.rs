//! How the learning rate moves during training.

use serde::{Deserialize, Serialize};

use super::Plateau;

/// How the learning rate moves between its floor and its peak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Schedule {
    /// Always the peak.
    Constant,
    /// Multiplied by `factor` at the start of each of these epochs, counted from 0: after so many epochs.
    Step {
        /// Epochs after which the rate falls, in any order.
        milestones: Vec<usize>,
        /// What the rate is multiplied by.
        factor: f64,
    },
    /// Down along half a cosine (Loshchilov and Hutter 2017, equation 5, without restarts).
    Cosine,
    /// Up in a straight line during the first quarter of the steps, then down along half a cosine
    /// (Smith and Topin 2018; the cosine of Loshchilov and Hutter 2017).
    OneCycle,
    /// Up in a straight line during the first quarter of the steps, then down in a straight line.
    Triangular,
    /// The peak until a figure of the validation stops getting better, then less and less.
    Plateau(Plateau),
}

/// The learning rate of a training: settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningRate {
    /// The highest rate.
    pub peak: f64,
    /// The lowest rate that cosine, one-cycle, triangular and plateau go down to.
    pub floor: f64,
    /// Epochs in which the rate first rises in a straight line to where the schedule starts. A schedule over the whole
    /// training has the epochs after that; milestones count from the start of the training.
    pub warm_up: f64,
    /// What happens then.
    pub schedule: Schedule,
}

/// How long a training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeline {
    /// Steps in an epoch.
    pub steps_per_epoch: u64,
    /// Epochs in all.
    pub epochs: u64,
}

/// Share of the steps in which one-cycle and triangular rise.
const RISE: f64 = 0.25;

impl LearningRate {
    /// The rate for step `step`, from 0. `reduction` is [`PlateauState::reduction`](super::PlateauState::reduction), 1
    /// for all other schedules.
    pub fn at(&self, step: u64, timeline: Timeline, reduction: f64) -> f64 {
        // The middle of the step, so that neither the first nor the last has rate zero.
        let at = step as f64 + 0.5;
        let warm_up = self.warm_up * timeline.steps_per_epoch as f64;
        let total = (timeline.epochs * timeline.steps_per_epoch) as f64 - warm_up;
        let proper =
            |at: f64| self.after_warm_up(at - warm_up, total, step / timeline.steps_per_epoch.max(1), reduction);
        if at < warm_up {
            // The rise ends where the schedule starts.
            proper(warm_up + 0.5) * at / warm_up
        } else {
            proper(at)
        }
    }

    fn after_warm_up(&self, at: f64, total: f64, epoch: u64, reduction: f64) -> f64 {
        // From the floor (share 0) to the peak (share 1).
        let between = |share: f64| self.floor + (self.peak - self.floor) * share;
        let half_cosine = |share: f64| 0.5 * (1.0 + (std::f64::consts::PI * share.min(1.0)).cos());
        // At least a step of rise, so that a training of one step has a rate.
        let rise = (RISE * total).max(1.0);
        let fallen = (at - rise) / (total - rise).max(1.0);
        match &self.schedule {
            Schedule::Constant => self.peak,
            Schedule::Step { milestones, factor } => {
                let passed = milestones.iter().filter(|milestone| **milestone as u64 <= epoch);
                self.peak * factor.powi(passed.count() as i32)
            }
            Schedule::Cosine => between(half_cosine(at / total.max(1.0))),
            Schedule::OneCycle | Schedule::Triangular if at < rise => between(at / rise),
            Schedule::OneCycle => between(half_cosine(fallen)),
            Schedule::Triangular => between((1.0 - fallen).max(0.0)),
            Schedule::Plateau(_) => (self.peak * reduction).max(self.floor.min(self.peak)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMELINE: Timeline = Timeline {
        steps_per_epoch: 10,
        epochs: 8,
    };

    fn rate(schedule: Schedule) -> LearningRate {
        LearningRate {
            peak: 1.0,
            floor: 0.0,
            warm_up: 0.0,
            schedule,
        }
    }

    #[test]
    fn one_cycle_rises_for_a_quarter_and_falls_to_the_floor() {
        let rate = rate(Schedule::OneCycle);
        let at = |step| rate.at(step, TIMELINE, 1.0);
        assert!(at(0) > 0.0 && (1..20).all(|s| at(s) > at(s - 1)));
        assert!((21..80).all(|s| at(s) < at(s - 1)) && at(79) > 0.0 && at(79) < 1e-3);
    }

    #[test]
    fn a_training_of_one_step_has_a_rate() {
        let one = Timeline {
            steps_per_epoch: 1,
            epochs: 1,
        };
        for schedule in [Schedule::Cosine, Schedule::OneCycle, Schedule::Triangular] {
            assert!(rate(schedule.clone()).at(0, one, 1.0) > 0.0, "{schedule:?}");
        }
    }
}
