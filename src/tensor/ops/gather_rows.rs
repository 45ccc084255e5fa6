//! A batch of rows of a table in device memory.

use super::kernel;
use crate::gpu::params::data::gather_rows::Params;
use crate::gpu::shader;
use crate::tensor::{DType, Info, Inputs, Io, Launches, Op, Operand, Result, Shape, Tensor};

/// Inputs: table, order, place.
#[derive(Debug)]
struct GatherRows {
    batch: usize,
}

impl Op for GatherRows {
    fn name(&self) -> &'static str {
        "gather_rows"
    }

    /// The table may hold anything: its rows are copied as they are.
    fn element_type(&self, i: usize) -> Option<DType> {
        (i > 0).then_some(DType::U32)
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        for (i, what) in (1..).zip(["the order", "the place"]) {
            if inputs.get(i)?.is_empty() {
                return Err(inputs.mismatch(format!("{what} (input {i}) must have at least one element")));
            }
        }
        inputs.require(2, "the place", [2])?;
        let table = inputs.get(0)?;
        if table.is_empty() || table.shape.axes().is_empty() {
            return Err(inputs.mismatch("the table (input 0) must have rows"));
        }
        let mut axes = table.shape.axes().to_vec();
        axes[0] = self.batch;
        Ok(vec![Info { shape: Shape::from(axes.as_slice()), dtype: table.dtype }])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let rows = io.input(0).axes().first().copied().unwrap_or(1);
        let width = io.input(0).len() / rows.max(1);
        let kernel = kernel(self.name(), shader!("data/gather_rows.wgsl"), self.batch * width).params(Params {
            batch: self.batch as u32,
            width: width as u32,
            rows: rows as u32,
            order_len: io.input(1).len() as u32,
        });
        let read = (0..3).map(|i| Operand::Input(i).read());
        let operands: Vec<_> = read.chain([Operand::Output(0).write()]).collect();
        launches.dispatch(kernel, &operands);
        Ok(())
    }
}

impl Tensor {
    /// A batch of `size` rows of this table, whose row i is row `order[place[0] + i]`: `[rows, ..] -> [size, ..]`. Past the
    /// end of `order`, its last row is repeated.
    ///
    /// # Errors
    /// An error when `order` or `place` does not hold integers, or the table or `order` is empty.
    pub fn gather_rows(&self, order: &Tensor, place: &Tensor, size: usize) -> Result<Tensor> {
        Self::apply_one(GatherRows { batch: size }, &[self, order, place])
    }
}
