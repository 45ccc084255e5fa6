//! An exponential moving average of a network's parameters.

use crate::nn::Parameters;
use crate::tensor::{Graph, Result, Tensor};

/// Averaged parameters, which often do better than the last ones (Polyak and Juditsky 1992).
///
/// After step t the average moves a fraction `1 - d` of the way to the parameters, `d = min(decay, (1 + t) / (10 + t))`: in
/// the first steps it quickly forgets its start. Running statistics are averaged too.
#[derive(Debug)]
pub struct Average {
    /// The averages.
    pub parameters: Parameters,
    decay: f64,
    weight: Tensor,
}

impl Average {
    /// An average that starts at the current parameters.
    ///
    /// # Errors
    /// Those of the device.
    pub fn new(graph: &Graph, parameters: &Parameters, decay: f64) -> Result<Self> {
        Ok(Self { parameters: parameters.copy(graph)?, decay, weight: graph.zeros([1])? })
    }

    /// Records one move towards the updated parameters and statistics. Compile the results to run it.
    ///
    /// # Errors
    /// A shape error when these are not the parameters it was made for.
    pub fn record(&self, learned: &Tensor, statistics: Option<&Tensor>) -> Result<Vec<Tensor>> {
        let mut moves = vec![self.parameters.learned().flat.average(learned, &self.weight)?];
        if let Some(statistics) = statistics {
            moves.push(self.parameters.statistics().flat.average(statistics, &self.weight)?);
        }
        Ok(moves)
    }

    /// Prepares the move after step `step`, from 1.
    ///
    /// # Errors
    /// Those of the device.
    pub fn start_step(&self, step: u64) -> Result<()> {
        let young = (1.0 + step as f64) / (10.0 + step as f64);
        self.weight.write(&[(1.0 - self.decay.min(young)) as f32])
    }
}
