//! Readers that refuse to return more than they should: decompressed data may be a thousand times as large as its file.

use std::io::{self, Read};

/// Enough for a CSV file of the most images allowed (at most 3.2 GB); Fashion-MNIST itself has 155 MB.
const MOST_BYTES: u64 = 4 << 30;

/// Returns at most [`MOST_BYTES`], then an error rather than an end, so that a decompression bomb is not taken for a short
/// file.
#[derive(Debug)]
pub(super) struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Limited<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, left: MOST_BYTES }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(n as u64)
            .ok_or_else(|| invalid(format!("it has more than {MOST_BYTES} bytes, the most that is read of one file; keep the images as pictures in folders, or as .npz")))?;
        Ok(n)
    }
}

/// Refuses lines longer than `longest` bytes, give or take one read.
#[derive(Debug)]
pub(super) struct ShortLines<R> {
    inner: R,
    longest: usize,
    /// Bytes since the last line end.
    line: usize,
}

impl<R: Read> ShortLines<R> {
    pub fn new(inner: R, longest: usize) -> Self {
        Self { inner, longest, line: 0 }
    }
}

impl<R: Read> Read for ShortLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let end = buffer[..n].iter().rposition(|b| *b == b'\n');
        self.line = end.map_or(self.line + n, |end| n - 1 - end);
        if self.line > self.longest {
            return Err(invalid(format!(
                "the line has more than {} bytes, absurdly many for an image; is this a CSV file? Large images are better kept as pictures",
                self.longest
            )));
        }
        Ok(n)
    }
}

fn invalid(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlong_stream_is_an_error_and_not_a_short_file() {
        let mut stream = Limited { inner: io::repeat(0).take(5000), left: 1000 };
        let mut read = Vec::new();
        let error = stream.read_to_end(&mut read).unwrap_err();
        assert!(error.to_string().contains("the most that is read"), "{error}");
        assert!(read.len() <= 1000);

        let mut exact = Limited { inner: io::repeat(0).take(1000), left: 1000 };
        assert_eq!(io::copy(&mut exact, &mut io::sink()).unwrap(), 1000);
    }
}
