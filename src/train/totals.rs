//! Loss and hits of an epoch: added up on the device, read back without waiting.

use std::collections::VecDeque;
use std::sync::Arc;

use super::TrainError;
use crate::gpu::{Gpu, Readback};
use crate::tensor::{Graph, Tensor};

/// Running sums of an epoch, and their read-backs in flight.
pub(super) struct Totals {
    /// Two numbers: the sums of losses and of hits.
    pub sums: Tensor,
    gpu: Arc<Gpu>,
    readback: Readback,
    /// For each read-back in flight, the step after which it was requested, and the epoch's images up to then.
    asked: VecDeque<(u64, usize)>,
}

/// Totals that have been read back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived {
    /// The step after which these were the totals.
    pub step: u64,
    /// The epoch's images up to then.
    pub images: usize,
    /// Sum of the losses.
    pub loss: f64,
    /// Number of correct predictions.
    pub hits: f64,
}

impl Arrived {
    /// Before any step.
    pub const NOTHING: Self = Self { step: 0, images: 0, loss: 0.0, hits: 0.0 };
}

/// Maximum number of read-backs in flight; when it is reached, a step does not request one.
const READBACKS: usize = 4;

impl Totals {
    /// Sums of zero.
    pub fn new(graph: &Graph) -> Result<Self, TrainError> {
        let sums = Self::sums(graph)?;
        Ok(Self {
            gpu: Arc::clone(graph.gpu()),
            readback: graph.compile(&[&sums])?.readback(&sums, READBACKS)?,
            sums,
            asked: VecDeque::new(),
        })
    }

    /// The sums that a training step adds to.
    pub fn sums(graph: &Graph) -> crate::tensor::Result<Tensor> {
        graph.zeros([2])
    }

    /// Requests the sums as they are after the steps submitted so far, unless too many read-backs are in flight.
    pub fn ask(&mut self, step: u64, images: usize) -> Result<(), TrainError> {
        if self.readback.request(&self.gpu)? {
            self.asked.push_back((step, images));
        }
        Ok(())
    }

    /// The next sums, if they have arrived.
    pub fn poll(&mut self) -> Result<Option<Arrived>, TrainError> {
        let bytes = self.readback.poll(&self.gpu)?;
        Ok(bytes.and_then(|bytes| self.arrived(&bytes)))
    }

    /// Waits for the next sums; `None` when none were requested.
    pub fn wait(&mut self) -> Result<Option<Arrived>, TrainError> {
        if self.asked.is_empty() {
            return Ok(None);
        }
        let bytes = self.readback.wait(&self.gpu)?;
        Ok(self.arrived(&bytes))
    }

    fn arrived(&mut self, bytes: &[u8]) -> Option<Arrived> {
        let (step, images) = self.asked.pop_front()?;
        let sums: Vec<f32> = bytemuck::pod_collect_to_vec(bytes);
        Some(Arrived { step, images, loss: f64::from(sums[0]), hits: f64::from(sums[1]) })
    }
}
