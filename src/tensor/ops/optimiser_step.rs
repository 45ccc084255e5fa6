//! One step of an optimiser over an arena of parameters, in place.

use std::ops::Range;

use super::kernel;
use crate::gpu::params::optim::groups::Params;
use crate::gpu::shader;
use crate::tensor::{Arena, DType, Info, Inputs, Io, Launches, Op, Operand, Result, Storage, Tensor};

/// The update rule; see `shaders/optim/` for the equations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Stochastic gradient descent.
    Sgd {
        /// Fraction of the last step that is kept; 0 for none.
        momentum: f32,
        /// Whether to look ahead along the momentum.
        nesterov: bool,
    },
    /// Adam; with decoupled weight decay, AdamW.
    Adam {
        /// Decay of the first moment.
        beta1: f32,
        /// Decay of the second moment.
        beta2: f32,
        /// Keeps the division finite.
        epsilon: f32,
    },
    /// Muon for the matrices, whose orthogonal directions are given, and Adam for the rest.
    Muon {
        /// Fraction of the last step that is kept, for matrices.
        momentum: f32,
        /// Decay of Adam's first moment.
        beta1: f32,
        /// Decay of its second moment.
        beta2: f32,
        /// Keeps its division finite.
        epsilon: f32,
    },
}

impl Rule {
    /// SGD with Nesterov momentum 0.9.
    pub const SGD: Self = Self::Sgd { momentum: 0.9, nesterov: true };
    /// Adam with the constants of its paper.
    pub const ADAM: Self = Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

    /// Muon with momentum 0.9, beside Adam with the constants of its paper.
    pub const MUON: Self = Self::Muon { momentum: 0.9, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

    /// Numbers stored for each parameter: the momentum, or two moments.
    pub fn states(self) -> usize {
        match self {
            Self::Sgd { .. } => 1,
            Self::Adam { .. } | Self::Muon { .. } => 2,
        }
    }
}

/// Inputs: parameters, states, then gradients, group of each block, groups, this step, and Muon's directions. Outputs: parameters
/// and states.
#[derive(Debug)]
struct OptimiserStep(Rule);

impl Op for OptimiserStep {
    fn name(&self) -> &'static str {
        match self.0 {
            Rule::Sgd { .. } => "sgd",
            Rule::Adam { .. } => "adam",
            Rule::Muon { .. } => "muon",
        }
    }

    /// After parameters, states and gradients comes the group of each block.
    fn element_type(&self, i: usize) -> Option<DType> {
        Some(if i == 2 + self.0.states() { DType::U32 } else { DType::F32 })
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let arena = inputs.get(0)?;
        let updated = 1 + self.0.states();
        if !arena.len().is_multiple_of(Arena::ALIGN) {
            return Err(inputs.mismatch(format!(
                "the parameters (input 0) must be an arena, a multiple of {} elements",
                Arena::ALIGN
            )));
        }
        // The states and, after them, the gradients.
        let directions = matches!(self.0, Rule::Muon { .. }).then_some(updated + 4);
        for i in (1..=updated).chain(directions) {
            inputs.require(i, "a tensor laid out as the parameters", arena.shape.clone())?;
        }
        Ok(vec![arena.clone(); updated])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.input(0).len();
        let kernel = match self.0 {
            Rule::Sgd { momentum, nesterov } => kernel(self.name(), shader!("optim/sgd.wgsl"), len / 4)
                .constant("MOMENTUM", momentum)
                .constant("NESTEROV", nesterov)
                .flops(6 * len as u64),
            Rule::Adam { beta1, beta2, epsilon } => kernel(self.name(), shader!("optim/adam.wgsl"), len / 4)
                .constant("BETA1", beta1)
                .constant("BETA2", beta2)
                .constant("EPSILON", epsilon)
                .flops(14 * len as u64),
            Rule::Muon { momentum, beta1, beta2, epsilon } => kernel(self.name(), shader!("optim/muon.wgsl"), len / 4)
                .constant("MOMENTUM", momentum)
                .constant("BETA1", beta1)
                .constant("BETA2", beta2)
                .constant("EPSILON", epsilon)
                .flops(14 * len as u64),
        };
        let updated = 1 + self.0.states();
        let read = |inputs: Range<usize>| inputs.map(|i| Operand::Input(i).read());
        let written = (0..updated).map(|i| Operand::Output(i).write());
        let directions = updated + 4;
        let operands: Vec<_> =
            read(updated..directions).chain(written).chain(read(directions..io.input_count())).collect();
        launches.dispatch(kernel.params(Params { quads: (len / 4) as u32 }), &operands);
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }
}

/// What every optimiser step reads; see `shaders/optim/groups.wgsl`.
#[derive(Debug, Clone)]
pub struct OptimiserInputs {
    /// Gradients, laid out like the parameters.
    pub gradients: Tensor,
    /// `[blocks]` integers: the group of each block of 64 parameters, or `u32::MAX` for a frozen one.
    pub group_of: Tensor,
    /// `[groups, 4]`: rate, l2, decay, and 1 for matrices that Muon moves.
    pub groups: Tensor,
    /// `[4]`: this step's learning rate, Adam's two corrections and an unused number.
    pub this_step: Tensor,
    /// For Muon: orthogonal directions, laid out like the parameters.
    pub directions: Option<Tensor>,
}

impl Tensor {
    /// One step on this arena of parameters, `[N]`, in place, with its [`Rule::states`] states. Compile the result to have it
    /// run.
    ///
    /// # Errors
    /// A shape error when the layouts differ or a state is missing.
    pub fn optimiser_step(&self, rule: Rule, states: &[Tensor], inputs: &OptimiserInputs) -> Result<Tensor> {
        let OptimiserInputs { gradients, group_of, groups, this_step, directions } = inputs;
        let arenas = std::iter::once(self).chain(states);
        let operands: Vec<&Tensor> = arenas.chain([gradients, group_of, groups, this_step]).chain(directions).collect();
        Self::apply_one(OptimiserStep(rule), &operands)
    }
}
