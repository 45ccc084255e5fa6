//! Which predictions are right.

use bytemuck::{Pod, Zeroable};

use super::kernel;
use crate::gpu::shader;
use crate::tensor::{Info, Inputs, Io, Launches, Op, Operand, Result, Tensor};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    rows: u32,
    classes: u32,
}

/// 1 where the largest score is at the label. Inputs: scores `[N, classes]` and labels `[N]`.
#[derive(Debug)]
struct Hits;

impl Op for Hits {
    fn name(&self) -> &'static str {
        "hits"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let [n, _] = inputs.axes(0, "the scores")?;
        if *inputs.get(1)? != Info::u32([n]) {
            return Err(inputs.mismatch(format!("the labels (input 1) must be {n} integers")));
        }
        Ok(vec![Info::f32([n])])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let scores = io.input(0);
        let kernel = kernel(self.name(), shader!("loss/hits.wgsl"), scores.rows()).params(Params {
            rows: scores.rows() as u32,
            classes: scores.last() as u32,
        });
        launches.dispatch(
            kernel,
            &[
                Operand::Input(0).read(),
                Operand::Input(1).read(),
                Operand::Output(0).write(),
            ],
        );
        Ok(())
    }
}

impl Tensor {
    /// For scores `[N, classes]`: 1 where the largest is at the label (the first of equals), else 0. `[N]`.
    ///
    /// # Errors
    /// A shape error when the labels are not N integers.
    pub fn hits(&self, labels: &Tensor) -> Result<Tensor> {
        Self::apply_one(Hits, &[self, labels])
    }
}
