//! Max pooling.

use super::pool::Pooling;
use super::window::Window;
use crate::gpu::shader;
use crate::tensor::{Backward, DType, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Tensor};

/// The maximum of each window, and which pixel of the image it came from.
#[derive(Debug)]
struct MaxPool(Pooling);

impl Op for MaxPool {
    fn name(&self) -> &'static str {
        "max_pool"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        let y = self.0.y();
        Ok(vec![y.clone(), Info::u32(y.shape)])
    }

    fn launch(&self, _: &Io, launches: &mut Launches) -> Result<()> {
        launches.dispatch(
            self.0.forward_kernel(self.name(), shader!("pool/max.wgsl")),
            &[Operand::Input(0).read(), Operand::Output(0).write(), Operand::Output(1).write()],
        );
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let which = node.output(1);
        let dx = Tensor::apply_one(MaxPoolGrad(self.0), &[which, node.gradient(0)?])?;
        Ok(vec![Some(dx)])
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::MaxPool(self.0.geometry.window()))
    }

    fn settings(&self) -> String {
        self.0.geometry.to_string()
    }
}

/// dX from the winners and dY.
#[derive(Debug)]
struct MaxPoolGrad(Pooling);

impl Op for MaxPoolGrad {
    fn name(&self) -> &'static str {
        "max_pool_grad"
    }

    /// Input 0 says which pixels won.
    fn element_type(&self, i: usize) -> Option<DType> {
        Some(if i == 0 { DType::U32 } else { DType::F32 })
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![self.0.x()])
    }

    fn launch(&self, _: &Io, launches: &mut Launches) -> Result<()> {
        launches.dispatch(
            self.0.backward_kernel(self.name(), shader!("pool/max_grad.wgsl")),
            &[Operand::Input(0).read(), Operand::Input(1).read(), Operand::Output(0).write()],
        );
        Ok(())
    }
}

impl Tensor {
    /// The maximum under each window: `[N, H, W, C] -> [N, out_h, out_w, C]`. Padding never wins.
    ///
    /// # Errors
    /// A shape error when this is not an image batch or the window does not fit it.
    pub fn max_pool(&self, window: Window) -> Result<Tensor> {
        let pooling = Pooling::new("max_pool", self, window)?;
        Self::apply_one(MaxPool(pooling), &[self])
    }
}
