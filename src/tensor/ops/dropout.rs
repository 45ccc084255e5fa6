//! Dropout with counter-based random numbers.

use super::kernel;
use crate::gpu::params::elementwise::dropout::Params;
use crate::gpu::shader;
use crate::tensor::{Backward, DType, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor, TensorError};

/// `Y = X / (1 - rate)` with probability `1 - rate`, else 0. Inputs: X; seed, step and first row.
#[derive(Debug, Clone, Copy)]
struct Dropout {
    rate: f32,
    stream: u32,
}

impl Op for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn element_type(&self, i: usize) -> Option<DType> {
        Some(if i == 1 { DType::U32 } else { DType::F32 })
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        check(self.name(), inputs, self.rate, 1)?;
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let x = io.input(0);
        let source = shader!("elementwise/dropout.wgsl");
        let kernel = kernel(self.name(), source, x.rows() * x.last().div_ceil(4))
            .params(Params { rows: x.rows() as u32, cols: x.last() as u32, stream: self.stream, rate: self.rate })
            .flops(x.len() as u64);
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Input(1).read(), Operand::Output(0).write()]);
        Ok(())
    }

    /// The same mask on dY: the counter regenerates it.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dx = Tensor::apply_one(*self, &[node.gradient(0)?, node.input(1)])?;
        Ok(vec![Some(dx), None])
    }

    fn settings(&self) -> String {
        format!("rate {}", self.rate)
    }
}

/// Checks, for an op with dropout, the rate and that input `i` is seed, step and first row.
pub(super) fn check(op: &'static str, inputs: &Inputs, rate: f32, i: usize) -> Result<()> {
    if !(0.0..1.0).contains(&rate) {
        return Err(TensorError::Parameter {
            op,
            problem: format!("the rate is {rate}, but must be at least 0 and below 1"),
        });
    }
    inputs.require(i, "seed, step and first row", [3])
}

impl Tensor {
    /// Zeroes each element with probability `rate` and divides the others by `1 - rate`. Any shape; the result has the same.
    ///
    /// `seed_step_row` holds three integers: the seed; the step, a new one before each run; and the place of the first row of this tensor in
    /// the whole batch, 0 unless other devices have rows before it. `stream` distinguishes the dropout layers of a network.
    ///
    /// # Errors
    /// When the rate is not in `0 .. 1`, or `seed_step_row` is not three integers.
    pub fn dropout(&self, rate: f32, seed_step_row: &Tensor, stream: u32) -> Result<Tensor> {
        Self::apply_one(Dropout { rate, stream }, &[self, seed_step_row])
    }
}
