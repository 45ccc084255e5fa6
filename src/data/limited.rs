//! A reader that refuses to give more than it should: decompressed data may be a thousand times its file.

use std::io::{self, Read};

/// Gives at most `left` bytes, then an error rather than an end, so that a bomb is not taken for a short file. Given a
/// longest line it also refuses lines beyond that, give or take one read.
#[derive(Debug)]
pub(super) struct Limited<R> {
    inner: R,
    left: u64,
    longest_line: Option<usize>,
    /// Bytes since the last line end.
    line: usize,
}

impl<R: Read> Limited<R> {
    pub fn new(inner: R, most: u64) -> Self {
        Self {
            inner,
            left: most,
            longest_line: None,
            line: 0,
        }
    }

    pub fn longest_line(mut self, bytes: usize) -> Self {
        self.longest_line = Some(bytes);
        self
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(n as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is absurdly large when decompressed"))?;
        if let Some(longest) = self.longest_line {
            let end = buffer[..n].iter().rposition(|b| *b == b'\n');
            self.line = end.map_or(self.line + n, |end| n - 1 - end);
            if self.line > longest {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "it has an absurdly long line",
                ));
            }
        }
        Ok(n)
    }
}
