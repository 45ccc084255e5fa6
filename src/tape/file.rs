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

use super::{Tape, TapeError};
use crate::files::{self, shown, write_atomically};

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
}
