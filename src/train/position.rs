//! How far a training has come, in epochs and steps.

use std::ops::Range;

use crate::optim::PlateauState;
use crate::ranks::Shares;

/// The host's part of the state of a training; the rest is in [`Trainer::tensors`](super::trainer::Trainer::tensors).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    /// The phase, from 0.
    pub phase: usize,
    /// Epochs of the phase that are complete.
    pub epochs: usize,
    /// Steps of the present epoch that are done.
    pub steps_of_epoch: usize,
    /// Steps of the phase.
    pub steps: u64,
    /// Sums of loss and hits of the present epoch.
    pub totals: [f32; 2],
    pub plateau: PlateauState,
}

/// The steps of an epoch: each has some batches, whose gradients are accumulated.
#[derive(Debug, Clone, Copy)]
pub(super) struct EpochSteps {
    pub shares: Shares,
    pub accumulate: usize,
}

impl EpochSteps {
    /// The steps that this many ranks would make of the same images.
    pub fn among(&self, ranks: usize) -> Self {
        Self { shares: self.shares.among(ranks), ..*self }
    }

    /// How many there are. The last one may have fewer batches.
    pub fn count(&self) -> usize {
        self.shares.batches().div_ceil(self.accumulate)
    }

    /// The batches of a step. Steps and batches count from 0.
    pub fn batches_of(&self, step: usize) -> Range<usize> {
        self.batches_in(step)..self.batches_in(step + 1)
    }

    /// Batches in the first `steps` steps.
    pub fn batches_in(&self, steps: usize) -> usize {
        (steps * self.accumulate).min(self.shares.batches())
    }

    /// Images in the first `steps` steps, of all ranks.
    pub fn images_in(&self, steps: usize) -> usize {
        self.shares.images_in(self.batches_in(steps))
    }

    /// Where these steps are at a position of others, which another number of ranks has made: at the start of the step that holds the next
    /// image.
    pub fn position_after(&self, there: &Position, steps_there: &Self) -> Position {
        let images = steps_there.images_in(there.steps_of_epoch);
        let steps_of_epoch = (0..self.count()).rev().find(|steps| self.images_in(*steps) <= images).unwrap_or(0);
        // Sums over the images that count as seen.
        let share = self.images_in(steps_of_epoch) as f32 / images.max(1) as f32;
        Position {
            steps_of_epoch,
            steps: (there.epochs * self.count() + steps_of_epoch) as u64,
            totals: there.totals.map(|sum| sum * share),
            ..there.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(images: usize, batch: usize, ranks: usize, accumulate: usize) -> EpochSteps {
        EpochSteps { shares: Shares::new(images, batch, ranks), accumulate }
    }

    #[test]
    fn the_last_step_has_the_batches_that_are_left() {
        let steps = steps(100, 8, 1, 5); // 13 batches, the last of 4 images
        assert_eq!(steps.count(), 3);
        assert_eq!([0, 1, 2].map(|step| steps.batches_of(step)), [0..5, 5..10, 10..13]);
        assert_eq!([0, 1, 2, 3].map(|done| steps.images_in(done)), [0, 40, 80, 100]);
    }

    #[test]
    fn other_ranks_go_on_at_the_step_with_the_next_image() {
        let there = Position {
            phase: 1,
            epochs: 2,
            steps_of_epoch: 5,
            steps: 2 * 13 + 5,
            totals: [10.0, 20.0],
            plateau: PlateauState::default(),
        };
        let one = steps(100, 8, 1, 1);
        // After 40 images: two steps of 16 are complete, of the third a half is.
        let two = one.among(2);
        let here = two.position_after(&there, &one);
        assert_eq!((here.phase, here.epochs, here.steps_of_epoch, here.steps), (1, 2, 2, 2 * 7 + 2));
        assert_eq!(here.totals, [8.0, 16.0]);
        // Back again nothing is lost that was complete, and the same ranks stay where they are.
        assert_eq!(one.position_after(&here, &two).steps_of_epoch, 4);
        assert_eq!(one.position_after(&there, &one), there);
    }
}
