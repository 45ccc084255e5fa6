//! Addition, element by element.

use super::elementwise::{check_broadcast, zip_kernel};
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Tensor};

/// `Y = A + B`; B may be repeated over A's leading axes.
#[derive(Debug)]
struct Add;

impl Op for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![Info::f32(check_broadcast(inputs)?)])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let add = shader!("elementwise/add.wgsl");
        launches.dispatch(
            zip_kernel("add", add, io.input(0), io.input(1), 0.0),
            &[
                Operand::Input(0).read(),
                Operand::Input(1).read(),
                Operand::Output(0).write(),
            ],
        );
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dy = node.gradient(0)?;
        Ok(vec![
            Some(dy.clone()),
            node.when_wanted(1, || dy.sum_to(&node.input(1).shape()))?,
        ])
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::Add)
    }
}

impl Tensor {
    /// `self + other`. The other may have the shape of this one's last axes (a bias `[C]` on `[N, H, W, C]`), or one
    /// element.
    ///
    /// # Errors
    /// A shape error otherwise.
    pub fn add(&self, other: &Tensor) -> Result<Tensor> {
        Self::apply_one(Add, &[self, other])
    }
}
