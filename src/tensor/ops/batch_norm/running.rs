//! Running statistics: what inference normalises with.

use crate::gpu::params::norm::running;
use crate::gpu::shader;
use crate::tensor::ops::kernel;
use crate::tensor::{Arena, DType, Info, Inputs, Io, Launches, Op, Operand, Result, Storage, Tensor, TensorError};

/// Moves an arena of running statistics towards the batch's. Inputs: the arena, the batch's moments laid out in the same
/// way, and for each block of the arena whether it is updated.
#[derive(Debug)]
struct Running {
    momentum: f32,
}

impl Op for Running {
    fn name(&self) -> &'static str {
        "batch_norm_running"
    }

    /// Input 2 says which blocks are updated.
    fn element_type(&self, i: usize) -> Option<DType> {
        Some(if i == 2 { DType::U32 } else { DType::F32 })
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let arena = inputs.get(0)?.clone();
        inputs.require(1, "the batch's moments", arena.shape.clone())?;
        if !(0.0..=1.0).contains(&self.momentum) {
            return Err(TensorError::Parameter {
                op: self.name(),
                problem: format!("the momentum is {}, but must be between 0 and 1", self.momentum),
            });
        }
        Ok(vec![arena])
    }

    fn launch(&self, io: &Io, launches: &mut Launches) -> Result<()> {
        let len = io.input(0).len();
        let running = kernel(self.name(), shader!("norm/running.wgsl"), len)
            .params(running::Params { len: len as u32, momentum: self.momentum });
        launches.dispatch(running, &[Operand::Input(1).read(), Operand::Input(2).read(), Operand::Output(0).write()]);
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::InPlace
    }
}

/// Where one layer's moments belong in an arena of running statistics.
#[derive(Debug, Clone)]
pub struct RunningUpdate {
    /// [`BatchNorm::moments`](super::BatchNorm::moments).
    pub moments: Tensor,
    /// The part of the arena that is the running mean. The next part must be the running variance.
    pub mean_part: usize,
}

impl Arena {
    /// Moves running statistics towards the moments of a batch, all layers in one dispatch; compile the returned tensor to
    /// have it run. Parts that no update names stay as they are.
    ///
    /// `momentum` is the weight of the new value, as in PyTorch.
    ///
    /// # Errors
    /// When a part does not exist or its size does not fit the moments, or the momentum is not between 0 and 1.
    pub fn update_running(&self, updates: &[RunningUpdate], momentum: f32) -> Result<Tensor> {
        let len = self.flat.shape().len();
        let mut updated = vec![0; len.div_ceil(Self::ALIGN)];
        let mut offsets = Vec::new();
        for update in updates {
            let pitch = update.moments.shape().last();
            let fits = |part: usize| self.parts.get(part).is_some_and(|p| p.shape().len() <= pitch);
            let place = self.offsets.get(update.mean_part).copied().unwrap_or(len);
            let next = self.offsets.get(update.mean_part + 1).copied();
            if next != Some(place + pitch) || !fits(update.mean_part) || !fits(update.mean_part + 1) {
                return Err(TensorError::Parameter {
                    op: "batch_norm_running",
                    problem: format!(
                        "parts {} and {} of the arena must be a running mean and variance of up to {pitch} channels",
                        update.mean_part,
                        update.mean_part + 1
                    ),
                });
            }
            offsets.push(place);
            updated[place / Self::ALIGN..(place + 2 * pitch) / Self::ALIGN].fill(1);
        }
        let moments: Vec<&Tensor> = updates.iter().map(|update| &update.moments).collect();
        let batch = Tensor::pack(&moments, &offsets, len)?;
        let updated = self.flat.graph().tensor_u32([updated.len()], &updated)?;
        Tensor::apply_one(Running { momentum }, &[&self.flat, &batch, &updated])
    }
}
