//! Running totals.

use super::{WORKGROUP, kernel};
use crate::gpu::params::optim::running_totals::Params;
use crate::gpu::shader;
use crate::tensor::{Info, Inputs, Io, Launches, Op, Operand, Result, Storage, Tensor};

/// `total[c] += sum over r of x[r, c]`. Inputs: total, x.
#[derive(Debug)]
struct RunningTotals;

impl Op for RunningTotals {
    fn name(&self) -> &'static str {
        "add_to_totals"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let (total, x) = (inputs.get(0)?, inputs.get(1)?);
        if x.shape.last() != total.len() {
            return Err(inputs.mismatch(format!("the addend (input 1) must have {} columns", total.len())));
        }
        Ok(vec![total.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let (rows, cols) = (io.input(1).rows(), io.input(1).last());
        let kernel = kernel(self.name(), shader!("optim/running_totals.wgsl"), WORKGROUP as usize * cols)
            .params(Params { rows: rows as u32, cols: cols as u32 })
            .flops((rows * cols) as u64);
        launches.dispatch(kernel, &[Operand::Input(1).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }
}

impl Tensor {
    /// Adds the sums of the columns of `x`, `[.., C]`, to this tensor of C elements in place; one row is simply added.
    /// Compile the result to have it run.
    ///
    /// # Errors
    /// A shape error when the numbers of columns differ; an error when this tensor is computed rather than made from data.
    pub fn add_to_totals(&self, x: &Tensor) -> Result<Tensor> {
        Self::apply_one(RunningTotals, &[self, x])
    }
}
