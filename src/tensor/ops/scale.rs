//! Multiplication by a constant.

use super::elementwise::map_kernel;
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// `Y = c X`.
#[derive(Debug)]
struct Scale(f32);

impl Op for Scale {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let scale = shader!("elementwise/scale.wgsl");
        launches.dispatch(
            map_kernel("scale", scale, io.input(0).len(), self.0),
            &[Operand::Input(0).read(), Operand::Output(0).write()],
        );
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(node.gradient(0)?.scale(self.0)?)])
    }
}

impl Tensor {
    /// `factor * self`.
    ///
    /// # Errors
    /// None of its own.
    pub fn scale(&self, factor: f32) -> Result<Tensor> {
        Self::apply_one(Scale(factor), &[self])
    }
}
