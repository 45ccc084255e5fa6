//! Concatenation over channels, and the slice that is its gradient.

use bytemuck::{Pod, Zeroable};

use super::kernel;
use crate::gpu::{Kernel, shader};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Tensor, TensorError};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    len: u32,
    cols: u32,
    x_cols: u32,
    y_cols: u32,
    x_first: u32,
    y_first: u32,
}

/// Columns `from ..` of a matrix with `x_cols` columns into columns `to ..` of one with `y_cols`.
struct Columns {
    rows: usize,
    cols: usize,
    x_cols: usize,
    y_cols: usize,
    from: usize,
    to: usize,
}

impl Columns {
    fn kernel(&self) -> Kernel {
        let len = self.rows * self.cols;
        kernel("copy_columns", shader!("elementwise/copy_columns.wgsl"), len).params(Params {
            len: len as u32,
            cols: self.cols as u32,
            x_cols: self.x_cols as u32,
            y_cols: self.y_cols as u32,
            x_first: self.from as u32,
            y_first: self.to as u32,
        })
    }
}

/// The inputs side by side along the last axis.
#[derive(Debug)]
struct Concat;

impl Op for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let first = inputs.shape(0)?;
        let channels = inputs.all().iter().map(|i| i.shape.last()).sum();
        for input in inputs.all() {
            if input.shape.with_last(0) != first.with_last(0) {
                return Err(inputs.mismatch("all axes but the last must agree"));
            }
        }
        Ok(vec![Info::f32(first.with_last(channels))])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let mut to = 0;
        for i in 0..io.input_count() {
            let cols = io.input(i).last();
            let columns = Columns {
                rows: io.input(i).rows(),
                cols,
                x_cols: cols,
                y_cols: io.output(0).last(),
                from: 0,
                to,
            };
            launches.dispatch(
                columns.kernel(),
                &[Operand::Input(i).read(), Operand::Output(0).write()],
            );
            to += cols;
        }
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let mut from = 0;
        (0..node.input_count())
            .map(|i| {
                let channels = node.input(i).shape().last();
                let start = from;
                from += channels;
                node.when_wanted(i, || node.gradient(0)?.channels(start, channels))
            })
            .collect()
    }

    fn layer(&self) -> Option<Layer> {
        Some(Layer::Concat)
    }
}

/// Channels `from .. from + count` of the last axis.
#[derive(Debug)]
struct Channels {
    from: usize,
    count: usize,
}

impl Op for Channels {
    fn name(&self) -> &'static str {
        "channels"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let shape = inputs.shape(0)?;
        match self.from.checked_add(self.count) {
            Some(end) if end <= shape.last() => Ok(vec![Info::f32(shape.with_last(self.count))]),
            _ => Err(inputs.mismatch(format!(
                "there are no {} channels from channel {} on",
                self.count, self.from
            ))),
        }
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let columns = Columns {
            rows: io.input(0).rows(),
            cols: self.count,
            x_cols: io.input(0).last(),
            y_cols: self.count,
            from: self.from,
            to: 0,
        };
        launches.dispatch(
            columns.kernel(),
            &[Operand::Input(0).read(), Operand::Output(0).write()],
        );
        Ok(())
    }

    /// dX is dY with zeros for the channels that were left out.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dy = node.gradient(0)?;
        let shape = node.input(0).shape();
        let after = shape.last() - self.from - self.count;
        let graph = dy.graph();
        let mut parts = Vec::new();
        if self.from > 0 {
            parts.push(graph.zeros(shape.with_last(self.from))?);
        }
        parts.push(dy.clone());
        if after > 0 {
            parts.push(graph.zeros(shape.with_last(after))?);
        }
        let parts: Vec<&Tensor> = parts.iter().collect();
        Ok(vec![Some(Tensor::concat(&parts)?)])
    }
}

impl Tensor {
    /// Joins tensors along their last axis, channels.
    ///
    /// # Errors
    /// A shape error when the other axes differ; an error when there is nothing to join.
    pub fn concat(parts: &[&Tensor]) -> Result<Tensor> {
        if parts.is_empty() {
            return Err(TensorError::Parameter {
                op: "concat",
                problem: "there is nothing to join".to_owned(),
            });
        }
        Self::apply_one(Concat, parts)
    }

    /// Channels `from .. from + count` of the last axis.
    ///
    /// # Errors
    /// A shape error when there are not so many.
    pub fn channels(&self, from: usize, count: usize) -> Result<Tensor> {
        Self::apply_one(Channels { from, count }, &[self])
    }
}
