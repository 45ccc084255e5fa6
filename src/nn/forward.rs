//! One forward pass through a network while it is recorded.

use super::{BatchNorm2d, ParameterId, Parameters};
use crate::tensor::ops::RunningUpdate;
use crate::tensor::{Result, Tensor};

/// What a forward pass is for.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// Dropout and batch statistics, which also update the running ones.
    Training {
        /// Seed, step, and the place of the first image in the whole batch, as for [`Tensor::dropout`].
        seed_step_row: &'a Tensor,
    },
    /// No dropout, running statistics.
    Inference,
}

/// Looks up parameters and collects what training must run in addition to the loss.
#[derive(Debug)]
pub struct Forward<'a> {
    parameters: &'a Parameters,
    mode: Mode<'a>,
    running: Vec<RunningUpdate>,
    dropouts: u32,
    whole_batch: Option<usize>,
}

impl<'a> Forward<'a> {
    /// Starts a pass.
    pub fn new(parameters: &'a Parameters, mode: Mode<'a>) -> Self {
        Self { parameters, mode, running: Vec::new(), dropouts: 0, whole_batch: None }
    }

    /// The same pass, whose batch norms take the statistics of the `whole_batch` images of all ranks rather than of this one's.
    pub fn with_statistics_over_ranks(self, whole_batch: usize) -> Self {
        Self { whole_batch: Some(whole_batch), ..self }
    }

    /// What the pass is for.
    pub fn mode(&self) -> Mode<'a> {
        self.mode
    }

    /// The tensor of a parameter.
    pub fn parameter(&self, id: ParameterId) -> &'a Tensor {
        self.parameters.get(id)
    }

    /// Whether training changes this parameter.
    pub(super) fn trains(&self, id: ParameterId) -> bool {
        matches!(self.mode, Mode::Training { .. }) && self.parameters.is_learned(id)
    }

    /// In training, seed, step and first row, and the number of the next dropout: each dropout has its own random numbers.
    pub(super) fn next_dropout(&mut self) -> Option<(&'a Tensor, u32)> {
        match self.mode {
            Mode::Training { seed_step_row } => {
                self.dropouts += 1;
                Some((seed_step_row, self.dropouts))
            }
            Mode::Inference => None,
        }
    }

    /// The images that batch norms in training normalise together, if those are all ranks'.
    pub(super) fn whole_batch(&self) -> Option<usize> {
        self.whole_batch
    }

    /// Remembers the moments of a batch norm whose running mean is `mean`.
    pub(super) fn update_running(&mut self, mean: ParameterId, moments: Tensor) {
        self.running.push(RunningUpdate { moments, mean_part: self.parameters.part(mean) });
    }

    /// The update of all running statistics that the pass has recorded, to be compiled with the loss.
    ///
    /// # Errors
    /// Those of recording it.
    pub fn into_updates(self) -> Result<Vec<Tensor>> {
        if self.running.is_empty() {
            return Ok(Vec::new());
        }
        let statistics = self.parameters.statistics();
        Ok(vec![statistics.update_running(&self.running, BatchNorm2d::MOMENTUM)?])
    }
}
