//! Ops that overwrite a tensor: running totals and the optimisers' steps.

use bytemuck::{Pod, Zeroable};

use super::kernel;
use crate::gpu::shader;
use crate::tensor::{Info, Inputs, Io, Launches, Op, Operand, Result, Storage, Tensor};

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct LenParams {
    len: u32,
}

/// `total += x`. Inputs: total, x.
#[derive(Debug)]
struct Accumulate;

impl Op for Accumulate {
    fn name(&self) -> &'static str {
        "accumulate"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        inputs.expect(1, "the addend", inputs.shape(0)?.clone())?;
        Ok(vec![inputs.get(0)?.clone()])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.input(0).len();
        let kernel = kernel(self.name(), shader!("optim/accumulate.wgsl"), len)
            .params(LenParams { len: len as u32 })
            .flops(len as u64);
        launches.dispatch(kernel, &[Operand::Input(1).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }
}

/// Settings of stochastic gradient descent that are the same for all groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdSettings {
    /// Share of the last step that is kept; 0 for none.
    pub momentum: f32,
    /// Looks ahead along the momentum.
    pub nesterov: bool,
}

/// Settings of Adam that are the same for all groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamSettings {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Keeps the division finite.
    pub epsilon: f32,
}

/// One step of SGD. Inputs: parameters, momentum, gradients, group of each block, groups, clock.
#[derive(Debug)]
struct SgdStep(SgdSettings);

/// One step of Adam. Inputs: parameters, first moment, second moment, gradients, group of each block, groups, clock.
#[derive(Debug)]
struct AdamStep(AdamSettings);

impl Op for SgdStep {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        same_layout(inputs, 3)?;
        Ok(vec![inputs.get(0)?.clone(); 2])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.input(0).len();
        let source = shader!("optim/groups.wgsl").join(shader!("optim/sgd.wgsl"));
        let kernel = kernel(self.name(), source, len)
            .params(LenParams { len: len as u32 })
            .constant("MOMENTUM", self.0.momentum)
            .constant("NESTEROV", self.0.nesterov)
            .flops(6 * len as u64);
        launches.dispatch(
            kernel,
            &[
                Operand::Input(2).read(),
                Operand::Input(3).read(),
                Operand::Input(4).read(),
                Operand::Input(5).read(),
                Operand::Output(0).write(),
                Operand::Output(1).write(),
            ],
        );
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }
}

impl Op for AdamStep {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        same_layout(inputs, 4)?;
        Ok(vec![inputs.get(0)?.clone(); 3])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.input(0).len();
        let source = shader!("optim/groups.wgsl").join(shader!("optim/adam.wgsl"));
        let kernel = kernel(self.name(), source, len)
            .params(LenParams { len: len as u32 })
            .constant("BETA1", self.0.beta1)
            .constant("BETA2", self.0.beta2)
            .constant("EPSILON", self.0.epsilon)
            .flops(14 * len as u64);
        launches.dispatch(
            kernel,
            &[
                Operand::Input(3).read(),
                Operand::Input(4).read(),
                Operand::Input(5).read(),
                Operand::Input(6).read(),
                Operand::Output(0).write(),
                Operand::Output(1).write(),
                Operand::Output(2).write(),
            ],
        );
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }
}

/// The first `count` inputs are laid out alike.
fn same_layout(inputs: &Inputs, count: usize) -> Result<()> {
    let shape = inputs.shape(0)?.clone();
    (1..count).try_for_each(|i| inputs.expect(i, "a tensor laid out as the parameters", shape.clone()))
}

/// What every optimiser step reads; see `shaders/optim/groups.wgsl`.
#[derive(Debug, Clone)]
pub struct OptimiserInputs {
    /// Gradients, laid out as the parameters.
    pub gradients: Tensor,
    /// `[blocks]` integers: the group of each block of 64 parameters, or `u32::MAX` for a frozen one.
    pub group_of: Tensor,
    /// `[groups, 4]`: rate, l2, decay and an unused number.
    pub groups: Tensor,
    /// `[4]`: this step's learning rate, Adam's two corrections and an unused number.
    pub clock: Tensor,
}

impl Tensor {
    /// Adds `x` to this tensor in place. Compile the result to have it run.
    ///
    /// # Errors
    /// A shape error when the shapes differ, an error when this tensor is computed rather than made from data.
    pub fn accumulate(&self, x: &Tensor) -> Result<Tensor> {
        Self::apply_one(Accumulate, &[self, x])
    }

    /// One step of SGD on this arena of parameters, in place, with its momentum. Compile the result to have it run.
    ///
    /// # Errors
    /// A shape error when the layouts differ.
    pub fn sgd_step(&self, momentum: &Tensor, inputs: &OptimiserInputs, settings: SgdSettings) -> Result<Tensor> {
        let OptimiserInputs {
            gradients,
            group_of,
            groups,
            clock,
        } = inputs;
        Self::apply_one(SgdStep(settings), &[self, momentum, gradients, group_of, groups, clock])
    }

    /// One step of Adam on this arena of parameters, in place, with its two moments. Compile the result to have it run.
    ///
    /// # Errors
    /// A shape error when the layouts differ.
    pub fn adam_step(&self, moments: [&Tensor; 2], inputs: &OptimiserInputs, settings: AdamSettings) -> Result<Tensor> {
        let OptimiserInputs {
            gradients,
            group_of,
            groups,
            clock,
        } = inputs;
        let [first, second] = moments;
        Self::apply_one(
            AdamStep(settings),
            &[self, first, second, gradients, group_of, groups, clock],
        )
    }
}
