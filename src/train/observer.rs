//! What a training tells while it runs.

use std::ops::ControlFlow;

use super::Progress;
use crate::run::{EpochRecord, RunConfig, RunFolder};

/// Observes the progress of a training, and may stop it.
pub trait Observer {
    /// Before the first step, with the past epochs of a resumed run.
    fn start(&mut self, run: &RunConfig, folder: &RunFolder, history: &[EpochRecord]);
    /// Before anything other than simply the next epoch, with a description of it.
    fn note(&mut self, text: &str);
    /// After each batch of features computed in advance, with the number of images done. [`ControlFlow::Break`] stops it.
    fn features(&mut self, done: usize, images: usize) -> ControlFlow<()>;
    /// After a step whose totals have been read back. [`ControlFlow::Break`] saves and stops the training.
    fn step(&mut self, progress: Progress) -> ControlFlow<()>;
    /// After each epoch; `best` is whether its monitored metric is the best so far.
    fn epoch(&mut self, record: &EpochRecord, best: bool);
}

/// Watches nothing and stops nothing.
impl Observer for () {
    fn start(&mut self, _: &RunConfig, _: &RunFolder, _: &[EpochRecord]) {}
    fn note(&mut self, _: &str) {}
    fn features(&mut self, _: usize, _: usize) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn step(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    fn epoch(&mut self, _: &EpochRecord, _: bool) {}
}
