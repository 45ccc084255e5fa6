//! How the learning rate moves during training.

use serde::{Deserialize, Serialize};

use super::Plateau;

/// How the learning rate moves between its floor and its peak.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Schedule {
    /// Always the peak.
    Constant,
    /// Multiplied by a factor after some epochs.
    Step(Step),
    /// Falls along half a cosine (Loshchilov and Hutter 2017, equation 5, without restarts).
    Cosine,
    /// Rises linearly during the first quarter of the steps, then falls along half a cosine
    /// (Smith and Topin 2018; the cosine of Loshchilov and Hutter 2017).
    OneCycle,
    /// Rises linearly during the first quarter of the steps, then falls linearly.
    Triangular,
    /// The peak divided by `1 + decay * step` (Keras' `decay`).
    InverseTime(InverseTime),
    /// The peak until a validation metric stops getting better, then lower and lower.
    Plateau(Plateau),
}

/// Settings of [`Schedule::Step`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "training", derive(clap::Args))]
pub struct Step {
    /// after how many epochs, such as 150,225
    // In any order, counted from the start of the training.
    #[cfg_attr(feature = "training", arg(long, value_name = "EPOCHS", value_delimiter = ','))]
    pub milestones: Vec<usize>,
    /// what the rate is multiplied by; default 0.1
    #[cfg_attr(
        feature = "training",
        arg(id = "lr_factor", long = "lr-factor", value_name = "X", allow_negative_numbers = true)
    )]
    pub factor: f64,
}

/// Settings of [`Schedule::InverseTime`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "training", derive(clap::Args))]
pub struct InverseTime {
    /// the rate is divided by 1 + X * step; default 0
    #[cfg_attr(
        feature = "training",
        arg(id = "lr_decay", long = "lr-decay", value_name = "X", allow_negative_numbers = true)
    )]
    pub decay: f64,
}

/// Settings of the learning rate of a training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "training", derive(clap::Args))]
pub struct LearningRate {
    /// Peak learning rate; default muon 0.02, adamw 0.003, adam 0.001, sgd 0.1
    #[cfg_attr(feature = "training", arg(id = "lr", long = "lr", value_name = "RATE", allow_negative_numbers = true))]
    pub peak: f64,
    /// Epochs in which the rate rises in a straight line: before the schedule, or as the rise of one-cycle and triangular; default 0
    // Cosine covers the epochs after that.
    #[cfg_attr(
        feature = "training",
        arg(id = "warmup", long = "warmup", value_name = "EPOCHS", allow_negative_numbers = true)
    )]
    pub warm_up: f64,
    /// Lowest rate of cosine, one-cycle, triangular, inverse-time and plateau; default 0
    #[cfg_attr(
        feature = "training",
        arg(id = "lr_floor", long = "lr-floor", value_name = "RATE", allow_negative_numbers = true)
    )]
    pub floor: f64,
    /// How the rate moves between its floor and its peak.
    #[cfg_attr(feature = "training", command(flatten))]
    pub schedule: Schedule,
    /// Epochs that were trained before this schedule started: 0, except for a training that was extended by a fresh cycle.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "training", arg(skip))]
    pub cycle_start: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How long a training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeline {
    /// Steps in an epoch.
    pub steps_per_epoch: u64,
    /// Epochs in all.
    pub epochs: u64,
}

/// Share of the steps in which one-cycle and triangular rise, unless a warm-up sets the length.
const RISE: f64 = 0.25;

impl Schedule {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Step(_) => "step",
            Self::Cosine => "cosine",
            Self::OneCycle => "one-cycle",
            Self::Triangular => "triangular",
            Self::InverseTime(_) => "inverse-time",
            Self::Plateau(_) => "plateau",
        }
    }

    /// Whether its rates depend on how many epochs the training has.
    pub fn ends_with_the_training(&self) -> bool {
        matches!(self, Self::Cosine | Self::OneCycle | Self::Triangular)
    }
}

impl LearningRate {
    /// A rate with this peak that goes down to 0, without warm-up.
    pub fn new(peak: f64, schedule: Schedule) -> Self {
        Self { peak, floor: 0.0, warm_up: 0.0, schedule, cycle_start: 0 }
    }

    /// The rate for step `step`, from 0. `reduction` is [`PlateauState::reduction`](super::PlateauState::reduction), 1
    /// for all other schedules.
    pub fn at(&self, step: u64, timeline: Timeline, reduction: f64) -> f64 {
        let before = self.cycle_start as u64;
        let step = step.saturating_sub(before * timeline.steps_per_epoch);
        let epochs = timeline.epochs.saturating_sub(before);
        // The middle of the step, so that neither the first nor the last has rate zero.
        let at = step as f64 + 0.5;
        let warm_up = self.warm_up * timeline.steps_per_epoch as f64;
        let total = (epochs * timeline.steps_per_epoch) as f64;
        // From the floor (share 0) to the peak (share 1).
        let between = |share: f64| self.floor + (self.peak - self.floor) * share;
        let half_cosine = |share: f64| 0.5 * (1.0 + (std::f64::consts::PI * share.min(1.0)).cos());
        if let Schedule::OneCycle | Schedule::Triangular = self.schedule {
            // At least one step of rise, so that a training of one step has a rate.
            let rise = if warm_up > 0.0 { warm_up } else { RISE * total }.max(1.0);
            let fallen = ((at - rise) / (total - rise).max(1.0)).min(1.0);
            return between(match self.schedule {
                _ if at < rise => at / rise,
                Schedule::OneCycle => half_cosine(fallen),
                _ => 1.0 - fallen,
            });
        }
        let after_warm_up = |at: f64| match &self.schedule {
            Schedule::Step(Step { milestones, factor }) => {
                let epoch = step / timeline.steps_per_epoch.max(1);
                let passed = milestones.iter().filter(|milestone| **milestone as u64 <= epoch);
                self.peak * factor.powi(passed.count() as i32)
            }
            Schedule::Cosine => between(half_cosine((at - warm_up) / (total - warm_up).max(1.0))),
            Schedule::InverseTime(InverseTime { decay }) => (self.peak / (1.0 + decay * step as f64)).max(self.floor),
            Schedule::Plateau(_) => (self.peak * reduction).max(self.floor),
            Schedule::Constant | Schedule::OneCycle | Schedule::Triangular => self.peak,
        };
        if at < warm_up {
            // The rise ends where the schedule starts.
            after_warm_up(warm_up + 0.5) * at / warm_up
        } else {
            after_warm_up(at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMELINE: Timeline = Timeline { steps_per_epoch: 10, epochs: 8 };

    fn rate(schedule: Schedule) -> LearningRate {
        LearningRate::new(1.0, schedule)
    }

    #[test]
    fn one_cycle_rises_for_a_quarter_and_falls_to_the_floor() {
        let rate = rate(Schedule::OneCycle);
        let at = |step| rate.at(step, TIMELINE, 1.0);
        assert!(at(0) > 0.0 && (1..20).all(|s| at(s) > at(s - 1)));
        assert!((21..80).all(|s| at(s) < at(s - 1)) && at(79) > 0.0 && at(79) < 1e-3);
    }

    #[test]
    fn a_warm_up_is_the_rise_of_schedules_that_rise() {
        for schedule in [Schedule::OneCycle, Schedule::Triangular] {
            let rate = LearningRate { warm_up: 1.0, ..rate(schedule) };
            let at = |step| rate.at(step, TIMELINE, 1.0);
            assert!((1..10).all(|s| at(s) > at(s - 1)) && (11..80).all(|s| at(s) < at(s - 1)));
            assert!(at(9) > 0.9 && at(10) > 0.9 && at(79) < 0.02);
        }
    }

    #[test]
    fn only_schedules_that_end_with_the_training_depend_on_its_length() {
        let longer = Timeline { epochs: 20, ..TIMELINE };
        let plateau = Plateau { factor: 0.5, patience: 1, min_delta: 0.0, cooldown: 0 };
        for schedule in [
            Schedule::Constant,
            Schedule::Step(Step { milestones: vec![2, 7], factor: 0.1 }),
            Schedule::InverseTime(InverseTime { decay: 0.1 }),
            Schedule::Plateau(plateau),
            Schedule::Cosine,
            Schedule::OneCycle,
            Schedule::Triangular,
        ] {
            let rate = rate(schedule.clone());
            let same = (0..80).all(|step| rate.at(step, TIMELINE, 0.5) == rate.at(step, longer, 0.5));
            assert_eq!(same, !schedule.ends_with_the_training(), "{schedule:?}");
        }
    }

    #[test]
    fn a_fresh_cycle_is_the_schedule_of_a_shorter_training() {
        for schedule in [Schedule::OneCycle, Schedule::Cosine, Schedule::Triangular] {
            let (short, mut late) = (rate(schedule.clone()), rate(schedule));
            late.cycle_start = 5;
            let remaining = Timeline { epochs: 3, ..TIMELINE };
            for step in 0..30 {
                assert_eq!(late.at(50 + step, TIMELINE, 1.0), short.at(step, remaining, 1.0));
            }
        }
    }

    #[test]
    fn inverse_time_divides_by_the_steps() {
        let rate = rate(Schedule::InverseTime(InverseTime { decay: 0.5 }));
        let rates = [0, 1, 2, 6].map(|step| rate.at(step, TIMELINE, 1.0));
        assert_eq!(rates, [1.0, 1.0 / 1.5, 0.5, 0.25]);
    }

    #[test]
    fn a_training_of_one_step_has_a_rate() {
        let one = Timeline { steps_per_epoch: 1, epochs: 1 };
        for schedule in [Schedule::Cosine, Schedule::OneCycle, Schedule::Triangular] {
            assert!(rate(schedule.clone()).at(0, one, 1.0) > 0.0, "{schedule:?}");
        }
    }
}
