//! Whether the numbers of a tape fit together. A tape may come from anywhere.

use super::{ENTRIES, Piece, Tape, TapeError};
use crate::gpu::Gpu;

/// Elements of a shape, if their number can be counted.
fn elements(shape: &[usize]) -> Option<u64> {
    shape.iter().try_fold(1_u64, |elements, size| elements.checked_mul(*size as u64))
}

impl Tape {
    /// Whether all numbers fit together: nothing beyond the end of what it is in.
    pub(super) fn check(&self) -> Result<(), TapeError> {
        let ensure = |fits: bool, what: &str| match fits {
            true => Ok(()),
            false => Err(TapeError::Damaged(what.to_owned())),
        };
        let inside = |buffer: usize, offset: u64, bytes: u64| {
            let end = offset.checked_add(bytes);
            self.buffers.get(buffer).zip(end).is_some_and(|(buffer, end)| end <= buffer.bytes)
                && bytes > 0
                && offset.is_multiple_of(4)
                && bytes.is_multiple_of(4)
        };
        let written = self.runs.iter().flat_map(|run| &run.writes).map(|write| write.contents);
        for piece in self.buffers.iter().map(|buffer| buffer.contents).chain(written) {
            let Piece { place, bytes } = piece;
            let ends = place.checked_add(bytes);
            ensure(ends.is_some_and(|end| end <= self.data.len()), "some of its data lies behind its end")?;
        }
        for buffer in &self.buffers {
            let length = buffer.contents.bytes as u64;
            ensure(
                buffer.bytes > 0 && buffer.bytes.is_multiple_of(4) && (length == 0 || length == buffer.bytes),
                "a buffer has another length than its contents",
            )?;
        }
        for kernel in &self.kernels {
            ensure(
                ENTRIES.contains(&kernel.entry.as_str()),
                "a kernel's entry point has another name than main or second",
            )?;
        }
        let dispatches = self.programs.iter().flat_map(|program| program.dispatches.iter().enumerate());
        for (number, dispatch) in dispatches {
            let is_behind = dispatch.gradient_of.is_none_or(|of| of < number);
            ensure(is_behind, "a dispatch is the gradient of one that does not come before it")?;
            ensure(dispatch.kernel < self.kernels.len(), "a dispatch has no kernel")?;
            ensure(dispatch.params.len().is_multiple_of(4), "a uniform struct is not a multiple of 16 bytes")?;
            for binding in &dispatch.bindings {
                let is_aligned = binding.offset.is_multiple_of(Gpu::slice_alignment());
                ensure(
                    is_aligned && inside(binding.buffer, binding.offset, binding.bytes),
                    "a dispatch binds what is no part of a buffer",
                )?;
                // A scratch buffer has no shape.
                let fits = elements(&binding.shape).is_some_and(|elements| elements <= (binding.bytes / 4).max(1));
                ensure(fits, "what a dispatch binds is too small for its shape")?;
            }
        }
        let watched: Vec<_> = self.watched.iter().filter_map(|number| self.places.get(*number)).collect();
        ensure(watched.len() == self.watched.len(), "what is watched is no place")?;
        for run in &self.runs {
            ensure(run.program < self.programs.len(), "a run has no program")?;
            let lengths = run.expected.iter().map(|words| 4 * words.len() as u64);
            let fits = run.expected.is_empty() || lengths.eq(watched.iter().map(|place| place.bytes));
            ensure(fits, "a run has other numbers than are watched")?;
            for write in &run.writes {
                let bytes = write.contents.bytes as u64;
                ensure(inside(write.buffer, write.offset, bytes), "the host writes to what is no part of a buffer")?;
            }
        }
        for place in &self.places {
            ensure(inside(place.buffer, place.offset, place.bytes), "a place is no part of a buffer")?;
            let fits = elements(&place.shape).is_some_and(|elements| elements <= place.bytes / 4);
            ensure(fits, "a place is too small for its shape")?;
        }
        Ok(())
    }
}
