//! Gradient clipping by global norm.

use super::kernel;
use crate::gpu::params::optim::clip_norm::Params;
use crate::gpu::shader;
use crate::tensor::{Info, Inputs, Io, Launches, Op, Operand, Result, Tensor, TensorError};

/// `Y = X min(1, limit / |X|)`. Inputs: X and its sum of squares.
#[derive(Debug)]
struct ClipNorm {
    limit: f32,
}

impl Op for ClipNorm {
    fn name(&self) -> &'static str {
        "clip_norm"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        if !(self.limit.is_finite() && self.limit > 0.0) {
            return Err(TensorError::Parameter {
                op: self.name(),
                problem: format!("the limit is {}, but must be a number above 0", self.limit),
            });
        }
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let n = io.input(0).len();
        let kernel = kernel(self.name(), shader!("optim/clip_norm.wgsl"), n)
            .params(Params { n: n as u32, limit: self.limit })
            .flops(n as u64);
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Input(1).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn settings(&self) -> String {
        format!("limit {}", self.limit)
    }
}

impl Tensor {
    /// This tensor, scaled down to Euclidean norm `limit` if its own is above that (Pascanu et al. 2013). Not
    /// differentiable: it is meant for gradients. Any shape; the result has the same one.
    ///
    /// # Errors
    /// When the limit is not a number above 0.
    pub fn clip_norm(&self, limit: f32) -> Result<Tensor> {
        let squares = self.mul(self)?.sum()?;
        Self::apply_one(ClipNorm { limit }, &[self, &squares])
    }
}
