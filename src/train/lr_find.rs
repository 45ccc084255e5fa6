//! The learning rate range test: the loss while the rate rises (Smith 2017, section 3.3).

use std::sync::Arc;

use super::TrainError;
use super::beginning::Beginning;
use crate::data::Dataset;
use crate::gpu::Gpu;
use crate::settings::{SettingsError, TrainConfig};

/// How the rate rises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateSweep {
    /// Rate of the first step.
    pub from: f64,
    /// Rate of the last step.
    pub to: f64,
    /// Maximum number of steps.
    pub steps: usize,
}

impl RateSweep {
    /// Checks that the rate rises, and the number of steps.
    ///
    /// # Errors
    /// [`SettingsError::Setting`].
    pub fn validate(&self) -> Result<(), SettingsError> {
        let rises = self.from > 0.0 && self.to.is_finite() && self.from < self.to;
        if rises && (2 * SLOPE_OVER..=MOST_STEPS).contains(&self.steps) {
            return Ok(());
        }
        Err(SettingsError::new(
            "the sweep",
            format!("{} to {} in {} steps", self.from, self.to, self.steps),
            format!("from a rate above 0 to a higher one in {} to {MOST_STEPS} steps", 2 * SLOPE_OVER),
        ))
    }
}

/// The result of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct RateFinding {
    /// Rate and smoothed loss of each step until the loss reached four times its lowest value.
    pub points: Vec<(f64, f64)>,
    /// The rate at which the smoothed loss fell the fastest, with respect to the logarithm of the rate.
    pub steepest: f64,
    /// The rate at which the smoothed loss was lowest.
    pub lowest: f64,
}

impl RateFinding {
    /// A suggested peak rate: a tenth of the rate with the lowest loss, or the rate with the fastest fall if that is higher.
    pub fn suggestion(&self) -> f64 {
        self.steepest.max(self.lowest / 10.0)
    }
}

/// Weight of the past in the smoothed loss.
const SMOOTHING: f64 = 0.9;
/// A loss this many times the lowest ends the sweep.
const DIVERGED: f64 = 4.0;
/// More steps would add no information.
const MOST_STEPS: usize = 10_000;
/// Number of steps over which a slope is measured.
const SLOPE_OVER: usize = 5;

/// Trains with a rate that rises exponentially from step to step, and records the loss.
///
/// # Errors
/// Settings out of range; those of the device.
pub fn find_rate(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    data: &Dataset,
    sweep: RateSweep,
    mut observe: impl FnMut(usize),
) -> Result<RateFinding, TrainError> {
    sweep.validate()?;
    let beginning = Beginning::new(gpu, config, data)?;
    let mut trainer = beginning.trainer(config)?;

    let mut losses = Vec::new();
    trainer.start_epoch()?;
    let mut sum_before = 0.0;
    let mut images_before = 0;
    for step in 0..sweep.steps {
        if trainer.is_epoch_over() {
            trainer.end_epoch();
            trainer.start_epoch()?;
            (sum_before, images_before) = (0.0, 0);
        }
        trainer.step(sweep.rate(step))?;
        let progress = match trainer.finish_readbacks() {
            Err(TrainError::Diverged { .. }) => break,
            progress => progress?,
        };
        let sum = progress.loss * progress.images as f64;
        losses.push((sum - sum_before) / (progress.images - images_before) as f64);
        (sum_before, images_before) = (sum, progress.images);
        observe(step + 1);
        if has_diverged(&smoothed(&losses)) {
            break;
        }
    }
    let smooth = smoothed(&losses);
    let points: Vec<(f64, f64)> = smooth.iter().enumerate().map(|(i, loss)| (sweep.rate(i), *loss)).collect();
    let steepest = steepest_fall(&smooth).ok_or_else(|| {
        let value = format!("too short: the loss rose at once, at rate {}", sweep.from);
        SettingsError::new("the sweep", value, "one that starts at a lower rate")
    })?;
    let lowest = points.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    Ok(RateFinding { steepest: sweep.rate(steepest), lowest: lowest.map_or(sweep.from, |(rate, _)| *rate), points })
}

impl RateSweep {
    fn rate(&self, step: usize) -> f64 {
        self.from * (self.to / self.from).powf(step as f64 / (self.steps - 1) as f64)
    }
}

/// The exponential moving average with the bias correction of Kingma and Ba (2015) for its start at zero.
fn smoothed(losses: &[f64]) -> Vec<f64> {
    let mut average = 0.0;
    let mut past: f64 = 1.0;
    let mut next = |loss: &f64| {
        average = SMOOTHING * average + (1.0 - SMOOTHING) * loss;
        past *= SMOOTHING;
        average / (1.0 - past)
    };
    losses.iter().map(&mut next).collect()
}

fn has_diverged(smooth: &[f64]) -> bool {
    let lowest = smooth.iter().copied().fold(f64::INFINITY, f64::min);
    smooth.last().is_some_and(|last| *last > DIVERGED * lowest)
}

/// The middle of the [`SLOPE_OVER`] steps over which the loss falls most, if it falls anywhere.
fn steepest_fall(smooth: &[f64]) -> Option<usize> {
    let falls = smooth.windows(SLOPE_OVER + 1).map(|w| w[0] - w[SLOPE_OVER]);
    let (at, fall) = falls.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (fall > 0.0).then_some(at + SLOPE_OVER / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_rise_by_one_factor_from_end_to_end() {
        let sweep = RateSweep { from: 1e-4, to: 1.0, steps: 5 };
        for (step, rate) in [1e-4, 1e-3, 1e-2, 1e-1, 1.0].into_iter().enumerate() {
            approx::assert_relative_eq!(sweep.rate(step), rate, max_relative = 1e-12);
        }
    }

    #[test]
    fn a_constant_loss_is_smoothed_to_itself() {
        for loss in smoothed(&[2.5; 20]) {
            approx::assert_relative_eq!(loss, 2.5, max_relative = 1e-12);
        }
    }

    #[test]
    fn the_steepest_fall_is_found_and_a_rising_loss_has_none() {
        // Falls by 0.1 per step, by 0.5 between steps 20 and 30, then rises.
        let loss = |i: usize| match i {
            0..20 => 10.0 - 0.1 * i as f64,
            20..30 => 8.0 - 0.5 * (i - 20) as f64,
            _ => 3.0 + (i - 30) as f64,
        };
        let losses: Vec<f64> = (0..40).map(loss).collect();
        let found = steepest_fall(&losses).unwrap();
        assert!((20..30).contains(&found), "{found}");
        let rising: Vec<f64> = (0..40).map(f64::from).collect();
        assert_eq!(steepest_fall(&rising), None);
        assert!(has_diverged(&[1.0, 2.0, 4.5]) && !has_diverged(&[1.0, 2.0, 3.5]));
    }
}
