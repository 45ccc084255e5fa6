//! Running totals.

use bytemuck::{Pod, Zeroable};

use super::kernel;
use crate::gpu::shader;
use crate::tensor::{Info, Inputs, Io, Launches, Op, Operand, Result, Storage, Tensor};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    len: u32,
}

/// `total += x`. Inputs: total, x.
#[derive(Debug)]
struct Accumulate;

impl Op for Accumulate {
    fn name(&self) -> &'static str {
        "accumulate"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        inputs.require(1, "the addend", inputs.shape(0)?.clone())?;
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.input(0).len();
        let kernel = kernel(self.name(), shader!("optim/accumulate.wgsl"), len)
            .params(Params { len: len as u32 })
            .flops(len as u64);
        launches.dispatch(kernel, &[Operand::Input(1).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }
}

impl Tensor {
    /// Adds `x` to this tensor in place. Compile the result to have it run.
    ///
    /// # Errors
    /// A shape error when the shapes differ, an error when this tensor is computed rather than made from data.
    pub fn accumulate(&self, x: &Tensor) -> Result<Tensor> {
        Self::apply_one(Accumulate, &[self, x])
    }
}
