//! Whether the numbers of a tape fit together. A tape may come from anywhere.

use super::{ENTRIES, Piece, Tape, TapeError};
use crate::gpu::Gpu;

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
                buffer.bytes > 0 && (length == 0 || length == buffer.bytes),
                "a buffer has another length than its contents",
            )?;
        }
        for kernel in &self.kernels {
            ensure(
                ENTRIES.contains(&kernel.entry.as_str()),
                "a kernel's entry point has another name than main or second",
            )?;
        }
        for dispatch in self.programs.iter().flat_map(|program| &program.dispatches) {
            ensure(dispatch.kernel < self.kernels.len(), "a dispatch has no kernel")?;
            ensure(dispatch.params.len().is_multiple_of(4), "a uniform struct is not a multiple of 16 bytes")?;
            for binding in &dispatch.bindings {
                let is_aligned = binding.offset.is_multiple_of(Gpu::slice_alignment());
                ensure(
                    is_aligned && inside(binding.buffer, binding.offset, binding.bytes),
                    "a dispatch binds what is no part of a buffer",
                )?;
            }
        }
        for run in &self.runs {
            ensure(run.program < self.programs.len(), "a run has no program")?;
            let lengths = run.expected.iter().map(|words| 4 * words.len() as u64);
            let fits = run.expected.is_empty() || lengths.eq(self.watched.iter().map(|watched| watched.bytes));
            ensure(fits, "a run has other numbers than are watched")?;
            for write in &run.writes {
                let bytes = write.contents.bytes as u64;
                ensure(inside(write.buffer, write.offset, bytes), "the host writes to what is no part of a buffer")?;
            }
        }
        for watched in &self.watched {
            ensure(inside(watched.buffer, watched.offset, watched.bytes), "what is watched is no part of a buffer")?;
        }
        Ok(())
    }
}
