//! Permuted, broadcast and sliced tensors, all by one strided copy.

use super::kernel;
use super::slice::SliceGrad;
use super::strides::{Walk, repeated, row_major};
use crate::gpu::params::elementwise::strides::Params;
use crate::gpu::shader;
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Shape, Tensor};

/// `Y[k0, k1, ..] = X[start + k0 strides[0] + k1 strides[1] + ..]`
#[derive(Debug)]
pub(super) struct Strided {
    pub name: &'static str,
    pub output: Shape,
    pub start: usize,
    pub strides: Vec<usize>,
    pub way: Way,
}

/// What a strided copy does; its gradient depends on this.
#[derive(Debug)]
pub(super) enum Way {
    /// Axis `i` of Y is axis `order[i]` of X.
    Permuted { order: Vec<usize> },
    /// X is broadcast.
    Repeated,
    /// Every `step`th element along an axis.
    Sliced(SliceGrad),
}

impl Op for Strided {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Walk::of_one(self.name, &self.output, &self.strides)?;
        Ok(vec![Info::f32(self.output.clone())])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let walk = Walk::of_one(self.name, &self.output, &self.strides)?;
        let threads = walk.threads(io.output(0).len());
        let copy = kernel(self.name, shader!("elementwise/strided_copy.wgsl"), threads)
            .params(Params { len: threads as u32, start: self.start as u32, c: 0.0, d: 0.0, axes: walk.params() })
            .constant("RANK", walk.rank());
        launches.dispatch(copy, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let dy = node.gradient(0)?;
        let dx = match &self.way {
            Way::Permuted { order } => {
                let mut back = vec![0; order.len()];
                for (to, from) in order.iter().enumerate() {
                    back[*from] = to;
                }
                dy.permuted(self.name, &back)
            }
            Way::Repeated => dy.sum_to(&node.input(0).shape()),
            Way::Sliced(slice) => Tensor::apply_one(slice.clone(), &[dy]),
        }?;
        Ok(vec![Some(dx)])
    }
}

impl Tensor {
    /// The axes in another order: axis `i` of the result is axis `order[i]`, so `permute(&[0, 3, 1, 2])` turns
    /// `[N, H, W, C]` into `[N, C, H, W]`.
    ///
    /// # Errors
    /// A shape error when `order` does not name each axis once.
    pub fn permute(&self, order: &[usize]) -> Result<Tensor> {
        self.permuted("permute", order)
    }

    /// Swaps the last two axes: `[.., M, N] -> [.., N, M]`.
    ///
    /// # Errors
    /// A shape error when there are fewer than two.
    pub fn transpose(&self) -> Result<Tensor> {
        let rank = self.shape().rank();
        if rank < 2 {
            return Err(Inputs::of("transpose", &[self]).mismatch("it must have at least two axes"));
        }
        let mut order: Vec<usize> = (0..rank).collect();
        order.swap(rank - 1, rank - 2);
        self.permuted("transpose", &order)
    }

    fn permuted(&self, name: &'static str, order: &[usize]) -> Result<Tensor> {
        let shape = self.shape();
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..shape.rank()) {
            let problem = format!("the order {order:?} must name each of its {} axes once", shape.rank());
            return Err(Inputs::of(name, &[self]).mismatch(problem));
        }
        let strides = row_major(&shape);
        let of = |values: &[usize]| -> Vec<usize> { order.iter().map(|axis| values[*axis]).collect() };
        let permutation = Strided {
            name,
            output: of(shape.axes()).into(),
            start: 0,
            strides: of(&strides),
            way: Way::Permuted { order: order.to_vec() },
        };
        Self::apply_one(permutation, &[self])
    }

    /// Broadcast to `shape` as in NumPy: shapes are aligned at the last axis, and an axis that is 1 or missing is repeated.
    ///
    /// # Errors
    /// A shape error when it does not fit, or when the result has more than six axes that are broadcast in different ways.
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Result<Tensor> {
        let (own, output) = (self.shape(), shape.into());
        if own == output {
            return Ok(self.clone());
        }
        let inner = output.axes().iter().rev();
        let fits = own.rank() <= output.rank()
            && own.axes().iter().rev().zip(inner).all(|(own, size)| own == size || *own == 1);
        if !fits {
            let problem = format!("it cannot be repeated to {output}");
            return Err(Inputs::of("broadcast_to", &[self]).mismatch(problem));
        }
        let repetition =
            Strided { name: "broadcast_to", strides: repeated(&own, &output), output, start: 0, way: Way::Repeated };
        Self::apply_one(repetition, &[self])
    }
}
