//! A training without a run folder, for cross-validation.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::trainer::{Start, Trainer};
use super::training::check_batch;
use super::{Progress, TrainError};
use crate::data::{Form, ImageSet, Normalisation, Split};
use crate::gpu::Gpu;
use crate::network::{Feed, Network, Resident};
use crate::run::{EpochRecord, is_stopped};
use crate::settings::{Learned, SettingsError, TrainConfig};

/// Trains on one part of `images`, which are of this form, validates on the other, and keeps only the metrics of each epoch. Breaks when `observe`
/// does.
///
/// # Errors
/// As [`train`](super::train).
pub fn fit(
    gpu: &Arc<Gpu>,
    config: &TrainConfig,
    form: &Form,
    images: &ImageSet,
    split: Split,
    mut observe: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<ControlFlow<(), Vec<EpochRecord>>, TrainError> {
    config.validate()?;
    check_batch(config, &split, 1)?;
    if config.transfer.weights.is_some() {
        let allowed = "left out in a search: its fits have no folder to keep phases and features in";
        return Err(SettingsError::new("weights", "given", allowed).into());
    }
    let normalisation = Normalisation::of(config.pixels, images, &split.train);
    let network = Network::of(gpu, config, form, normalisation, &Learned::All)?;
    let feed = Feed::Images(Resident::new(&network.graph, images)?);
    let mut trainer = Trainer::new(&network, config, Start::whole(&feed, images.labels(), split))?;
    let mut history = Vec::new();
    while trainer.epochs() < config.epochs && !is_stopped(&history, &config.stopping) {
        match trainer.epoch(&mut observe)? {
            ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
            ControlFlow::Continue(record) => history.push(record),
        }
    }
    Ok(ControlFlow::Continue(history))
}
