//! Predictions for many images, batch by batch.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::{NetworkError, Visit};
use crate::gpu::Readback;
use crate::tensor::{Compiled, Graph, Result, Tensor};

/// What a [`Predictor`] returns for an image.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Logits,
    Probabilities,
    /// The input of the last dense layer.
    Penultimate,
}

/// A compiled inference over a fixed list of images.
#[derive(Debug)]
pub(crate) struct Predictor {
    compiled: Compiled,
    readback: Readback,
    visit: Visit,
    batch: usize,
    /// Numbers per image.
    width: usize,
}

/// Batch sizes of an evaluation, which uses the largest that fits. They divide 10,000 and 12,000, so that no batch is partly
/// wasted.
const EVALUATION_BATCHES: [usize; 7] = [500, 250, 100, 50, 20, 10, 1];

impl Predictor {
    /// Compiles what `record` returns for the largest batch size that fits well.
    ///
    /// # Errors
    /// Those of `record` and of the device.
    pub fn compile(graph: &Graph, visit: &Visit, record: impl Fn(usize) -> Result<Tensor>) -> Result<Self> {
        let mut tried = EVALUATION_BATCHES.into_iter().peekable();
        loop {
            let size = tried.next().unwrap_or(1);
            let batch = size.min(visit.len().max(1));
            visit.forget_block();
            let output = match record(batch) {
                Err(error) if tried.peek().is_some() && error.is_out_of_memory() => continue,
                recorded => recorded?,
            };
            if tried.peek().is_some() && !graph.plan(&[&output])?.fits_well(graph.gpu()) {
                continue;
            }
            let compiled = graph.compile(&[&output])?;
            return Ok(Self {
                // The next batch is computed while the results of the last are copied to the host.
                readback: compiled.readback(&output, 2)?,
                width: output.shape().last(),
                compiled,
                visit: visit.clone(),
                batch,
            });
        }
    }

    /// The answers for all images in order, row-major `[images, width]`, with the current parameters.
    ///
    /// # Errors
    /// Those of the device.
    pub fn run(&mut self) -> std::result::Result<Vec<f32>, NetworkError> {
        self.run_observed(|_| ControlFlow::Continue(()))
    }

    /// As [`Predictor::run`]; `observe` is given the number of images done, and may stop the run, which then returns the
    /// answers so far.
    ///
    /// # Errors
    /// Those of the device.
    pub fn run_observed(
        &mut self,
        mut observe: impl FnMut(usize) -> ControlFlow<()>,
    ) -> std::result::Result<Vec<f32>, NetworkError> {
        let gpu = Arc::clone(self.compiled.program().gpu());
        let mut all: Vec<f32> = Vec::with_capacity(self.visit.len() * self.width);
        let batches = self.visit.len().div_ceil(self.batch);
        for i in 0..=batches {
            if i < batches {
                self.visit.start_at(i * self.batch, 0)?;
                self.compiled.run()?;
                self.readback.request(&gpu)?;
            }
            if i > 0 {
                all.extend(bytemuck::pod_collect_to_vec::<u8, f32>(&self.readback.wait(&gpu)?));
                if observe((i * self.batch).min(self.visit.len())).is_break() {
                    // A pending read-back must not be mistaken for one of a later run.
                    if i < batches {
                        self.readback.wait(&gpu)?;
                    }
                    break;
                }
            }
        }
        // The last batch is filled up by repeating its last image.
        all.truncate(self.visit.len() * self.width);
        Ok(all)
    }
}
