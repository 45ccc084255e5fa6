//! The last two axes swapped.

use bytemuck::{Pod, Zeroable};

use super::kernel;
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    len: u32,
    rows: u32,
    cols: u32,
}

/// `Y[.., j, i] = X[.., i, j]`.
#[derive(Debug)]
struct Transpose;

impl Op for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let mut axes = inputs.shape(0)?.axes().to_vec();
        let rank = axes.len();
        if rank < 2 {
            return Err(inputs.mismatch("it must have at least two axes"));
        }
        axes.swap(rank - 1, rank - 2);
        Ok(vec![Info::f32(axes)])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let (len, cols) = (io.input(0).len(), io.input(0).last());
        let kernel = kernel(self.name(), shader!("elementwise/transpose.wgsl"), len).params(Params {
            len: len as u32,
            rows: io.output(0).last() as u32,
            cols: cols as u32,
        });
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(node.gradient(0)?.transpose()?)])
    }
}

impl Tensor {
    /// Swaps the last two axes.
    ///
    /// # Errors
    /// A shape error when there are fewer than two.
    pub fn transpose(&self) -> Result<Tensor> {
        Self::apply_one(Transpose, &[self])
    }
}
