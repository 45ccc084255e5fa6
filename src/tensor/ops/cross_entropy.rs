//! Softmax and cross-entropy in one op, with label smoothing.

use bytemuck::{Pod, Zeroable};

use super::kernel;
use crate::gpu::{Kernel, Source, shader};
use crate::tensor::{Backward, Info, Inputs, Io, Launches, Op, Operand, Result, Shape, Tensor, TensorError};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    rows: u32,
    classes: u32,
    smoothing: f32,
}

/// One loss a row, and loss and hit side by side. Inputs: logits `[N, classes]` and labels `[N]`.
#[derive(Debug, Clone, Copy)]
struct Loss {
    smoothing: f32,
}

impl Loss {
    fn kernel(&self, label: &'static str, source: Source, logits: &Shape) -> Kernel {
        kernel(label, source, logits.rows())
            .params(Params {
                rows: logits.rows() as u32,
                classes: logits.last() as u32,
                smoothing: self.smoothing,
            })
            .flops(4 * logits.len() as u64)
    }
}

impl Op for Loss {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let [n, classes] = inputs.axes(0, "the logits")?;
        if classes == 0 {
            return Err(inputs.mismatch("the logits (input 0) must have at least one class"));
        }
        if *inputs.get(1)? != Info::u32([n]) {
            return Err(inputs.mismatch(format!("the labels (input 1) must be {n} integers")));
        }
        if !(0.0..1.0).contains(&self.smoothing) {
            return Err(TensorError::Parameter {
                op: self.name(),
                problem: format!(
                    "the label smoothing is {}, but must be at least 0 and below 1",
                    self.smoothing
                ),
            });
        }
        Ok(vec![Info::f32([n]), Info::f32([n, 2])])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let source = shader!("loss/cross_entropy.wgsl");
        launches.dispatch(
            self.kernel(self.name(), source, io.input(0)),
            &[
                Operand::Input(0).read(),
                Operand::Input(1).read(),
                Operand::Output(0).write(),
                Operand::Output(1).write(),
            ],
        );
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let (logits, labels) = (node.input(0), node.input(1));
        let inputs = [logits, labels, node.gradient(0)?];
        Ok(vec![Some(Tensor::apply_one(CrossEntropyGrad(*self), &inputs)?), None])
    }
}

/// dLogits from logits, labels and the gradients of the losses.
#[derive(Debug)]
struct CrossEntropyGrad(Loss);

impl Op for CrossEntropyGrad {
    fn name(&self) -> &'static str {
        "cross_entropy_grad"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let source = shader!("loss/cross_entropy_grad.wgsl");
        launches.dispatch(
            self.0.kernel(self.name(), source, io.input(0)),
            &[
                Operand::Input(0).read(),
                Operand::Input(1).read(),
                Operand::Input(2).read(),
                Operand::Output(0).write(),
            ],
        );
        Ok(())
    }
}

/// What [`Tensor::cross_entropy`] gives.
#[derive(Debug, Clone)]
pub struct CrossEntropy {
    /// The loss of each row, `[N]`: what a gradient starts from.
    pub losses: Tensor,
    /// `[N, 2]`: the loss of each row, and 1 where its largest logit is at the label (the first of equals), else 0. Without
    /// gradient: to add up.
    pub scores: Tensor,
}

impl Tensor {
    /// The cross-entropy of each row of logits `[N, classes]` against its label, in nats, and which predictions are right.
    ///
    /// With `smoothing` s the target is `1 - s` at the label plus `s / classes` everywhere.
    ///
    /// # Errors
    /// A shape error when the labels are not N integers; a smoothing that is not in `0 .. 1`. Labels must be below the
    /// number of classes: one that is not counts as the last class.
    pub fn cross_entropy(&self, labels: &Tensor, smoothing: f32) -> Result<CrossEntropy> {
        let op = Loss { smoothing };
        let name = op.name();
        let outputs = Self::apply(op, &[self, labels])?;
        let [losses, scores] = <[Tensor; 2]>::try_from(outputs).map_err(|_| TensorError::Parameter {
            op: name,
            problem: "the shape rule must give two outputs".to_owned(),
        })?;
        Ok(CrossEntropy { losses, scores })
    }
}
