//! A data set on a device, and batches from it.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::NetworkError;
use crate::data::{ImageSet, ImageShape, Normalisation};
use crate::gpu::Gpu;
use crate::settings::TrainConfig;
use crate::tensor::ops::{Augment, Batch, DataSet, Pixels};
use crate::tensor::{Graph, Result, Tensor};

/// Images and labels on the device, as bytes, which cross the bus once. Images that are too many for the device are streamed: those
/// of a batch are sent before its step. The numbers that a network sees are the same.
#[derive(Debug)]
pub struct Resident {
    images: Images,
    pub(super) labels: Tensor,
    shape: ImageShape,
}

#[derive(Debug)]
enum Images {
    /// All of them, four bytes per word.
    Whole(Tensor),
    /// On the host.
    Streamed(ImageSet),
}

/// An order in which to visit images of a [`Resident`] data set, and the place where the next batch starts.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub order: Tensor,
    pub place: Tensor,
    len: usize,
    stream: Rc<RefCell<Stream>>,
}

/// What a visit sends before each batch, if its images are streamed.
#[derive(Debug)]
struct Stream {
    order: Vec<u32>,
    /// Where the images of a batch are put, their number, and all images.
    block: Option<(Tensor, usize, ImageSet)>,
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

/// Four bytes per word, the first in the lowest bits, whatever this machine's byte order.
fn words(mut bytes: Vec<u8>) -> Vec<u32> {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

impl Resident {
    /// Puts a data set on the graph's device, or if it is too large for that, gets it ready to be streamed.
    ///
    /// # Errors
    /// [`NetworkError::NoImages`] when the set is empty; those of the device.
    pub fn new(graph: &Graph, set: &ImageSet) -> std::result::Result<Self, NetworkError> {
        if set.is_empty() {
            return Err(NetworkError::NoImages);
        }
        let images = match graph.gpu().streams(set.pixels().len() as u64) {
            true => Images::Streamed(set.clone()),
            false => {
                let words = words(set.pixels().to_vec());
                Images::Whole(graph.tensor_u32([words.len()], &words)?)
            }
        };
        let labels: Vec<u32> = set.labels().iter().map(|label| u32::from(*label)).collect();
        Ok(Self { images, labels: graph.tensor_u32([labels.len()], &labels)?, shape: set.shape() })
    }

    /// All images, four bytes per word, unless they are streamed.
    pub(super) fn whole(&self) -> Option<&Tensor> {
        match &self.images {
            Images::Whole(images) => Some(images),
            Images::Streamed(_) => None,
        }
    }

    /// Images in the set.
    pub(crate) fn len(&self) -> usize {
        self.labels.shape().len()
    }

    /// Records a batch of `size` images `[size, H, W, C]` and their labels, from the current place of the visit. Every
    /// image that a network sees, in training and after, comes this way.
    ///
    /// # Errors
    /// When a setting of the augmentation is out of range; those of the device.
    pub(crate) fn batch(
        &self,
        visit: &Visit,
        size: usize,
        normalisation: Normalisation,
        changes: Changes,
    ) -> Result<(Tensor, Tensor)> {
        let (images, streamed) = match &self.images {
            Images::Whole(images) => (images.clone(), false),
            Images::Streamed(set) => (visit.block(set, size)?, true),
        };
        let data = DataSet { images, labels: self.labels.clone() };
        let Changes { augment, mixing } = changes;
        let batch = Batch { order: &visit.order, place: &visit.place, size, augment, mixing, streamed };
        let ImageShape { height, width, channels } = self.shape;
        let Normalisation { mean, deviation } = normalisation;
        data.gather(batch, Pixels { height, width, channels, mean, deviation })
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
            stream: Rc::new(RefCell::new(Stream { order: order.to_vec(), block: None })),
        })
    }

    /// Where the images of a batch are put. Batches of several sizes share the place of the largest, which is recorded first.
    fn block(&self, set: &ImageSet, size: usize) -> Result<Tensor> {
        let mut stream = self.stream.borrow_mut();
        match &stream.block {
            Some((block, room, _)) if *room >= size => Ok(block.clone()),
            _ => {
                let words = (size * set.shape().len()).div_ceil(4);
                let block = self.order.graph().tensor_u32([words], &vec![0; words])?;
                stream.block = Some((block.clone(), size, set.clone()));
                Ok(block)
            }
        }
    }

    /// Makes the next batch that is recorded have a place of its own: a smaller one than was tried before needs less.
    pub fn forget_block(&self) {
        self.stream.borrow_mut().block = None;
    }

    /// Changes the order for later batches. It must name as many images as before.
    ///
    /// # Errors
    /// When it names a different number of images.
    pub fn set_order(&self, order: &[u32]) -> Result<()> {
        self.order.write_u32(order)?;
        self.stream.borrow_mut().order = order.to_vec();
        Ok(())
    }

    /// Makes the next batch start at place `start` of the order, in epoch `epoch` (from 0), which augmentation depends on; sends
    /// its images if these are streamed.
    ///
    /// # Errors
    /// Those of the device.
    pub fn start_at(&self, start: usize, epoch: usize) -> Result<()> {
        let Stream { order, block } = &*self.stream.borrow();
        if let Some((block, room, set)) = block {
            let mut bytes = Vec::with_capacity(block.shape().len() * 4);
            for image in order.iter().skip(start).take(*room) {
                bytes.extend_from_slice(set.image(*image as usize));
            }
            // Where the order has ended, the kernel repeats its last label, and nobody reads what comes of it.
            bytes.resize(block.shape().len() * 4, 0);
            block.write_u32(&words(bytes))?;
        }
        self.place.write_u32(&[start as u32, epoch as u32])
    }

    /// Images in the order.
    pub fn len(&self) -> usize {
        self.len
    }
}

/// The first `count` images of a set as training sees them in each of these epochs (from 0): for each epoch a list of images
/// with values in 0 to 1.
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
            for (i, value) in values.iter_mut().enumerate() {
                let channel = i % set.shape().channels;
                *value = *value * normalisation.deviation[channel] + normalisation.mean[channel];
            }
            Ok(values.chunks_exact(set.shape().len()).map(<[f32]>::to_vec).collect())
        })
        .collect()
}
