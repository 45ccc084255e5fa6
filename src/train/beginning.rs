//! What the first phase of a training begins with, for those that do not train to the end.

use std::sync::Arc;

use super::TrainError;
use super::trainer::{Start, Trainer};
use super::training::check_batch;
use crate::data::{Dataset, Normalisation, Split};
use crate::gpu::Gpu;
use crate::network::{Feed, Network, Resident};
use crate::nn::weights;
use crate::settings::{Learned, TrainConfig};
use crate::tape::Named;
use crate::tensor::{Compiled, TensorError};

/// A network at the start of its training, with its images on the device.
pub(super) struct Beginning {
    network: Network,
    feed: Feed,
    labels: Vec<u16>,
    split: Split,
}

impl Beginning {
    /// With given weights only the head is trained.
    pub fn new(gpu: &Arc<Gpu>, config: &TrainConfig, data: &Dataset) -> Result<Self, TrainError> {
        config.validate()?;
        let images = config.images(data);
        let split = config.split(images.labels())?;
        check_batch(config, &split, 1)?;
        let normalisation = Normalisation::of(config.pixels, &images, &split.train);
        let learned = if config.transfer.weights.is_some() { Learned::Head } else { Learned::All };
        let network = Network::of(gpu, config, &data.form(), normalisation, &learned)?;
        if let Some(path) = &config.transfer.weights {
            weights::load_base(&network.parameters, path)?;
        }
        let feed = Feed::Images(Resident::new(&network.graph, &images)?);
        Ok(Self { network, feed, labels: images.labels().to_vec(), split })
    }

    /// A program that predicts the classes of `count` images that someone writes, with the present weights, and its places.
    pub fn predictor(&self, count: usize) -> Result<(Compiled, Vec<Named>), TensorError> {
        self.network.predictor_of_input(count)
    }

    /// The places of the data.
    pub fn data(&self) -> Vec<Named> {
        self.feed.places()
    }

    /// A trainer of it.
    pub fn trainer<'a>(&'a self, config: &'a TrainConfig) -> Result<Trainer<'a>, TrainError> {
        Trainer::new(&self.network, config, Start::whole(&self.feed, &self.labels, self.split.clone()))
    }
}
