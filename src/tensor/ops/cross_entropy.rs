//! Softmax and cross-entropy in one op, with label smoothing.

use super::MIXING;
use super::reduce::over_rows;
use crate::gpu::params::loss::sizes::Params;
use crate::gpu::{Access, Kernel, Source, shader};
use crate::tensor::{Backward, DType, Info, Inputs, Io, Launches, Op, Operand, Result, Tensor, TensorError};

/// One loss per row, and loss and hit side by side. Inputs: logits `[N, classes]` and labels `[N]`; or, for mixed images,
/// labels `[N, 2]` and the mixing numbers.
#[derive(Debug, Clone, Copy)]
struct Loss {
    smoothing: f32,
    mixed: bool,
}

impl Loss {
    fn kernel(&self, label: &'static str, source: Source, io: &Io) -> Kernel {
        let logits = io.input(0);
        let targets = if self.mixed { "loss/mixed_labels.wgsl" } else { "loss/labels.wgsl" };
        over_rows(label, source.choose("targets", targets), [logits.rows(), logits.last()], io.variant())
            .params(Params { rows: logits.rows() as u32, classes: logits.last() as u32, smoothing: self.smoothing })
            .flops(4 * logits.len() as u64)
    }

    /// Input 1, the labels, holds integers.
    fn element_type_of(i: usize) -> DType {
        if i == 1 { DType::U32 } else { DType::F32 }
    }

    /// The inputs that define the targets: labels and, for mixed images, the mixing numbers.
    fn targets(&self) -> impl Iterator<Item = (Operand, Access)> {
        (1..=if self.mixed { 2 } else { 1 }).map(|i| Operand::Input(i).read())
    }
}

impl Op for Loss {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn element_type(&self, i: usize) -> Option<DType> {
        Some(Self::element_type_of(i))
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let [n, classes] = inputs.axes(0, "the logits")?;
        if classes == 0 {
            return Err(inputs.mismatch("the logits (input 0) must have at least one class"));
        }
        if self.mixed {
            inputs.require(1, "the pairs of labels", [n, 2])?;
            inputs.require(2, "the mixing", [MIXING])?;
        } else {
            inputs.require(1, "the labels", [n])?;
        }
        if !(0.0..1.0).contains(&self.smoothing) {
            return Err(TensorError::Parameter {
                op: self.name(),
                problem: format!("the label smoothing is {}, but must be at least 0 and below 1", self.smoothing),
            });
        }
        Ok(vec![Info::f32([n]), Info::f32([n, 2])])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let source = shader!("loss/cross_entropy.wgsl");
        let mut operands = vec![Operand::Input(0).read(), Operand::Output(0).write(), Operand::Output(1).write()];
        operands.extend(self.targets());
        launches.dispatch(self.kernel(self.name(), source, io), &operands);
        Ok(())
    }

    fn gradient(&self, node: &Backward) -> Result<Vec<Option<Tensor>>> {
        let mut inputs: Vec<&Tensor> = (0..node.input_count()).map(|i| node.input(i)).collect();
        inputs.push(node.gradient(0)?);
        let mut gradients = vec![None; node.input_count()];
        gradients[0] = Some(Tensor::apply_one(CrossEntropyGrad(*self), &inputs)?);
        Ok(gradients)
    }
}

/// dLogits. Inputs: those of the loss, then the gradients of the losses.
#[derive(Debug)]
struct CrossEntropyGrad(Loss);

impl Op for CrossEntropyGrad {
    fn name(&self) -> &'static str {
        "cross_entropy_grad"
    }

    fn element_type(&self, i: usize) -> Option<DType> {
        Some(Loss::element_type_of(i))
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let source = shader!("loss/cross_entropy_grad.wgsl");
        let mut operands =
            vec![Operand::Input(0).read(), Operand::Input(io.input_count() - 1).read(), Operand::Output(0).write()];
        operands.extend(self.0.targets());
        launches.dispatch(self.0.kernel(self.name(), source, io), &operands);
        Ok(())
    }
}

/// What [`Tensor::cross_entropy`] returns.
#[derive(Debug, Clone)]
pub struct CrossEntropy {
    /// The loss of each row, `[N]`: the start of the backward pass.
    pub losses: Tensor,
    /// `[N, 2]`: the loss of each row, and 1 if its largest logit (the first of equals) is the label's, else 0. Not
    /// differentiable: meant for adding up.
    pub scores: Tensor,
}

impl Tensor {
    /// The cross-entropy of each row of logits `[N, classes]` against its label, in nats, and which predictions are correct.
    ///
    /// With `smoothing` s the target is `1 - s` at the label plus `s / classes` everywhere.
    ///
    /// # Errors
    /// When the labels are not N integers, or the smoothing is not in `0 .. 1`.
    ///
    /// Only the device sees the labels, so one that is not below the number of classes cannot be refused here: it makes the
    /// loss and the gradient of its row NaN, and its prediction wrong.
    pub fn cross_entropy(&self, labels: &Tensor, smoothing: f32) -> Result<CrossEntropy> {
        let mixed = false;
        self.loss(Loss { smoothing, mixed }, &[self, labels])
    }

    /// As [`Tensor::cross_entropy`] for images that [`DataSet::gather`](super::DataSet::gather) has mixed in pairs, with
    /// both labels `[N, 2]` and the mixing numbers. A prediction is correct when it is the label with the larger share.
    ///
    /// # Errors
    /// As [`Tensor::cross_entropy`].
    pub fn cross_entropy_mixed(&self, labels: &Tensor, mixing: &Tensor, smoothing: f32) -> Result<CrossEntropy> {
        let mixed = true;
        self.loss(Loss { smoothing, mixed }, &[self, labels, mixing])
    }

    fn loss(&self, op: Loss, inputs: &[&Tensor]) -> Result<CrossEntropy> {
        let name = op.name();
        let outputs = Self::apply(op, inputs)?;
        let [losses, scores] = <[Tensor; 2]>::try_from(outputs).map_err(|_| TensorError::Parameter {
            op: name,
            problem: "the shape rule must give two outputs".to_owned(),
        })?;
        Ok(CrossEntropy { losses, scores })
    }
}
