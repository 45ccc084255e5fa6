//! ReLU and leaky ReLU.

use super::elementwise::{map_kernel, zip_kernel};
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Tensor, TensorError};

/// `Y = X` where it is positive, else `slope X`. Slope 0 is ReLU.
#[derive(Debug)]
struct LeakyRelu {
    slope: f32,
}

impl Op for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        // Below 0 the output would not have the input's sign, which the gradient relies on.
        if !(0.0..=1.0).contains(&self.slope) {
            return Err(TensorError::Parameter {
                op: self.name(),
                problem: format!("the slope is {}, but must be between 0 and 1", self.slope),
            });
        }
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let f = shader!("common/relu.wgsl").join(shader!("elementwise/leaky_relu.wgsl"));
        launches.dispatch(
            map_kernel(self.name(), f, io.input(0).len(), self.slope),
            &[Operand::Input(0).read(), Operand::Output(0).write()],
        );
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let slope = self.slope;
        let dx = Tensor::apply_one(LeakyReluGrad { slope }, &[node.gradient(0)?, node.output(0)])?;
        Ok(vec![Some(dx)])
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::LeakyRelu { slope: self.slope })
    }
}

/// From dY and Y to dX.
#[derive(Debug)]
struct LeakyReluGrad {
    slope: f32,
}

impl Op for LeakyReluGrad {
    fn name(&self) -> &'static str {
        "leaky_relu_grad"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let f = shader!("common/relu.wgsl").join(shader!("elementwise/leaky_relu_grad.wgsl"));
        launches.dispatch(
            zip_kernel(self.name(), f, io.input(0), io.input(1), self.slope),
            &[
                Operand::Input(0).read(),
                Operand::Input(1).read(),
                Operand::Output(0).write(),
            ],
        );
        Ok(())
    }
}

/// From dY and Y to dX, for ReLU with dropout after it: `scale` dY where Y is positive.
#[derive(Debug)]
struct ReluGrad {
    scale: f32,
}

impl Op for ReluGrad {
    fn name(&self) -> &'static str {
        "relu_grad"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let f = shader!("common/relu.wgsl").join(shader!("elementwise/relu_grad.wgsl"));
        launches.dispatch(
            zip_kernel(self.name(), f, io.input(0), io.input(1), self.scale),
            &[
                Operand::Input(0).read(),
                Operand::Input(1).read(),
                Operand::Output(0).write(),
            ],
        );
        Ok(())
    }
}

/// The gradient with respect to the sum before ReLU, for an op that applies ReLU in its own pass when `relu` is set, and
/// dropout with this rate after it.
pub(super) fn before_relu(node: &Backward, relu: bool, dropout: f32) -> Result<Tensor> {
    let dy = node.gradient(0)?;
    if relu {
        let scale = 1.0 / (1.0 - dropout);
        Tensor::apply_one(ReluGrad { scale }, &[dy, node.output(0)])
    } else {
        Ok(dy.clone())
    }
}

impl Tensor {
    /// `self` where it is positive, else 0; NaN stays NaN.
    ///
    /// # Errors
    /// None of its own.
    pub fn relu(&self) -> Result<Tensor> {
        self.leaky_relu(0.0)
    }

    /// `self` where it is positive, else `slope * self`.
    ///
    /// # Errors
    /// When the slope is not between 0 and 1.
    pub fn leaky_relu(&self, slope: f32) -> Result<Tensor> {
        Self::apply_one(LeakyRelu { slope }, &[self])
    }
}
