//! The maximum or minimum over some axes.

use super::elementwise::Elementwise;
use super::reduce::{Extent, chunk_of, in_teams};
use crate::gpu::params::reduce::extreme::Params;
use crate::gpu::{Variant, shader};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Shape, Tensor};

/// `Y = max X` (or min) over each extent in turn.
#[derive(Debug)]
pub(super) struct Extreme {
    pub name: &'static str,
    /// Whether to take the maximum, else the minimum.
    pub largest: bool,
    pub axes: Vec<usize>,
    /// At least one.
    pub steps: Vec<Extent>,
    /// The shape with 1 for each reduced axis.
    pub kept: Shape,
    pub output: Shape,
}

impl Extreme {
    /// Appends the dispatches over one extent: two if it is long, as for a sum.
    fn launch_one(&self, variant: Variant, launches: &mut Launches, [from, to]: [Operand; 2], extent: Extent) {
        let Extent { outer, len, inner } = extent;
        let chunk = chunk_of(len);
        let pieces = len.div_ceil(chunk);
        let items = outer * pieces * inner;
        let target = if pieces == 1 { to } else { launches.scratch(items) };
        let kernel = in_teams(self.name, shader!("reduce/extreme.wgsl"), [items, chunk.min(len)], variant)
            .params(Params {
                outer: outer as u32,
                len: len as u32,
                inner: inner as u32,
                chunk: chunk as u32,
                pieces: pieces as u32,
            })
            .constant("LARGEST", self.largest)
            .flops((outer * len * inner) as u64);
        launches.dispatch(kernel, &[from.read(), target.write()]);
        if pieces > 1 {
            self.launch_one(variant, launches, [target, to], Extent { len: pieces, ..extent });
        }
    }
}

impl Op for Extreme {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, _: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![Info::f32(self.output.clone())])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let mut from = Operand::Input(0);
        for (i, step) in self.steps.iter().enumerate() {
            let to =
                if i + 1 == self.steps.len() { Operand::Output(0) } else { launches.scratch(step.outer * step.inner) };
            self.launch_one(io.variant(), launches, [from, to], *step);
            from = to;
        }
        Ok(())
    }

    /// dX is dY divided by the number of winners where X equals Y, else 0.
    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let equal = Elementwise {
            name: "equal",
            settings: "",
            expression: "select(Value(), Value(1.0), x == y)",
            inputs: vec!["x", "y"],
            names: &[],
            constants: [0.0; 2],
            built_in: true,
        };
        let y = node.output(0).reshape(self.kept.clone())?;
        let dy = node.gradient(0)?.reshape(self.kept.clone())?;
        let winners = Tensor::apply_one(equal, &[node.input(0), &y])?;
        let share = dy.div(&winners.sum_axes(&self.axes, true)?)?;
        Ok(vec![Some(winners.mul(&share)?)])
    }
}
