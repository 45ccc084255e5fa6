//! The mean over ranks that run a program together.

use super::copy_kernel;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// `y = sum over the ranks r of w_r x_r`, where `w_r` is the share of the whole batch that rank r has. Its dispatch is a copy, which is all
/// there is to do for a single rank; where there are several, the program is interrupted after it.
#[derive(Debug)]
struct MeanOverRanks;

impl Op for MeanOverRanks {
    fn name(&self) -> &'static str {
        "mean_over_ranks"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let mut copy = copy_kernel(io.input(0).len());
        copy.label = self.name();
        launches.dispatch(copy, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        launches.exchange();
        Ok(())
    }

    /// Rank r's loss is the mean over its own images, and the loss of all is the sum of `w_r` times that. What `x_r` contributes to it passes
    /// through every rank's y: `sum over s of w_s dL_s/dy`, times `w_r`. The gradients of rank r count `w_r` in the end, so what is left for
    /// `dL_r/dx_r` is the mean of `dL_s/dy` over the ranks.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![node.when_wanted(0, || node.gradient(0)?.mean_over_ranks())?])
    }
}

impl Tensor {
    /// The mean of this tensor over all ranks that run the program together, each weighted by its share of the batch; of any shape. See
    /// [`Program::run_with`](crate::program::Program::run_with). The tensor itself where there is only one.
    ///
    /// # Errors
    /// [`TensorError::Type`](crate::tensor::TensorError::Type) when it holds integers.
    pub fn mean_over_ranks(&self) -> Result<Tensor> {
        Self::apply_one(MeanOverRanks, &[self])
    }
}
