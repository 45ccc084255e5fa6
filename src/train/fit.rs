//! A training without a folder: for cross-validation.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::feed::Feed;
use super::run::check_batch;
use super::trainer::{Task, Trainer};
use super::{EpochRecord, Network, Normalisation, Progress, Resident, TrainConfig, TrainError};
use crate::data::{ImageSet, Split};
use crate::gpu::Gpu;

/// Trains on one part of `images`, validates on the other, and keeps nothing but the figures of each epoch. Breaks when
/// `observe` says so.
///
/// # Errors
/// As [`train`](super::train).
pub fn fit(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    images: &ImageSet,
    split: Split,
    mut observe: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<ControlFlow<(), Vec<EpochRecord>>, TrainError> {
    config.validate()?;
    check_batch(config, &split)?;
    if config.weights.is_some() {
        return Err(TrainError::Option {
            option: "--weights",
            value: "given".to_owned(),
            allowed: "left out in a search: its fits have no folder to keep phases and features in".to_owned(),
        });
    }
    let network = Network::new(gpu, config, Normalisation::of(config.pixels, images, &split.train))?;
    let feed = Feed::Images(Resident::new(&network.graph, images)?);
    let mut trainer = Trainer::new(&network, config, Task::whole(&feed, images.labels(), split))?;
    let mut history = Vec::new();
    while trainer.epochs() < config.epochs && !config.is_stopped_by(&history) {
        match trainer.epoch(&mut observe)? {
            ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
            ControlFlow::Continue(record) => history.push(record),
        }
    }
    Ok(ControlFlow::Continue(history))
}
