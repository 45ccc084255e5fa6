//! A data set that lies in device memory, and batches out of it.

use super::{Normalisation, TrainError};
use crate::data::{HEIGHT, ImageSet, WIDTH};
use crate::tensor::ops::{DataSet, Pixels};
use crate::tensor::{Graph, Result, Tensor};

/// Images and labels on the device, as bytes; they cross the bus once.
#[derive(Debug)]
pub struct Resident(DataSet);

/// An order in which to visit images of a [`Resident`] data set, and the place where the next batch starts.
#[derive(Debug)]
pub struct Visit {
    order: Tensor,
    cursor: Tensor,
    len: usize,
}

impl Resident {
    /// Puts a data set on the graph's device.
    ///
    /// # Errors
    /// Those of the device; an empty set has nothing to put there.
    pub fn new(graph: &Graph, set: &ImageSet) -> std::result::Result<Self, TrainError> {
        if set.is_empty() {
            return Err(TrainError::Option {
                option: "--data",
                value: "a data set without images".to_owned(),
                allowed: "one with images".to_owned(),
            });
        }
        let mut bytes = set.pixels().to_vec();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        // Four bytes a word, the first in the lowest bits, whatever this machine's byte order.
        let words: Vec<u32> = bytes
            .chunks_exact(4)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        let labels: Vec<u32> = set.labels().iter().map(|label| u32::from(*label)).collect();
        Ok(Self(DataSet {
            images: graph.tensor_u32([words.len()], &words)?,
            labels: graph.tensor_u32([labels.len()], &labels)?,
        }))
    }

    /// Records a batch of `batch` images `[batch, H, W, 1]` and labels `[batch]`, from where the visit stands.
    ///
    /// # Errors
    /// None in practice: the shapes fit by construction.
    pub fn batch(&self, visit: &Visit, batch: usize, normalisation: Normalisation) -> Result<(Tensor, Tensor)> {
        let pixels = Pixels {
            height: HEIGHT,
            width: WIDTH,
            mean: normalisation.mean,
            deviation: normalisation.deviation,
        };
        self.0.gather(&visit.order, &visit.cursor, batch, pixels)
    }
}

impl Visit {
    /// A visit of the images `order` names, in that order, from the first on.
    ///
    /// # Errors
    /// Those of the device.
    pub fn new(graph: &Graph, order: &[u32]) -> Result<Self> {
        Ok(Self {
            order: graph.tensor_u32([order.len()], order)?,
            cursor: graph.tensor_u32([1], &[0])?,
            len: order.len(),
        })
    }

    /// Changes the order for the batches that start later. It names as many images as before.
    ///
    /// # Errors
    /// When it names another number of images.
    pub fn set_order(&self, order: &[u32]) -> Result<()> {
        self.order.write_u32(order)
    }

    /// Lets the next batch start at place `start` of the order.
    ///
    /// # Errors
    /// Those of the device.
    pub fn start_at(&self, start: usize) -> Result<()> {
        self.cursor.write_u32(&[start as u32])
    }

    /// Images in the order.
    pub fn len(&self) -> usize {
        self.len
    }
}
