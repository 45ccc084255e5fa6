//! A reader that refuses to give more than it should: decompressed data may be a thousand times its file.

use std::io::{self, Read};

/// Gives at most `left` bytes, then an error rather than an end, so that a bomb is not taken for a short file.
#[derive(Debug)]
pub(super) struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Limited<R> {
    pub fn new(inner: R, most: u64) -> Self {
        Self { inner, left: most }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "it is absurdly large when decompressed")
        })?;
        Ok(n)
    }
}
