//! Multiplication, element by element.

use super::elementwise::{check_broadcast, zip_kernel};
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

/// `Y = A B`, element by element; B may be repeated over A's leading axes.
#[derive(Debug)]
struct Mul;

impl Op for Mul {
    fn name(&self) -> &'static str {
        "mul"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![Info::f32(check_broadcast(inputs)?)])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let mul = shader!("elementwise/mul.wgsl");
        launches.dispatch(
            zip_kernel("mul", mul, io.input(0), io.input(1), 0.0),
            &[
                Operand::Input(0).read(),
                Operand::Input(1).read(),
                Operand::Output(0).write(),
            ],
        );
        Ok(())
    }

    /// dA = B dY, dB = A dY.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dy = node.gradient(0)?;
        let (a, b) = (node.input(0), node.input(1));
        Ok(vec![
            node.when_wanted(0, || dy.mul(b))?,
            node.when_wanted(1, || dy.mul(a)?.sum_to(&b.shape()))?,
        ])
    }
}

impl Tensor {
    /// `self * other`, element by element. The other may have the shape of this one's last axes, or one element.
    ///
    /// # Errors
    /// A shape error otherwise.
    pub fn mul(&self, other: &Tensor) -> Result<Tensor> {
        Self::apply_one(Mul, &[self, other])
    }
}
