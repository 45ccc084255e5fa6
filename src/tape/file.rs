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

use super::{Piece, Tape, TapeError};
use crate::files::{self, shown, write_atomically};
use crate::gpu::Gpu;

const MAGIC: &[u8; 8] = b"selvtape";
/// No tape comes near this size, unpacked or not.
const MOST_BYTES: u64 = 2 << 30;

impl Tape {
    /// Its file's bytes.
    ///
    /// # Errors
    /// [`TapeError::Damaged`] when they cannot be packed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TapeError> {
        let damaged = |e: &dyn std::fmt::Display| TapeError::Damaged(e.to_string());
        let description = serde_json::to_vec(self).map_err(|e| damaged(&e))?;
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        let length = (description.len() as u64).to_le_bytes();
        for part in [MAGIC.as_slice(), &length, &description, &self.data] {
            packed.write_all(part).map_err(|e| damaged(&e))?;
        }
        packed.finish().map_err(|e| damaged(&e))
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
        let packed = files::read(path, MOST_BYTES)?;
        let mut bytes = Vec::new();
        // A small file may unpack to anything.
        let read = GzDecoder::new(packed.as_slice()).take(MOST_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|e| wrong(format!("it cannot be unpacked ({e})")))?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(wrong(format!("unpacked it has more than {MOST_BYTES} bytes")));
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| wrong("it does not begin as one".to_owned()))?;
        let cut_off = || wrong("it is cut off".to_owned());
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(cut_off)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| cut_off())?;
        let (description, data) = rest.split_at_checked(length).ok_or_else(cut_off)?;
        let mut tape: Self = serde_json::from_slice(description).map_err(|e| wrong(e.to_string()))?;
        tape.data = data.to_vec();
        tape.check()?;
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
