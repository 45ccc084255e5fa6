//! Slices along an axis, and their gradient.

use super::kernel;
use super::strided::{Strided, Way};
use super::strides::row_major;
use crate::gpu::params::elementwise::slice_grad::Params;
use crate::gpu::shader;
use crate::tensor::{Info, Inputs, Io, Launches, Op, Operand, Result, Shape, Tensor};

/// dX from the dY of a slice: dY where elements were taken, 0 elsewhere.
#[derive(Debug, Clone)]
pub(super) struct SliceGrad {
    /// The shape of X.
    shape: Shape,
    axis: usize,
    from: usize,
    step: usize,
    /// How many elements were taken along the axis.
    taken: usize,
}

impl Op for SliceGrad {
    fn name(&self) -> &'static str {
        "slice_grad"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![Info::f32(self.shape.clone())])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.output(0).len();
        let kernel = kernel(self.name(), shader!("elementwise/slice_grad.wgsl"), len).params(Params {
            len: len as u32,
            size: self.shape.axes()[self.axis] as u32,
            inner: self.shape.axes()[self.axis + 1..].iter().product::<usize>() as u32,
            first: self.from as u32,
            step: self.step as u32,
            taken: self.taken as u32,
        });
        launches.dispatch(kernel, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }
}

impl Tensor {
    /// Elements `from .. to` along `axis`: `[.., N, ..] -> [.., to - from, ..]`.
    ///
    /// # Errors
    /// A shape error when there is no such axis, or it has fewer elements.
    pub fn slice(&self, axis: usize, from: usize, to: usize) -> Result<Tensor> {
        self.slice_by("slice", axis, [from, to, 1])
    }

    /// Elements `from`, `from + step`, `from + 2 step`, .. before `to` along `axis`:
    /// `[.., N, ..] -> [.., ceil((to - from) / step), ..]`.
    ///
    /// # Errors
    /// As [`Tensor::slice`], and when the step is 0.
    pub fn slice_step(&self, axis: usize, from: usize, to: usize, step: usize) -> Result<Tensor> {
        self.slice_by("slice", axis, [from, to, step])
    }

    /// Channels `from .. from + count` of the last axis: `[.., C] -> [.., count]`.
    ///
    /// # Errors
    /// A shape error when there are fewer channels.
    pub fn channels(&self, from: usize, count: usize) -> Result<Tensor> {
        let last = self.shape().rank().saturating_sub(1);
        self.slice_by("channels", last, [from, from.saturating_add(count), 1])
    }

    fn slice_by(&self, name: &'static str, axis: usize, [from, to, step]: [usize; 3]) -> Result<Tensor> {
        let shape = self.shape();
        let fits = shape.axes().get(axis).is_some_and(|size| from <= to && to <= *size);
        if !fits || step == 0 {
            let problem = format!("there are no elements {from} .. {to} with step {step} along axis {axis}");
            return Err(Inputs::of(name, &[self]).mismatch(problem));
        }
        // A larger step would take only the first element too, and kernels count in 32 bits.
        let step = step.min((to - from).max(1));
        let taken = (to - from).div_ceil(step);
        let mut axes = shape.axes().to_vec();
        axes[axis] = taken;
        let mut strides = row_major(&shape);
        let start = from * strides[axis];
        strides[axis] *= step;
        let slice = Strided {
            name,
            output: axes.into(),
            start,
            strides,
            way: Way::Sliced(SliceGrad { shape, axis, from, step, taken }),
        };
        Self::apply_one(slice, &[self])
    }
}
