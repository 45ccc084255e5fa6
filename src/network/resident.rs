//! A data set in device memory, and batches from it.

use std::ops::Range;
use std::sync::Arc;

use super::NetworkError;
use crate::data::{HEIGHT, ImageSet, Normalisation, PIXELS, WIDTH};
use crate::gpu::Gpu;
use crate::settings::TrainConfig;
use crate::tensor::ops::{Augment, Batch, DataSet, Pixels};
use crate::tensor::{Graph, Result, Tensor};

/// Images and labels on the device, as bytes; they cross the bus once.
#[derive(Debug)]
pub struct Resident(DataSet);

/// An order in which to visit images of a [`Resident`] data set, and the place where the next batch starts.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub order: Tensor,
    pub place: Tensor,
    len: usize,
}

/// How the images of a batch are changed before the network sees them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Changes<'a> {
    /// How they are augmented, and the seed for that.
    pub augment: Option<(&'a Augment, u32)>,
    /// How they are mixed in pairs.
    pub mixing: Option<&'a Tensor>,
}

impl Changes<'_> {
    /// No changes.
    pub const NONE: Self = Self { augment: None, mixing: None };
}

impl Resident {
    /// Puts a data set on the graph's device.
    ///
    /// # Errors
    /// [`NetworkError::NoImages`] when the set is empty; those of the device.
    pub fn new(graph: &Graph, set: &ImageSet) -> std::result::Result<Self, NetworkError> {
        if set.is_empty() {
            return Err(NetworkError::NoImages);
        }
        let mut bytes = set.pixels().to_vec();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        // Four bytes per word, the first in the lowest bits, whatever this machine's byte order.
        let words: Vec<u32> = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let labels: Vec<u32> = set.labels().iter().map(|label| u32::from(*label)).collect();
        Ok(Self(DataSet {
            images: graph.tensor_u32([words.len()], &words)?,
            labels: graph.tensor_u32([labels.len()], &labels)?,
        }))
    }

    /// Images in the set.
    pub(crate) fn len(&self) -> usize {
        self.0.labels.shape().len()
    }

    /// Records a batch of `size` images `[size, H, W, 1]` and their labels, from the current place of the visit. Every
    /// image that a network sees, in training and after, comes this way.
    ///
    /// # Errors
    /// When a setting of the augmentation is out of range.
    pub(crate) fn batch(
        &self,
        visit: &Visit,
        size: usize,
        normalisation: Normalisation,
        changes: Changes,
    ) -> Result<(Tensor, Tensor)> {
        let batch =
            Batch { order: &visit.order, place: &visit.place, size, augment: changes.augment, mixing: changes.mixing };
        let pixels =
            Pixels { height: HEIGHT, width: WIDTH, mean: normalisation.mean, deviation: normalisation.deviation };
        self.0.gather(batch, pixels)
    }
}

impl Visit {
    /// A visit to the images that `order` names, in that order, starting with the first.
    ///
    /// # Errors
    /// Those of the device.
    pub fn new(graph: &Graph, order: &[u32]) -> Result<Self> {
        Ok(Self {
            order: graph.tensor_u32([order.len()], order)?,
            place: graph.tensor_u32([2], &[0, 0])?,
            len: order.len(),
        })
    }

    /// Changes the order for later batches. It must name as many images as before.
    ///
    /// # Errors
    /// When it names a different number of images.
    pub fn set_order(&self, order: &[u32]) -> Result<()> {
        self.order.write_u32(order)
    }

    /// Makes the next batch start at place `start` of the order, in epoch `epoch` (from 0), which augmentation depends on.
    ///
    /// # Errors
    /// Those of the device.
    pub fn start_at(&self, start: usize, epoch: usize) -> Result<()> {
        self.place.write_u32(&[start as u32, epoch as u32])
    }

    /// Images in the order.
    pub fn len(&self) -> usize {
        self.len
    }
}

/// The first `count` images of a set as training sees them in each of these epochs (from 0): for each epoch a list of images
/// of [`PIXELS`](crate::data::PIXELS) values in 0 to 1.
///
/// # Errors
/// Settings out of range; those of the device.
pub fn augmented(
    gpu: &Arc<Gpu>,
    set: &ImageSet,
    config: &TrainConfig,
    count: usize,
    epochs: Range<usize>,
) -> std::result::Result<Vec<Vec<Vec<f32>>>, NetworkError> {
    let graph = Graph::new(gpu);
    let count = count.min(set.len());
    let order: Vec<u32> = (0..count as u32).collect();
    let data = Resident::new(&graph, set)?;
    let visit = Visit::new(&graph, &order)?;
    let changes = Changes { augment: config.augmentation(), mixing: None };
    let normalisation = Normalisation::of(config.pixels, set, &order);
    let (images, _) = data.batch(&visit, count, normalisation, changes)?;
    let mut compiled = graph.compile(&[&images])?;
    epochs
        .map(|epoch| {
            visit.start_at(0, epoch)?;
            compiled.run()?;
            let mut values = compiled.read(&images)?;
            for value in &mut values {
                *value = *value * normalisation.deviation + normalisation.mean;
            }
            Ok(values.chunks_exact(PIXELS).map(<[f32]>::to_vec).collect())
        })
        .collect()
}
