//! Another shape for the same numbers.

use crate::tensor::{Backward, DType, Info, Inputs, Io, Launches, Layer, Op, Result, Shape, Storage, Tensor};

/// The same elements in the same order with another shape. Nothing is computed.
#[derive(Debug)]
struct Reshape(Shape);

impl Op for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn element_type(&self, _: usize) -> Option<DType> {
        None
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let input = inputs.get(0)?;
        if self.0.checked_len() != Some(input.len()) {
            return Err(inputs.mismatch(format!("shape {} has another number of elements", self.0)));
        }
        Ok(vec![Info { shape: self.0.clone(), dtype: input.dtype }])
    }

    fn launch(&self, _: &Io, _: &mut Launches) -> Result<()> {
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![Some(node.gradient(0)?.reshape(node.input(0).shape())?)])
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::Reshape(self.0.clone()))
    }

    fn storage(&self) -> Storage {
        Storage::View
    }
}

impl Tensor {
    /// The same elements in the same order with another shape: `[2, 6] -> [3, 2, 2]`, say.
    ///
    /// # Errors
    /// A shape error when the number of elements differs.
    pub fn reshape(&self, shape: impl Into<Shape>) -> Result<Tensor> {
        Self::apply_one(Reshape(shape.into()), &[self])
    }

    /// `[N, ...] -> [N, everything else]`.
    ///
    /// # Errors
    /// None of its own.
    pub fn flatten(&self) -> Result<Tensor> {
        let shape = self.shape();
        match shape.axes() {
            [n, others @ ..] => self.reshape([*n, others.iter().product()]),
            [] => self.reshape([1, 1]),
        }
    }
}
