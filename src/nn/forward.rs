//! One forward pass through a network while it is recorded.

use super::{ParameterId, Parameters};
use crate::tensor::Tensor;

/// What a forward pass is for.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// Dropout and batch statistics, which also move the running ones.
    Training {
        /// Seed and step.
        clock: &'a Tensor,
    },
    /// No dropout, running statistics.
    Inference,
}

/// Looks parameters up and collects what training must run beside the loss.
#[derive(Debug)]
pub struct Forward<'a> {
    parameters: &'a Parameters,
    mode: Mode<'a>,
    updates: Vec<Tensor>,
    dropouts: u32,
}

impl<'a> Forward<'a> {
    /// Starts a pass.
    pub fn new(parameters: &'a Parameters, mode: Mode<'a>) -> Self {
        Self {
            parameters,
            mode,
            updates: Vec::new(),
            dropouts: 0,
        }
    }

    /// What the pass is for.
    pub fn mode(&self) -> Mode<'a> {
        self.mode
    }

    /// The tensor of a parameter.
    pub fn parameter(&self, id: ParameterId) -> &'a Tensor {
        self.parameters.get(id)
    }

    /// Dropout in training, nothing in inference. Each call has random numbers of its own.
    ///
    /// # Errors
    /// When the rate is not in `0 .. 1`.
    pub fn dropout(&mut self, x: &Tensor, rate: f32) -> crate::tensor::Result<Tensor> {
        match self.mode {
            Mode::Training { clock } if rate > 0.0 => {
                self.dropouts += 1;
                x.dropout(rate, clock, self.dropouts)
            }
            _ => Ok(x.clone()),
        }
    }

    /// Remembers an update to be compiled with the loss.
    pub(super) fn update(&mut self, updates: Vec<Tensor>) {
        self.updates.extend(updates);
    }

    /// The updates of running statistics that the pass has recorded.
    pub fn into_updates(self) -> Vec<Tensor> {
        self.updates
    }
}
