//! Sums and means over consecutive axes, and their gradient.

use super::kernel;
use super::reduce_axes::Reduction;
use crate::gpu::params::reduce::{expand, sum};
use crate::gpu::{Kernel, Source, Variant, shader};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Layer, Op, Operand, Result, Shape, Tensor};

/// A tensor seen as `[outer, len, inner]`; the sum goes over the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub outer: usize,
    pub len: usize,
    pub inner: usize,
}

/// Axes up to this long are summed in one pass.
const ONE_PASS: usize = 512;

/// Elements that one thread reduces along an axis of length `len` in the first of two passes: the square root, so that neither
/// pass has long dependency chains.
pub(super) fn chunk_of(len: usize) -> usize {
    if len <= ONE_PASS { len.max(1) } else { len.isqrt() + 1 }
}

/// Sums shorter than this are left to one thread each.
const SHORTEST_OF_TEAM: usize = 32;

/// Rows of at least as many numbers as a workgroup has threads have a workgroup each.
const LONG_ROW: usize = 64;

/// Threads of a workgroup of teams; see `shaders/reduce/many_threads.wgsl`.
const WORKGROUP_OF_TEAMS: usize = 256;

/// Threads of a team that reduces `len` numbers: 32, and more where `items` such teams would leave half of the adapter idle, as
/// long as each thread has a number.
fn team_size([items, len]: [usize; 2], variant: Variant) -> usize {
    let is_enough = |team: &usize| 2 * items * team >= WORKGROUP_OF_TEAMS * variant.busy_workgroups as usize;
    let longest = len.min(WORKGROUP_OF_TEAMS);
    let sizes = std::iter::successors(Some(32), |team| Some(2 * team).filter(|team| *team <= longest));
    sizes.clone().find(is_enough).or(sizes.last()).unwrap_or(32)
}

/// A kernel that reduces `len` numbers to one, for each of `items`, and whose `source` leaves the choice of a team open.
pub(super) fn in_teams(label: &'static str, source: Source, [items, len]: [usize; 2], variant: Variant) -> Kernel {
    if variant.barriers_are_cheap && len >= SHORTEST_OF_TEAM {
        let team = team_size([items, len], variant);
        let source = source.choose("team", "reduce/many_threads.wgsl").set("TEAM", team as u32);
        Kernel::new(label, source).workgroups((items * team).div_ceil(WORKGROUP_OF_TEAMS) as u64)
    } else {
        kernel(label, source.choose("team", "reduce/one_thread.wgsl"), items)
    }
}

/// A kernel over `rows` rows of `len` numbers each, whose `source` leaves the choice of a team open: short rows have a thread
/// each, long ones a workgroup each where barriers are cheap.
pub(super) fn over_rows(label: &'static str, source: Source, [rows, len]: [usize; 2], variant: Variant) -> Kernel {
    if variant.barriers_are_cheap && len >= LONG_ROW {
        Kernel::new(label, source.choose("team", "reduce/row_many_threads.wgsl")).workgroups(rows as u64)
    } else {
        kernel(label, source.choose("team", "reduce/row_one_thread.wgsl"), rows)
    }
}

/// Appends the dispatches of `to[o, i] = factor * sum over l of from[o, l, i]`.
pub(super) fn launch_sum(
    variant: Variant,
    launches: &mut Launches,
    [from, to]: [Operand; 2],
    extent: Extent,
    factor: f32,
) {
    let Extent { outer, len, inner } = extent;
    let chunk = chunk_of(len);
    let pieces = len.div_ceil(chunk).max(1);
    let last = pieces == 1;
    let target = if last { to } else { launches.scratch(outer * pieces * inner) };
    let sum = in_teams("sum", shader!("reduce/sum.wgsl"), [outer * pieces * inner, chunk.min(len)], variant)
        .params(sum::Params {
            outer: outer as u32,
            len: len as u32,
            inner: inner as u32,
            chunk: chunk as u32,
            pieces: pieces as u32,
            factor: if last { factor } else { 1.0 },
        })
        .flops((outer * len * inner) as u64);
    launches.dispatch(sum, &[from.read(), target.write()]);
    if !last {
        let rest = Extent { len: pieces, ..extent };
        launch_sum(variant, launches, [target, to], rest, factor);
    }
}

/// `Y[o, i] = factor * sum over l of X[o, l, i]`, with the shape `output`.
#[derive(Debug, Clone)]
struct Sum {
    extent: Extent,
    factor: f32,
    output: Shape,
    /// Whether it is the mean over each image of a batch.
    is_pooling: bool,
}

impl Op for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![Info::f32(self.output.clone())])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let operands = [Operand::Input(0), Operand::Output(0)];
        launch_sum(io.variant(), launches, operands, self.extent, self.factor);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let expand = Expand { extent: self.extent, factor: self.factor, output: node.input(0).shape() };
        Ok(vec![Some(Tensor::apply_one(expand, &[node.gradient(0)?])?)])
    }

    fn layer(&self) -> Option<Layer> {
        self.is_pooling.then_some(Layer::GlobalAvgPool)
    }
}

/// `Y[o, l, i] = factor * X[o, i]`: the gradient of [`Sum`].
#[derive(Debug, Clone)]
struct Expand {
    extent: Extent,
    factor: f32,
    output: Shape,
}

impl Op for Expand {
    fn name(&self) -> &'static str {
        "expand"
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![Info::f32(self.output.clone())])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.output(0).len();
        let expand = kernel("expand", shader!("reduce/expand.wgsl"), len)
            .params(expand::Params {
                outer: self.extent.outer as u32,
                len: self.extent.len as u32,
                inner: self.extent.inner as u32,
                factor: self.factor,
            })
            .flops(len as u64);
        launches.dispatch(expand, &[Operand::Input(0).read(), Operand::Output(0).write()]);
        Ok(())
    }
}

impl Tensor {
    pub(super) fn sum_over(&self, extent: Extent, factor: f32, output: Shape) -> Result<Tensor> {
        Self::apply_one(Sum { extent, factor, output, is_pooling: false }, &[self])
    }

    /// The sum of all elements, `[1]`; 0 when there are none.
    ///
    /// # Errors
    /// None of its own.
    pub fn sum(&self) -> Result<Tensor> {
        self.sum_all(1.0)
    }

    /// The mean of all elements, `[1]`.
    ///
    /// # Errors
    /// A shape error when there are none.
    pub fn mean(&self) -> Result<Tensor> {
        self.sum_all(self.share("mean", self.shape().len())?)
    }

    fn sum_all(&self, factor: f32) -> Result<Tensor> {
        let extent = Extent { outer: 1, len: self.shape().len(), inner: 1 };
        self.sum_over(extent, factor, [1].into())
    }

    /// The weight of each of `count` numbers in their mean.
    pub(super) fn share(&self, op: &'static str, count: usize) -> Result<f32> {
        match count {
            0 => Err(Inputs::of(op, &[self]).mismatch("there is no mean of no elements")),
            _ => Ok(1.0 / count as f32),
        }
    }

    /// The sum over all axes but the last: `[.., C] -> [C]`.
    ///
    /// # Errors
    /// None of its own.
    pub fn sum_rows(&self) -> Result<Tensor> {
        self.sum_to(&[self.shape().last()].into())
    }

    /// The mean over all axes but the last: `[.., C] -> [C]`.
    ///
    /// # Errors
    /// A shape error when there are no rows.
    pub fn mean_rows(&self) -> Result<Tensor> {
        let share = self.share("mean_rows", self.shape().rows())?;
        self.sum_rows()?.scale(share)
    }

    /// The mean over each image: `[N, H, W, C] -> [N, C]`.
    ///
    /// # Errors
    /// A shape error when the tensor does not have four axes or its images have no pixels.
    pub fn global_avg_pool(&self) -> Result<Tensor> {
        let inputs = Inputs::of("global_avg_pool", &[self]);
        let [n, h, w, c] = inputs.axes(0, "the image batch, [N, H, W, C],")?;
        let extent = Extent { outer: n, len: h * w, inner: c };
        let factor = self.share("global_avg_pool", h * w)?;
        Self::apply_one(Sum { extent, factor, output: [n, c].into(), is_pooling: true }, &[self])
    }

    /// Sums over the axes along which a tensor of `shape` is broadcast to this one's: the gradient of broadcasting.
    pub(super) fn sum_to(&self, shape: &Shape) -> Result<Tensor> {
        let from = self.shape();
        if from == *shape {
            return Ok(self.clone());
        }
        let inner = shape.len();
        if from.axes().ends_with(shape.axes()) || inner == 1 {
            let extent = Extent { outer: 1, len: from.len() / inner.max(1), inner };
            return self.sum_over(extent, 1.0, shape.clone());
        }
        let missing = from.rank() - shape.rank();
        let is_repeated = |axis: &usize| *axis < missing || shape.axes()[axis - missing] == 1;
        let axes: Vec<usize> = (0..from.rank()).filter(is_repeated).collect();
        self.sum_by(&Reduction::of("sum", self, &axes)?, 1.0, shape.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn teams_grow_where_there_are_few_sums() {
        let large_gpu = Variant {
            asked_gemm: None,
            is_cpu: false,
            lanes: 32,
            wide_integers: false,
            barriers_are_cheap: true,
            checked: false,
            busy_workgroups: 512,
        };
        let team = |items, len| team_size([items, len], large_gpu);
        // Eight teams of 32 in a workgroup: 2,048 of them are 256 workgroups.
        assert_eq!([team(2048, 784), team(2047, 784), team(512, 784), team(10, 784)], [32, 64, 128, 256]);
        // Never more threads than numbers.
        assert_eq!([team(10, 40), team(10, 64), team(10, 32)], [32, 64, 32]);
    }
}
