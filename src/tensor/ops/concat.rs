//! Joining tensors along an axis and splitting them again: each is the other's gradient.

use super::kernel;
use crate::gpu::params::elementwise::copy_columns::Params;
use crate::gpu::{Kernel, shader};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Shape, Tensor, TensorError};

/// Copies columns `from ..` of a matrix with `x_cols` columns to columns `to ..` of one with `y_cols`.
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

/// A shape seen as a matrix: rows are the axes before `axis`, columns are `axis` and those after it.
fn matrix(shape: &Shape, axis: usize) -> [usize; 2] {
    let (rows, cols) = shape.axes().split_at(axis);
    [rows.iter().product(), cols.iter().product()]
}

/// `shape` with another size along `axis`.
fn with_axis(shape: &Shape, axis: usize, size: usize) -> Shape {
    let mut axes = shape.axes().to_vec();
    axes[axis] = size;
    axes.into()
}

/// The inputs one after the other along an axis.
#[derive(Debug)]
struct Concat {
    axis: usize,
    /// Whether `axis` is the last, as in networks.
    of_channels: bool,
}

impl Op for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let (first, axis) = (inputs.shape(0)?, self.axis);
        if first.rank() <= axis {
            return Err(inputs.mismatch(format!("there is no axis {axis}")));
        }
        let like_first =
            |shape: &Shape| shape.rank() == first.rank() && with_axis(shape, axis, 0) == with_axis(first, axis, 0);
        if !inputs.all().iter().all(|input| like_first(&input.shape)) {
            return Err(inputs.mismatch(format!("all axes but axis {axis} must agree")));
        }
        let size = inputs.all().iter().map(|input| input.shape.axes()[axis]).sum();
        Ok(vec![Info::f32(with_axis(first, axis, size))])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let [_, y_cols] = matrix(io.output(0), self.axis);
        let mut to = 0;
        for i in 0..io.input_count() {
            let [rows, cols] = matrix(io.input(i), self.axis);
            let columns = Columns { rows, cols, x_cols: cols, y_cols, from: 0, to };
            launches.dispatch(columns.kernel(), &[Operand::Input(i).read(), Operand::Output(0).write()]);
            to += cols;
        }
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let size = |i: usize| node.input(i).shape().axes()[self.axis];
        let sizes: Vec<usize> = (0..node.input_count()).map(size).collect();
        let parts = node.gradient(0)?.split(self.axis, &sizes)?;
        Ok(parts.into_iter().map(Some).collect())
    }

    fn layer(&self) -> Option<Layer> {
        self.of_channels.then_some(Layer::Concat)
    }
}

/// The input cut along an axis.
#[derive(Debug)]
struct Split {
    axis: usize,
    sizes: Vec<usize>,
}

impl Op for Split {
    fn name(&self) -> &'static str {
        "split"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let (shape, axis) = (inputs.shape(0)?, self.axis);
        let total = self.sizes.iter().try_fold(0_usize, |sum, size| sum.checked_add(*size));
        if shape.axes().get(axis).copied() != total || self.sizes.is_empty() {
            let problem = format!("parts of {:?} are not the whole of axis {axis}", self.sizes);
            return Err(inputs.mismatch(problem));
        }
        let part = |size: &usize| Info::f32(with_axis(shape, axis, *size));
        Ok(self.sizes.iter().map(part).collect())
    }

    /// Parts that are never read are not copied.
    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let [_, x_cols] = matrix(io.input(0), self.axis);
        let mut from = 0;
        for i in 0..self.sizes.len() {
            let [rows, cols] = matrix(io.output(i), self.axis);
            let columns = Columns { rows, cols, x_cols, y_cols: cols, from, to: 0 };
            if io.is_used(i) {
                let operands = [Operand::Input(0).read(), Operand::Output(i).write()];
                launches.dispatch(columns.kernel(), &operands);
            }
            from += cols;
        }
        Ok(())
    }

    /// dX is the parts' gradients joined, with zeros for parts that the loss does not use.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let part = |i: usize| match node.reaches(i) {
            true => node.gradient(i).cloned(),
            false => node.output(i).graph().zeros(node.output(i).shape()),
        };
        let parts = (0..self.sizes.len()).map(part).collect::<Result<Vec<_>>>()?;
        let parts: Vec<&Tensor> = parts.iter().collect();
        Ok(vec![Some(Tensor::concat_along(&parts, self.axis)?)])
    }
}

impl Tensor {
    /// Joins tensors along their last axis (channels): `[.., A]`, `[.., B]`, .. to `[.., A + B + ..]`.
    ///
    /// # Errors
    /// A shape error when the other axes differ; an error when there is nothing to join.
    pub fn concat(parts: &[&Tensor]) -> Result<Tensor> {
        let rank = parts.first().map_or(0, |first| first.shape().rank());
        Self::concat_along(parts, rank.saturating_sub(1))
    }

    /// Joins tensors along `axis`: `[.., A, ..]`, `[.., B, ..]`, .. to `[.., A + B + .., ..]`.
    ///
    /// # Errors
    /// A shape error when there is no such axis or the other axes differ; an error when there is nothing to join.
    pub fn concat_along(parts: &[&Tensor], axis: usize) -> Result<Tensor> {
        nothing_is_an_error("concat", parts)?;
        let of_channels = axis + 1 == parts[0].shape().rank();
        Self::apply_one(Concat { axis, of_channels }, parts)
    }

    /// Joins tensors of one shape along a new axis: N of `[.., ..]` to `[.., N, ..]`, with N at `axis`.
    ///
    /// # Errors
    /// A shape error when the shapes differ, or have fewer than `axis` axes; an error when there is nothing to join.
    pub fn stack(parts: &[&Tensor], axis: usize) -> Result<Tensor> {
        nothing_is_an_error("stack", parts)?;
        let inputs = Inputs::of("stack", parts);
        let shape = inputs.shape(0)?;
        if axis > shape.rank() || inputs.all().iter().any(|input| input.shape != *shape) {
            return Err(inputs.mismatch(format!("all must have one shape, with at least {axis} axes")));
        }
        let mut axes = shape.axes().to_vec();
        axes.insert(axis, 1);
        let parts = parts.iter().map(|part| part.reshape(axes.clone())).collect::<Result<Vec<_>>>()?;
        Self::concat_along(&parts.iter().collect::<Vec<_>>(), axis)
    }

    /// Splits along `axis` into parts of these sizes: `[.., A + B + .., ..]` to `[.., A, ..]`, `[.., B, ..]`, ..
    ///
    /// # Errors
    /// A shape error when there is no such axis, or when the sizes do not add up to its size.
    pub fn split(&self, axis: usize, sizes: &[usize]) -> Result<Vec<Tensor>> {
        let sizes = sizes.to_vec();
        Self::apply(Split { axis, sizes }, &[self])
    }
}

fn nothing_is_an_error(op: &'static str, parts: &[&Tensor]) -> Result<()> {
    if parts.is_empty() {
        return Err(TensorError::Parameter { op, problem: "there is nothing to join".to_owned() });
    }
    Ok(())
}
