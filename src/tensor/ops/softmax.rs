//! Softmax and its logarithm, over the last axis.

use super::reduce::over_rows;
use crate::gpu::params::loss::{softmax, softmax_grad};
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

#[derive(Debug, Clone, Copy)]
struct Softmax {
    log: bool,
}

impl Op for Softmax {
    fn name(&self) -> &'static str {
        if self.log { "log_softmax" } else { "softmax" }
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        if inputs.shape(0)?.last() == 0 {
            return Err(inputs.mismatch("the last axis must hold at least one class"));
        }
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let x = io.input(0);
        let kernel = over_rows(self.name(), shader!("loss/softmax.wgsl"), [x.rows(), x.last()], io.variant())
            .params(softmax::Params { rows: x.rows() as u32, classes: x.last() as u32 })
            .constant("LOG", self.log)
            .flops(4 * x.len() as u64);
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dx = Tensor::apply_one(SoftmaxGrad(*self), &[node.output(0), node.gradient(0)?])?;
        Ok(vec![Some(dx)])
    }
}

/// dX from Y and dY.
#[derive(Debug)]
struct SoftmaxGrad(Softmax);

impl Op for SoftmaxGrad {
    fn name(&self) -> &'static str {
        "softmax_grad"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let y = io.input(0);
        let kernel = over_rows(self.name(), shader!("loss/softmax_grad.wgsl"), [y.rows(), y.last()], io.variant())
            .params(softmax_grad::Params { rows: y.rows() as u32, classes: y.last() as u32 })
            .constant("LOG", self.0.log)
            .flops(4 * y.len() as u64);
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Input(1).read(), Operand::Output(0).write()]);
        Ok(())
    }
}

impl Tensor {
    /// Softmax over the last axis, classes: positive numbers that sum to one. `[.., K] -> [.., K]`.
    ///
    /// # Errors
    /// A shape error when the last axis is empty.
    pub fn softmax(&self) -> Result<Tensor> {
        Self::apply_one(Softmax { log: false }, &[self])
    }

    /// The natural logarithm of softmax over the last axis, without underflow. `[.., K] -> [.., K]`.
    ///
    /// # Errors
    /// As [`Tensor::softmax`].
    pub fn log_softmax(&self) -> Result<Tensor> {
        Self::apply_one(Softmax { log: true }, &[self])
    }
}
