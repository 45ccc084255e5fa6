//! Exponential moving average, in place.

use super::kernel;
use crate::gpu::params::optim::average::Params;
use crate::gpu::shader;
use crate::tensor::{Arena, Info, Inputs, Io, Launches, Op, Operand, Result, Storage, Tensor};

/// `Y += w (X - Y)`. Inputs: Y, X, w.
#[derive(Debug)]
struct Average;

impl Op for Average {
    fn name(&self) -> &'static str {
        "average"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let average = inputs.get(0)?;
        if !average.len().is_multiple_of(Arena::ALIGN) {
            return Err(inputs
                .mismatch(format!("the average (input 0) must be an arena, a multiple of {} elements", Arena::ALIGN)));
        }
        inputs.require(1, "what is averaged", average.shape.clone())?;
        inputs.require(2, "the weight", [1])?;
        Ok(vec![average.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let quads = io.input(0).len() / 4;
        let kernel = kernel(self.name(), shader!("optim/average.wgsl"), quads)
            .params(Params { quads: quads as u32 })
            .flops(12 * quads as u64);
        launches.dispatch(kernel, &[Operand::Input(1).read(), Operand::Input(2).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }
}

impl Tensor {
    /// Moves this arena, `[N]`, towards `x` in place: `self += weight (x - self)`. Compile the result to have it run.
    ///
    /// # Errors
    /// A shape error when `x` has another shape or `weight` is not one number; an error when this tensor is computed rather
    /// than made from data.
    pub fn average(&self, x: &Tensor, weight: &Tensor) -> Result<Tensor> {
        Self::apply_one(Average, &[self, x, weight])
    }
}
