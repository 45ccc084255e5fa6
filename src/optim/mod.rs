//! Optimisers: one dispatch updates all parameters, once Muon has found its directions.

mod average;
mod muon;
mod plateau;
mod schedule;

pub use average::Average;
pub use plateau::{Plateau, PlateauState};
pub use schedule::{InverseTime, LearningRate, Schedule, Step, Timeline};

use crate::nn::{Parameters, Role};
use crate::tensor::ops::OptimiserInputs;
pub use crate::tensor::ops::Rule;
use crate::tensor::{Arena, Graph, Result, Tensor};
use muon::Matrix;

/// Settings of one group of parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// Multiplies the learning rate.
    pub rate: f32,
    /// `l2 * w` is added to the gradient: L2 regularisation by `l2 / 2 * |w|^2`. Not for matrices that Muon moves.
    pub l2: f32,
    /// Decoupled weight decay: each step shrinks w by this times the learning rate.
    pub decay: f32,
}

impl Group {
    /// The learning rate as it is, no regularisation.
    pub const PLAIN: Self = Self { rate: 1.0, l2: 0.0, decay: 0.0 };
}

/// An optimiser with its state, recorded on a graph.
#[derive(Debug)]
pub struct Optimiser {
    rule: Rule,
    /// Momentum, or the two moments of Adam; each laid out like the parameters.
    state: Vec<Tensor>,
    group_of: Tensor,
    groups: Tensor,
    this_step: Tensor,
    steps: u64,
    /// Those that Muon moves along orthogonal directions.
    matrices: Vec<Matrix>,
}

/// The learning rate of Adam beside Muon, as a share of Muon's.
// 0.003 and 0.02 are the usual rates.
const ADAM_BESIDE_MUON: f32 = 0.15;

/// Elements that share a group, as in `shaders/optim/groups.wgsl`.
const BLOCK: usize = 64;

impl Optimiser {
    /// An optimiser of all learned parameters. `group` returns the settings for a parameter's role, or `None` to leave such
    /// parameters as they are. [`Rule::MUON`] moves weights with at least 16 inputs and units, but for the last layer's; the rest learns
    /// by Adam at 0.15 of the rate.
    ///
    /// # Errors
    /// Those of the device.
    pub fn new(
        graph: &Graph,
        parameters: &Parameters,
        rule: Rule,
        group: impl Fn(Role) -> Option<Group>,
    ) -> Result<Self> {
        let arena = parameters.learned();
        let settings: Vec<Option<Group>> = parameters.roles().map(group).collect();
        // What a network puts out is as large as its last weights: they must be free to grow by themselves.
        let hidden: Vec<bool> = parameters.roles().map(|role| role != Role::OutputWeight).collect();
        Self::of_parts(graph, arena, rule, &settings, &hidden)
    }

    /// An optimiser of the parts of an arena, with settings for each part; `None` leaves a part as it is. [`Rule::MUON`] takes every
    /// part with two axes or more, of which the last is the units, for a weight of a hidden layer.
    ///
    /// # Errors
    /// Those of the device.
    pub fn with_groups(graph: &Graph, arena: &Arena, rule: Rule, settings: &[Option<Group>]) -> Result<Self> {
        Self::of_parts(graph, arena, rule, settings, &vec![true; settings.len()])
    }

    /// As [`Optimiser::with_groups`]; Muon moves those `hidden` parts that are matrices, and Adam the others.
    fn of_parts(graph: &Graph, arena: &Arena, rule: Rule, settings: &[Option<Group>], hidden: &[bool]) -> Result<Self> {
        let len = arena.flat.shape().len();
        let is_muon = matches!(rule, Rule::Muon { .. });
        let mut matrices = Vec::new();
        let mut groups: Vec<[f32; 4]> = Vec::new();
        let mut group_of = vec![u32::MAX; len.div_ceil(BLOCK)];
        let ends = arena.offsets.iter().skip(1).copied().chain([len]);
        for (part, (end, setting)) in ends.zip(settings).enumerate() {
            let Some(Group { rate, l2, decay }) = *setting else { continue };
            let matrix = Matrix::of(arena, part).filter(|_| is_muon && hidden[part]);
            matrices.extend(matrix);
            let group = match matrix {
                // The decay is that of the rate as it was set.
                Some(matrix) => [rate * matrix.reach(), 0.0, decay / matrix.reach(), 1.0],
                None if is_muon => [rate * ADAM_BESIDE_MUON, l2, decay, 0.0],
                None => [rate, l2, decay, 0.0],
            };
            let known = groups.iter().position(|g| *g == group);
            let number = known.unwrap_or_else(|| {
                groups.push(group);
                groups.len() - 1
            });
            group_of[arena.offsets[part] / BLOCK..end.div_ceil(BLOCK)].fill(number as u32);
        }
        if groups.is_empty() {
            groups.push([1.0, 0.0, 0.0, 0.0]); // an empty buffer cannot be bound
        }
        let rows: Vec<f32> = groups.concat();
        Ok(Self {
            matrices,
            rule,
            state: (0..rule.states()).map(|_| graph.zeros([len])).collect::<Result<_>>()?,
            group_of: graph.tensor_u32([group_of.len()], &group_of)?,
            groups: graph.tensor([groups.len(), 4], &rows)?,
            this_step: graph.zeros([4])?,
            steps: 0,
        })
    }

    /// Records one step from the gradients of the arena's parts, in its order. Compile the result to run it.
    ///
    /// # Errors
    /// A shape error when the gradients do not fit the arena.
    pub fn record(&self, arena: &Arena, gradients: &[Tensor]) -> Result<Tensor> {
        self.record_clipped(arena, gradients, None)
    }

    /// As [`Optimiser::record`]; with a `limit`, gradients whose global norm exceeds it are first scaled down to it.
    ///
    /// # Errors
    /// As [`Optimiser::record`], and when the limit is not above 0.
    pub fn record_clipped(&self, arena: &Arena, gradients: &[Tensor], limit: Option<f32>) -> Result<Tensor> {
        let parts: Vec<&Tensor> = gradients.iter().collect();
        let packed = Tensor::pack(&parts, &arena.offsets, arena.flat.shape().len())?;
        self.record_packed(arena, &packed, limit)
    }

    /// As [`Optimiser::record_clipped`], from gradients laid out like the arena.
    ///
    /// # Errors
    /// As [`Optimiser::record_clipped`].
    pub fn record_packed(&self, arena: &Arena, gradients: &Tensor, limit: Option<f32>) -> Result<Tensor> {
        let gradients = match limit {
            Some(limit) => gradients.clip_norm(limit)?,
            None => gradients.clone(),
        };
        let directions = match self.rule {
            // Without a matrix nothing reads them.
            Rule::Muon { .. } if self.matrices.is_empty() => Some(gradients.clone()),
            Rule::Muon { momentum, .. } => {
                Some(muon::directions(arena, &self.matrices, &self.state[0], &gradients, momentum)?)
            }
            _ => None,
        };
        let inputs = OptimiserInputs {
            gradients,
            directions,
            group_of: self.group_of.clone(),
            groups: self.groups.clone(),
            this_step: self.this_step.clone(),
        };
        arena.flat.optimiser_step(self.rule, &self.state, &inputs)
    }

    /// Prepares the next run of the recorded step: counts it and sends its learning rate.
    ///
    /// # Errors
    /// Those of the device.
    pub fn start_step(&mut self, learning_rate: f64) -> Result<()> {
        self.steps += 1;
        // In double precision: 1 - 0.999^1 in f32 is off in the fourth digit.
        let correction = |beta: f32| 1.0 / (1.0 - f64::from(beta).powf(self.steps as f64));
        let [first, second] = match self.rule {
            Rule::Sgd { .. } => [1.0, 1.0],
            Rule::Adam { beta1, beta2, .. } | Rule::Muon { beta1, beta2, .. } => [correction(beta1), correction(beta2)],
        };
        self.this_step.write(&[learning_rate as f32, first as f32, second as f32, 0.0])
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// What is sent for each step: the learning rate, two corrections of Adam's moments, and 0.
    pub fn this_step(&self) -> &Tensor {
        &self.this_step
    }

    /// What is kept alongside the parameters: momentum, or the two moments of Adam (Muon keeps the momentum of matrices as the first), each laid out like their arena.
    pub fn state(&self) -> &[Tensor] {
        &self.state
    }

    /// Resumes after `steps` steps, with the state that has been written to [`Optimiser::state`].
    pub fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }
}
