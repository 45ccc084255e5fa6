//! ReLU and leaky ReLU.

use super::Unary;
use super::elementwise::zip_kernel;
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor, TensorError};

impl Unary {
    /// The numbers where they are positive, else a multiple of them (Maas et al. 2013). With slope 0: ReLU.
    pub const LEAKY_RELU: Self = Self {
        name: "leaky_relu",
        about: "The numbers where they are positive, else a multiple of them (Maas et al. 2013). With slope 0: ReLU.",
        constants: &["slope"],
        f: "leaky_relu(x, slope)",
        // Computed from the output, which has the input's sign as long as the slope is not negative.
        gradient: "leaky_relu_grad(y, dy, slope)",
        reference: |x, c| {
            if x > 0.0 || x.is_nan() { x } else { negative_side(x, c[0]) }
        },
        domain: [-1.0, 1.0],
        kinks: &[0.0],
        tried: &[&[0.0], &[0.3], &[1.0]],
    };
}

/// With slope 0, even -infinity becomes 0.
fn negative_side(x: f64, slope: f64) -> f64 {
    if slope == 0.0 { 0.0 } else { slope * x }
}

/// dX from dY and Y, for ReLU with dropout after it: `scale` dY where Y is positive.
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
        let source = shader!("elementwise/zip.wgsl").choose("f", "elementwise/relu_grad.wgsl");
        launches.dispatch(
            zip_kernel(self.name(), source, [io.input(0), io.input(1)], [self.scale, 0.0]),
            &[Operand::Input(0).read(), Operand::Input(1).read(), Operand::Output(0).write()],
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
    /// `self` where it is positive, else 0; NaN stays NaN. Any shape; the result has the same one.
    ///
    /// # Errors
    /// None of its own.
    pub fn relu(&self) -> Result<Tensor> {
        self.leaky_relu(0.0)
    }

    /// `self` where it is positive, else `slope * self`. Any shape; the result has the same one.
    ///
    /// # Errors
    /// When the slope is not between 0 and 1.
    pub fn leaky_relu(&self, slope: f32) -> Result<Tensor> {
        // Below 0 the output would not have the input's sign, which the gradient relies on.
        if !(0.0..=1.0).contains(&slope) {
            return Err(TensorError::Parameter {
                op: Unary::LEAKY_RELU.name,
                problem: format!("the slope is {slope}, but must be between 0 and 1"),
            });
        }
        Unary::LEAKY_RELU.apply_built_in(self, &[slope])
    }
}
