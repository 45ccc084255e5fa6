//! Many tensors as parts of one arena.

use crate::tensor::{Info, Inputs, Io, Launches, Op, Result, Storage, Tensor, TensorError};

/// A flat arena that holds input `i` at element `offsets[i]`; see [`Storage::Arena`].
#[derive(Debug)]
struct Pack {
    offsets: Vec<usize>,
    len: usize,
}

impl Op for Pack {
    fn name(&self) -> &'static str {
        "pack"
    }

    fn infer(&self, inputs: &Inputs) -> Result<Vec<Info>> {
        let fits = inputs.all().len() == self.offsets.len()
            && inputs.all().iter().zip(&self.offsets).all(|(input, offset)| offset + input.len() <= self.len);
        if fits {
            Ok(vec![Info::f32([self.len])])
        } else {
            Err(TensorError::Parameter {
                op: self.name(),
                problem: format!(
                    "{} tensors do not fit an arena of {} elements with {} places",
                    inputs.all().len(),
                    self.len,
                    self.offsets.len()
                ),
            })
        }
    }

    fn launch(&self, _: &Io, _: &mut Launches) -> Result<()> {
        Ok(())
    }

    fn storage(&self) -> Storage {
        Storage::Arena { offsets: self.offsets.clone() }
    }
}

impl Tensor {
    /// One flat tensor of `len` elements that holds part `i` at element `offsets[i]`, a multiple of 64; the gaps are zero.
    /// Parts are computed directly in it where possible. Parts may have any shape; the result is `[len]`.
    ///
    /// # Errors
    /// When a part does not fit.
    pub fn pack(parts: &[&Tensor], offsets: &[usize], len: usize) -> Result<Tensor> {
        let offsets = offsets.to_vec();
        Self::apply_one(Pack { offsets, len }, parts)
    }
}
