//! The file of a tape: a description as JSON, and behind it the bytes that it speaks of.
//!
//! ```text
//! gzip of   "selvtape"   8 bytes
//!           length       of the description in bytes, 8 bytes, the least first
//!           description  JSON: the fields of Tape but its data
//!           data
//! ```

use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize;

use super::{ENTRIES, Piece, Tape, TapeError};
use crate::files::{self, shown, write_atomically};
use crate::gpu::Gpu;

const MAGIC: &[u8; 8] = b"selvtape";
/// The most bytes of a description, and of the data behind it: more is not written, and not read.
const MOST_DESCRIPTION: u64 = 64 << 20;
const MOST_DATA: u64 = 1 << 30;

impl Tape {
    /// Its file's bytes.
    ///
    /// # Errors
    /// [`TapeError::Recording`] when it is longer than can be read again.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TapeError> {
        let failed = |e: &dyn std::fmt::Display| TapeError::Recording(format!("cannot be packed: {e}"));
        let description = serde_json::to_vec(self).map_err(|e| failed(&e))?;
        if description.len() as u64 > MOST_DESCRIPTION || self.data.len() as u64 > MOST_DATA {
            return Err(TapeError::Recording("is too long for a tape; take fewer steps, or fewer images".to_owned()));
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let length = (description.len() as u64).to_le_bytes();
        for part in [MAGIC.as_slice(), &length, &description, &self.data] {
            packed.write_all(part).map_err(|e| failed(&e))?;
        }
        packed.finish().map_err(|e| failed(&e))
    }

    /// Writes its file.
    ///
    /// # Errors
    /// [`TapeError::File`].
    pub fn save(&self, path: &Path) -> Result<(), TapeError> {
        let bytes = self.to_bytes()?;
        Ok(write_atomically(path, |file| file.write_all(&bytes))?)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`TapeError::File`]; [`TapeError::Format`] when it is no tape, cut off, or its numbers do not fit together.
    pub fn load(path: &Path) -> Result<Self, TapeError> {
        let wrong = |problem: String| TapeError::Format { path: shown(path).to_string(), problem };
        let packed = files::read(path, MOST_DESCRIPTION + MOST_DATA)?;
        let mut unpacked = GzDecoder::new(packed.as_slice());
        // No more is unpacked than is allowed: a small file may unpack to anything.
        let mut next = |most: u64| -> Result<Vec<u8>, TapeError> {
            let mut bytes = Vec::new();
            let read = unpacked.by_ref().take(most).read_to_end(&mut bytes);
            read.map_err(|e| wrong(format!("it cannot be unpacked ({e})")))?;
            Ok(bytes)
        };
        let start = next(16)?;
        let length = start.strip_prefix(MAGIC).ok_or_else(|| wrong("it does not begin as one".to_owned()))?;
        let length = length.try_into().map(u64::from_le_bytes).map_err(|_| wrong("it is cut off".to_owned()))?;
        if length > MOST_DESCRIPTION {
            return Err(wrong(format!("its description has more than {MOST_DESCRIPTION} bytes")));
        }
        let description = next(length)?;
        /// What every version has.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_slice(&description).map_err(|e| wrong(e.to_string()))?;
        if version != Self::VERSION {
            return Err(wrong(format!("it has version {version}, and this program reads version {}", Self::VERSION)));
        }
        let mut tape: Self = serde_json::from_slice(&description).map_err(|e| wrong(e.to_string()))?;
        tape.data = next(MOST_DATA + 1)?;
        if tape.data.len() as u64 > MOST_DATA {
            return Err(wrong(format!("its data has more than {MOST_DATA} bytes")));
        }
        tape.check().map_err(|e| wrong(e.to_string()))?;
        Ok(tape)
    }

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
