//! Average pooling.

use super::pool::Pooling;
use super::window::Window;
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Tensor};

/// The mean of each window.
#[derive(Debug, Clone, Copy)]
struct AvgPool {
    pooling: Pooling,
    count_padding: bool,
}

impl Op for AvgPool {
    fn name(&self) -> &'static str {
        "avg_pool"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![self.pooling.y()])
    }

    fn launch(&self, _: &Io, launches: &mut Launches) -> Result<()> {
        let kernel = self
            .pooling
            .forward_kernel(self.name(), shader!("pool/avg.wgsl"))
            .constant("COUNT_PADDING", self.count_padding);
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dx = Tensor::apply_one(AvgPoolGrad(*self), &[node.gradient(0)?])?;
        Ok(vec![Some(dx)])
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::AvgPool { window: self.pooling.geometry.window(), count_padding: self.count_padding })
    }

    fn settings(&self) -> String {
        self.pooling.geometry.to_string()
    }
}

/// dX from dY.
#[derive(Debug)]
struct AvgPoolGrad(AvgPool);

impl Op for AvgPoolGrad {
    fn name(&self) -> &'static str {
        "avg_pool_grad"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![self.0.pooling.x()])
    }

    fn launch(&self, _: &Io, launches: &mut Launches) -> Result<()> {
        let kernel = self
            .0
            .pooling
            .backward_kernel(self.name(), shader!("pool/avg_grad.wgsl"))
            .constant("COUNT_PADDING", self.0.count_padding);
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }
}

impl Tensor {
    /// The mean under each window: `[N, H, W, C] -> [N, out_h, out_w, C]`.
    ///
    /// With `count_padding` the divisor is the window's size (PyTorch's default), without it the number of pixels
    /// inside the image (TensorFlow's).
    ///
    /// # Errors
    /// A shape error when this is not an image batch or the window does not fit it.
    pub fn avg_pool(&self, window: Window, count_padding: bool) -> Result<Tensor> {
        let pooling = Pooling::new("avg_pool", self, window)?;
        Self::apply_one(AvgPool { pooling, count_padding }, &[self])
    }
}
